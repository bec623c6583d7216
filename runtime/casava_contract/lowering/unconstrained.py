"""An engine that Casava does not know: it runs unconstrained, and the sidecar validates all the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from casava_contract.grammars.syntax import Node
from casava_contract.lowering.engine import free, whole
from casava_contract.report import CoverageEntry, Enforcer, Lowering
from casava_contract.schema.dialect import APPLICATORS, ASSERTIONS, DESCRIPTIONS, FORMATS, REFERENCES, Applies
from casava_contract.schema.graph import Graph, Subschema
from casava_contract.source import pointers

_REASON: Final = "Casava does not know this engine"


def schema(graph: Graph) -> Lowering:
    return free(listed(graph, _REASON))


def regex(_tree: Node, _lark: str) -> Lowering:
    return free(whole("regex", _REASON))


def choice(_values: Sequence[str], _lark: str) -> Lowering:
    return free(whole("choice", _REASON))


def grammar(kind: str, _lark: str, _rules: Mapping[str, Node] | None = None) -> Lowering:
    return free(whole(kind, _REASON))


def listed(graph: Graph, reason: str) -> tuple[CoverageEntry, ...]:
    """Every keyword of a schema, left to the sidecar."""
    return tuple(entry for node in graph.nodes.values() for entry in _entries(graph, node, reason))


def asserts(graph: Graph, keyword: str) -> bool:
    """Whether the keyword can make an answer invalid."""
    applies = APPLICATORS[graph.draft].get(keyword, (Applies.NOTHING, ""))[0] is not Applies.NOTHING
    return keyword in ASSERTIONS[graph.draft] or applies or keyword in REFERENCES


def annotation(graph: Graph, keyword: str, operand: object) -> str:
    """Why a keyword that looks as if it asserted something constrains nothing; "" where it does, or describes."""
    if keyword == "format" and operand not in FORMATS[graph.draft]:
        return f"not a format of draft {graph.draft}"
    return "" if asserts(graph, keyword) or keyword in DESCRIPTIONS else f"not a keyword of draft {graph.draft}"


def _entries(graph: Graph, node: Subschema, reason: str) -> Iterator[CoverageEntry]:
    for keyword, operand in node.keywords.items():
        pointer = pointers.join(node.pointer, keyword)
        if why := annotation(graph, keyword, operand):
            yield CoverageEntry(pointer, keyword, Enforcer.ANNOTATION, why)
        elif asserts(graph, keyword):
            yield CoverageEntry(pointer, keyword, Enforcer.SIDECAR_FINAL, reason)
