"""What Casava knows of an engine: how a contract is said to it, and how much of it the engine then holds."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from casava_contract.coverage import guarantee
from casava_contract.grammars.syntax import Node
from casava_contract.report import CoverageEntry, Enforcer, Guarantee, Lowering
from casava_contract.schema.graph import Graph


class Engine(Protocol):
    """Each method gives the guide and the coverage. What is left to the sidecar is said to be ``sidecar-final`` here;
    when it is found is the contract's to say (casava_contract.coverage.settled). ``lark`` is the grammar that the
    contract's own validator gives to llguidance.
    """

    def schema(self, graph: Graph) -> Lowering:
        """A JSON Schema."""

    def regex(self, tree: Node, lark: str) -> Lowering:
        """A regular expression for the whole answer."""

    def choice(self, values: Sequence[str], lark: str) -> Lowering:
        """One of some texts."""

    def grammar(self, kind: str, lark: str, rules: Mapping[str, Node] | None = None) -> Lowering:
        """A grammar. ``rules``: those of one whose characters are its lexemes, the first of them called "root"."""


def free(coverage: Sequence[CoverageEntry]) -> Lowering:
    """The engine runs unconstrained."""
    return Lowering("", "", tuple(coverage), Guarantee.NONE)


def guided(guide_type: str, guide: str, coverage: Sequence[CoverageEntry]) -> Lowering:
    return Lowering(guide_type, guide, tuple(coverage), guarantee(coverage))


def whole(kind: str, reason: str = "") -> tuple[CoverageEntry, ...]:
    """The coverage of a text kind: one entry. Without a reason it is the engine's."""
    return (CoverageEntry("", kind, Enforcer.SIDECAR_FINAL if reason else Enforcer.ENGINE, reason),)
