"""What the parts of a schema's coverage mean for each other."""

from collections.abc import Sequence
from typing import Final

from casava_contract.coverage import DUPLICATE_KEYS
from casava_contract.report import CoverageEntry, Enforcer
from casava_contract.schema.graph import Graph
from casava_contract.schema.work import leaks, reach
from casava_contract.source import pointers

_CHOICES: Final = frozenset({"anyOf", "oneOf"})
_UNCERTAIN: Final = _CHOICES | {"not", "if"}  # what is violated inside of them is not said of the answer


def judged(graph: Graph, coverage: Sequence[CoverageEntry]) -> tuple[CoverageEntry, ...]:
    """A choice is the engine's only where all of every alternative is, and a keyword only where every way to it is."""
    leaking = leaks(graph, {entry.pointer.rpartition("/")[0] for entry in coverage if _is_left(entry)})
    untold = reach(graph, _untold(graph, coverage))
    choices = {
        pointers.join(node.pointer, edge.keyword)
        for node in graph.nodes.values()
        for edge in node.edges
        if edge.keyword in _CHOICES and edge.target in leaking
    }
    return tuple(dict.fromkeys(_judge(entry, choices, untold) for entry in coverage))


def left(entry: CoverageEntry, reason: str) -> CoverageEntry:
    """The entry without the engine's part in it."""
    if entry.enforced_by is not Enforcer.ENGINE:
        return entry
    return CoverageEntry(entry.pointer, entry.keyword, Enforcer.SIDECAR_FINAL, reason)


def _judge(entry: CoverageEntry, choices: set[str], untold: set[str]) -> CoverageEntry:
    if entry.pointer in choices:
        return left(entry, "keywords of an alternative are left to the sidecar")
    if entry.pointer.rpartition("/")[0] in untold:
        return left(entry, "it is also referred to from where the engine is not told")
    return entry


def _untold(graph: Graph, coverage: Sequence[CoverageEntry]) -> list[str]:
    """The subschemas under keywords that are left to the sidecar, though they assert."""
    pending = {entry.pointer for entry in coverage if _is_left(entry)}
    return [
        edge.target
        for node in graph.nodes.values()
        for edge in node.edges
        if edge.keyword not in _UNCERTAIN and pointers.join(node.pointer, edge.keyword) in pending
    ]


def _is_left(entry: CoverageEntry) -> bool:
    return entry.enforced_by is Enforcer.SIDECAR_FINAL and entry.keyword != DUPLICATE_KEYS
