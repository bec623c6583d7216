"""What every plan for one kind of value has in common."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from casava_contract.schema.graph import Subschema

if TYPE_CHECKING:
    from casava_contract.validator.choices import Branching


class KindPlan:
    """What a conjunction of subschemas asks of a value of one kind.

    ``groups``: the choices that are still open. ``hard``: pointers of subschemas that the oracle decides when the
    value has ended. ``trivial``: every value of the kind satisfies it, which is certain. ``options``: of strings, the
    only ones that there may be; None where that is not known.
    """

    __slots__ = ("groups", "hard", "kind", "nodes", "options", "trivial")

    def __init__(
        self,
        kind: int,
        nodes: Sequence[Subschema],
        groups: "tuple[Branching, ...]",
        hard: tuple[str, ...],
        *,
        trivial: bool,
    ) -> None:
        self.kind = kind
        self.nodes = nodes
        self.groups = groups
        self.hard = hard
        self.trivial = trivial
        self.options: frozenset[str] | None = None
