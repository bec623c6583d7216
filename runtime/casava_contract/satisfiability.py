"""The normal form of a schema, where jsonschema-rs finds one: whether anything satisfies it, and what it is equal to.

``canonicalize`` is experimental, is used through here alone, and can take minutes (measured: 16
conjoined ``oneOf`` of two patterns, over 240 s). So it is asked only where the choices of the schema multiply out to
little.
"""

from typing import Final

import jsonschema_rs

from casava_contract import jsontext, oracle
from casava_contract.components import Components
from casava_contract.dialect import Applies
from casava_contract.graph import Edge, Graph, Subschema
from casava_contract.jsontext import JsonValue
from casava_contract.report import Satisfiable
from casava_contract.work import applied

_UNEVALUATED: Final = ("unevaluatedItems", "unevaluatedProperties")
_NODES: Final = 2_000
_CHOICES: Final = 256  # conjunctions that the choices over one value multiply out to


def canonical(graph: Graph) -> jsonschema_rs.CanonicalSchema | None:
    """Of a schema that the oracle has accepted; None where it is not found in bounded work."""
    if len(graph.nodes) > _NODES or choices(graph) > _CHOICES or _endless(graph):
        return None
    try:
        return oracle.canonicalize(graph.root.value, graph.draft, graph.resources)
    except Exception:  # noqa: BLE001 - experimental, and no answer is the same as unknown
        return None


def _endless(graph: Graph) -> bool:
    """Whether it would never end: measured, recursion with ``unevaluatedItems`` overflows the stack of the process."""
    if not any(word in node.keywords for node in graph.nodes.values() for word in _UNEVALUATED):
        return False
    return any(len(c) > 1 or c[0] in applied(graph.nodes[c[0]]) for c in Components(graph, applied))


def satisfiable(form: jsonschema_rs.CanonicalSchema | None) -> Satisfiable:
    return Satisfiable.UNKNOWN if form is None else Satisfiable(str(form.satisfiability()))


def normal(form: jsonschema_rs.CanonicalSchema) -> str | None:
    """The normal form as compact JSON with its keys in alphabetical order."""
    try:
        return jsontext.dump(_sorted(form.to_json_schema()))
    except Exception:  # noqa: BLE001 - experimental
        return None


def _sorted(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_sorted(member) for member in value]
    return value


def choices(graph: Graph) -> int:
    """Conjunctions that the schema multiplies out to, recursion being followed once; counted up to a bound."""
    counts: dict[str, int] = {}
    for component in Components(graph, applied):
        for pointer in component:
            counts[pointer] = min(_choices(graph.nodes[pointer], counts), _CHOICES + 1)
    return counts[""]


def _choices(node: Subschema, counts: dict[str, int]) -> int:
    product, parts = 1, 0
    alternatives: dict[str, int] = {}
    for edge in node.edges:
        below = counts.get(edge.target, 1)
        if edge.applies is Applies.PART:
            parts += below - 1
        elif edge.keyword in {"anyOf", "oneOf"}:
            weight = 1 if edge.keyword == "anyOf" else 2  # oneOf also negates every other branch
            alternatives[edge.keyword] = alternatives.get(edge.keyword, 0) + weight * below
        elif edge.applies is Applies.SAME:
            product *= below * _weight(edge)
        product = min(product, _CHOICES + 1)
    for count in alternatives.values():
        product *= count
    return product + parts


def _weight(edge: Edge) -> int:
    return 3 if edge.keyword == "if" else 2 if edge.keyword in {"not", "dependentSchemas", "dependencies"} else 1
