"""anyOf, oneOf, not, if and dependentSchemas for one kind of value: decided by the kind where that is enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from casava_contract.schema.graph import Subschema
from casava_contract.schema.kinds import OBJECT
from casava_contract.source import pointers
from casava_contract.validator.kind_plan import KindPlan

if TYPE_CHECKING:
    from casava_contract.validator.plans import Plan


class Mode(Enum):
    ANY = "anyOf"
    ONE = "oneOf"
    NOT = "not"
    IF = "if"
    WHEN = "dependentSchemas"  # where the member ``key`` is there


@dataclass(frozen=True, slots=True, eq=False)
class Branching:
    """A choice that the kind of the value leaves open. A branch that is None cannot hold."""

    mode: Mode
    node: str  # the subschema that has the keyword
    pointer: str  # of the keyword
    branches: "tuple[KindPlan | None, ...]"
    key: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One such keyword of a subschema."""

    mode: Mode
    node: str
    pointer: str
    branches: "tuple[Plan | None, ...]"  # None: any value, where then or else is missing
    key: str = ""

    def at(self, kind: int) -> "Impossible | Plan | Branching | None":
        """IMPOSSIBLE, a plan that must hold as well, the choice that remains, or None where nothing remains."""
        return _AT[self.mode](self, kind)


class Impossible(Enum):
    IMPOSSIBLE = 0


IMPOSSIBLE: Final = Impossible.IMPOSSIBLE


def choices_of(node: Subschema, plan: "Callable[[str], Plan]") -> list[Choice]:
    found: list[Choice] = []
    for keyword, mode in (("anyOf", Mode.ANY), ("oneOf", Mode.ONE), ("not", Mode.NOT)):
        branches = tuple(plan(edge.target) for edge in node.edges if edge.keyword == keyword)
        if branches and keyword in node.keywords:
            found.append(Choice(mode, node.pointer, pointers.join(node.pointer, keyword), branches))
    conditional = {edge.keyword: plan(edge.target) for edge in node.edges if edge.keyword in {"if", "then", "else"}}
    if "if" in conditional and len(conditional) > 1:
        three = (conditional["if"], conditional.get("then"), conditional.get("else"))
        found.append(Choice(Mode.IF, node.pointer, pointers.join(node.pointer, "if"), three))
    for edge in node.edges:
        if edge.keyword in {"dependentSchemas", "dependencies"}:
            pointer = pointers.join(node.pointer, edge.keyword, str(edge.token))
            found.append(Choice(Mode.WHEN, node.pointer, pointer, (plan(edge.target),), str(edge.token)))
    return found


def mask_of(choice: Choice, mask: int) -> int:
    """The kinds of ``mask`` for which the choice can hold, as far as kinds decide it."""
    if choice.mode in {Mode.ANY, Mode.ONE}:
        together = 0
        for branch in choice.branches:
            together |= branch.mask if branch else mask
        return mask & together
    if choice.mode is Mode.WHEN:
        return mask
    left = mask
    for kind in _bits(mask):
        if choice.at(kind) is IMPOSSIBLE:
            left &= ~kind
    return left


def _bits(mask: int) -> list[int]:
    return [1 << position for position in range(mask.bit_length()) if mask >> position & 1]


def _live(choice: Choice, kind: int) -> "list[tuple[Plan, KindPlan]]":
    found = []
    for branch in choice.branches:
        at = branch.at(kind) if branch else None
        if branch and at:
            found.append((branch, at))
    return found


def _any(choice: Choice, kind: int) -> "Impossible | Plan | Branching | None":
    live = _live(choice, kind)
    if not live:
        return IMPOSSIBLE
    if any(at.trivial for _, at in live):
        return None
    return live[0][0] if len(live) == 1 else _open(choice, [at for _, at in live])


def _one(choice: Choice, kind: int) -> "Impossible | Plan | Branching | None":
    live = _live(choice, kind)
    if not live or sum(at.trivial for _, at in live) > 1:
        return IMPOSSIBLE
    return live[0][0] if len(live) == 1 else _open(choice, [at for _, at in live])


def _not(choice: Choice, kind: int) -> "Impossible | Plan | Branching | None":
    live = _live(choice, kind)
    if not live:
        return None
    return IMPOSSIBLE if live[0][1].trivial else _open(choice, [live[0][1]])


def _if(choice: Choice, kind: int) -> "Impossible | Plan | Branching | None":
    condition, then, otherwise = choice.branches
    at = condition.at(kind) if condition else None
    if at is None or at.trivial:
        forced = otherwise if at is None else then
        return None if forced is None else forced
    first, second = (None if branch is None else branch.at(kind) for branch in (then, otherwise))
    if (then is not None and first is None) and (otherwise is not None and second is None):
        return IMPOSSIBLE
    free = KindPlan(kind, (), (), (), trivial=True)
    return _open(choice, [at, free if then is None else first, free if otherwise is None else second])


def _when(choice: Choice, kind: int) -> "Impossible | Plan | Branching | None":
    if kind != OBJECT or choice.branches[0] is None:
        return None
    at = choice.branches[0].at(kind)
    return None if at and at.trivial else _open(choice, [at])


def _open(choice: Choice, branches: Sequence[KindPlan | None]) -> Branching:
    return Branching(choice.mode, choice.node, choice.pointer, tuple(branches), choice.key)


_AT: Final = {Mode.ANY: _any, Mode.ONE: _one, Mode.NOT: _not, Mode.IF: _if, Mode.WHEN: _when}
