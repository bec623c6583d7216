"""The intermediate form: every subschema once, by its pointer, with edges to the subschemas that it applies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from casava_contract.errors import ErrorCode
from casava_contract.limits import Limits
from casava_contract.schema import dialect
from casava_contract.schema.dialect import REFERENCES, Applies, Draft
from casava_contract.schema.references import Resolver
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue
from casava_contract.source.reading import Source


@dataclass(frozen=True, slots=True)
class Edge:
    """``keyword`` applies the subschema at ``target``; ``token`` is its name or index under the keyword, if any."""

    keyword: str
    token: str | int | None
    applies: Applies
    target: str


@dataclass(frozen=True, slots=True)
class Subschema:
    pointer: str
    value: JsonValue  # an object or a boolean once the meta-schema has been checked
    keywords: Mapping[str, JsonValue]  # those that mean something: up to draft 7 a $ref silences its siblings
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    draft: Draft
    nodes: Mapping[str, Subschema]  # by pointer; the root is "", the root of a resource "<uri>#"
    resources: Mapping[str, JsonValue] = field(default_factory=dict)  # by URI: those that a reference leads to

    @property
    def root(self) -> Subschema:
        return self.nodes[""]


def build(source: Source, draft: Draft, limits: Limits) -> Graph:
    """Raises ContractError for a limit and for a reference that cannot be followed."""
    resolver = Resolver(source, draft)
    _count(source, resolver.loaded, limits)
    nodes: dict[str, Subschema] = {}
    pending: list[tuple[str, JsonValue]] = [("", source.value)]
    while pending:
        pointer, value = pending.pop()
        if pointer in nodes:
            continue
        found = tuple(_edges(source, resolver, pointer, value, draft=draft, limits=limits))
        nodes[pointer] = Subschema(pointer, value, _meaningful(draft, value), tuple(edge for edge, _ in found))
        pending.extend((edge.target, target) for edge, target in reversed(found))
    return Graph(draft, nodes, resolver.loaded)


def _meaningful(draft: Draft, value: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        return {}
    return {"$ref": value["$ref"]} if draft.old and "$ref" in value else value


def _count(source: Source, loaded: Mapping[str, JsonValue], limits: Limits) -> None:
    count = jsontext.count(source.value, *loaded.values())
    if count > limits.schema_nodes:
        raise source.error(ErrorCode.LIMIT_NODES, f"{count} values in the schema: at most {limits.schema_nodes}")


def _edges(
    source: Source, resolver: Resolver, pointer: str, value: JsonValue, *, draft: Draft, limits: Limits
) -> Iterator[tuple[Edge, JsonValue]]:
    if not isinstance(value, dict):
        return
    if pointer:
        dialect.check_embedded(source, value, pointer, draft)
    alone = draft.old and "$ref" in value
    for keyword, operand in value.items():
        if keyword in REFERENCES:
            for target in resolver.targets(pointer, keyword, operand):
                yield Edge(keyword, None, Applies.SAME, target), resolver.value_at(target)
            continue
        for applies, token, below in dialect.applied(draft, keyword, operand):
            if alone:
                applies = Applies.NOTHING  # noqa: PLW2901 - a sibling of $ref is only a place to refer to
            target = pointers.join(pointer, keyword, *(() if token is None else (token,)))
            yield Edge(keyword, token, applies, target), below
        if keyword in {"anyOf", "oneOf", "enum"} and isinstance(operand, list):
            _bound_alternatives(source, pointers.join(pointer, keyword), len(operand), limits)


def _bound_alternatives(source: Source, pointer: str, count: int, limits: Limits) -> None:
    if count > limits.schema_alternatives:
        message = f"{count} alternatives: at most {limits.schema_alternatives}"
        raise source.error(ErrorCode.LIMIT_ALTERNATIVES, message, pointer)
