"""A schema without keywords that are to mean nothing: a ``format`` that only describes, a vocabulary left out."""

from collections.abc import Container

from casava_contract.schema.graph import Graph
from casava_contract.source import pointers
from casava_contract.source.jsontext import JsonValue


def silenced(value: JsonValue, graph: Graph, words: Container[str], *, pointer: str = "") -> JsonValue:
    """The value without ``words`` wherever ``graph`` knows a subschema; a member that is only named so stays."""
    if isinstance(value, dict):
        schema = pointer in graph.nodes
        return {
            name: silenced(member, graph, words, pointer=pointers.join(pointer, name))
            for name, member in value.items()
            if not (schema and name in words)
        }
    if isinstance(value, list):
        return [silenced(e, graph, words, pointer=pointers.join(pointer, i)) for i, e in enumerate(value)]
    return value
