"""Whether any document satisfies a schema, where jsonschema-rs can say.

Its ``canonicalize`` is experimental, alone here, and can take minutes (measured: 16 conjoined ``oneOf`` of two
patterns, over 240 s). So it is asked only where the choices of the schema multiply out to little.
"""

from typing import Final

from casava_contract import oracle
from casava_contract.components import Components
from casava_contract.dialect import Applies
from casava_contract.graph import Edge, Graph, Subschema
from casava_contract.report import Satisfiable
from casava_contract.work import applied

_NODES: Final = 2_000
_CHOICES: Final = 256  # conjunctions that the choices over one value multiply out to


def satisfiable(graph: Graph) -> Satisfiable:
    """For a schema that the oracle has accepted."""
    if len(graph.nodes) > _NODES or choices(graph) > _CHOICES:
        return Satisfiable.UNKNOWN
    try:
        canonical = oracle.canonicalize(graph.root.value)
    except Exception:  # noqa: BLE001 - experimental, and no answer is the same as unknown
        return Satisfiable.UNKNOWN
    return Satisfiable(str(canonical.satisfiability()))


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
