"""The normal form of a schema, where jsonschema-rs finds one: whether anything satisfies it, and what it is equal to.

``canonicalize`` is experimental, is used through here alone, and can take minutes (measured: 16 conjoined ``oneOf`` of
two patterns, over 240 s; ``dependentRequired`` of 8 names 0.8 s and of 20 names 13 s; ``anyOf`` of 24 open objects
1.4 s). So it is asked only where the choices of the schema multiply out to little: over one value, where 5 conjoined
choices or 10 open objects take 10 ms, and over all of its parts together.
"""

from typing import Final

import jsonschema_rs

from casava_contract.report import Satisfiable
from casava_contract.schema import oracle
from casava_contract.schema.components import Components
from casava_contract.schema.dialect import Applies
from casava_contract.schema.graph import Edge, Graph, Subschema
from casava_contract.schema.work import applied
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue

_UNEVALUATED: Final = ("unevaluatedItems", "unevaluatedProperties")
_NODES: Final = 2_000
_CHOICES: Final = 256  # of all parts together
_CHOICES_OF_ONE: Final = 32  # conjunctions that the choices over one value multiply out to
_OPEN_OBJECT: Final = 3  # what an alternative counts that is met with every other one


def canonical(graph: Graph) -> jsonschema_rs.CanonicalSchema | None:
    """Of a schema that the oracle has accepted; None where it is not found in bounded work."""
    counted = _Choices(graph)
    dear = counted.of_one > _CHOICES_OF_ONE or counted.of_all > _CHOICES
    if len(graph.nodes) > _NODES or dear or _endless(graph):
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
    """Conjunctions that the choices over one value multiply out to at most, recursion being followed once."""
    return _Choices(graph).of_one


class _Choices:
    """``of_one``: the most that the choices over one value multiply out to; ``of_all`` adds up those of its parts."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._here: dict[str, int] = {}
        self._all: dict[str, int] = {}
        for component in Components(graph, applied):
            for pointer in component:
                node = graph.nodes[pointer]
                self._here[pointer] = min(self._product(node, self._here), _CHOICES + 1)
                parts = sum(self._all.get(e.target, 1) - 1 for e in node.edges if e.applies is Applies.PART)
                self._all[pointer] = min(self._product(node, self._all) + parts, _CHOICES + 1)
        self.of_one = max(self._here.values())
        self.of_all = self._all[""]

    def _product(self, node: Subschema, counts: dict[str, int]) -> int:
        product = 1 << min(_names(node), _CHOICES.bit_length())
        alternatives: dict[str, int] = {}
        for edge in node.edges:
            below = counts.get(edge.target, 1)
            if edge.keyword in {"anyOf", "oneOf"}:
                count = self._alternative(edge) * below
                alternatives[edge.keyword] = alternatives.get(edge.keyword, 0) + count
            elif edge.applies is Applies.SAME:
                product *= below * (2 if edge.keyword in _TWO else 1)
            product = min(product, _CHOICES + 1)
        for count in alternatives.values():
            product *= count
        return product

    def _alternative(self, edge: Edge) -> int:
        if edge.keyword == "oneOf":
            return 2  # it also negates every other branch
        words = self._graph.nodes[edge.target].keywords
        return _OPEN_OBJECT if "properties" in words and words.get("additionalProperties") is not False else 1


_TWO: Final = frozenset({"if", "not", "dependentSchemas", "dependencies"})


def _names(node: Subschema) -> int:
    """The members that ask for others: each is there or not."""
    asked = (node.keywords.get(word) for word in ("dependentRequired", "dependencies"))
    return sum(isinstance(needed, list) for one in asked if isinstance(one, dict) for needed in one.values())
