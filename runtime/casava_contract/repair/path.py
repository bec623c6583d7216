"""One reading of an answer: where it stands, what is open, what was read, and what was changed so far."""

from enum import IntEnum
from typing import Final, NamedTuple, Optional

from casava_contract.repair.rules import RULES
from casava_contract.repair.work import Work

OBJECT: Final = 0x7B  # {
ARRAY: Final = 0x5B  # [
COMMA: Final = 0x2C
COLON: Final = 0x3A
CLOSERS: Final = {0x7D: OBJECT, 0x5D: ARRAY}
CLOSER: Final = {OBJECT: b"}", ARRAY: b"]"}


class State(IntEnum):
    """What is expected."""

    FIRST = 0  # a member or an element, or the end
    NEXT = 1  # after a comma: a member or an element
    VALUE = 2  # after a colon, or at the very beginning
    AFTER = 3  # after a value: a comma or the end
    COLON = 4
    DONE = 5
    DEAD = 6


class Stack(NamedTuple):
    """The objects and arrays that are open. ``kind``: of the innermost; ``start``: where it begins."""

    kind: int
    start: int
    depth: int
    outer: Optional["Stack"]


class Item(NamedTuple):
    """Something read or written, newest first: ``before`` leads to all that came before.

    ``op``: { [ } ] begin and end objects and arrays, k is a key, s n l u x are scalars, a comma parts, e only edits.
    ``after``: what stands in the repaired text instead of the bytes from ``start`` to ``end``; None where they stay.
    A comma and a closing bracket carry what is needed to go on from there in another way.
    """

    before: Optional["Item"]
    op: str
    start: int
    end: int
    after: bytes | None = None
    rule: str = ""
    mark: Optional["Mark"] = None


class Mark(NamedTuple):
    """A reading as it was before a comma or a closing bracket: ``position`` is of that, or where a comma is missing."""

    position: int
    log: Item | None
    stack: Stack
    cost: int
    edits: int
    value_end: int


class Text(NamedTuple):
    """What is read, and its bounds: ``deepest`` levels, ``most`` edits."""

    data: bytes
    finished: bool  # whether it ends where its author ended it
    deepest: int
    most: int
    work: Work


class Path:
    """A reading. Forking one is cheap: what has been read is shared.

    ``start``: of its document, ``position``: of the next byte, ``edits``: how many were made, ``value_end``: where the
    last value ended; ``floor``: before it nothing is changed any more, ``guard``: an error before it ends the reading;
    ``cut``: it ended because the text did.
    """

    __slots__ = ("cost", "cut", "edits", "floor", "guard", "log", "position", "stack", "start", "state", "value_end")

    def __init__(self, position: int) -> None:
        self.start = position
        self.position = position
        self.state = State.VALUE
        self.stack: Stack | None = None
        self.log: Item | None = None
        self.cost = 0
        self.edits = 0
        self.value_end = position
        self.floor = position
        self.guard = 0
        self.cut = False

    def fork(self) -> "Path":
        twin = Path(self.start)
        twin.position = self.position
        twin.state, twin.stack, twin.log, twin.cost = self.state, self.stack, self.log, self.cost
        twin.value_end, twin.floor, twin.guard, twin.edits = self.value_end, self.floor, self.guard, self.edits
        return twin

    def at(self, mark: Mark) -> "Path":
        """This reading as it was, to go on in another way."""
        twin = self.fork()
        twin.state = State.AFTER
        twin.position, twin.log, twin.stack, twin.cost, twin.edits, twin.value_end = mark
        return twin

    # Edits

    def edit(self, rule: str, start: int, end: int, after: bytes = b"") -> None:
        self.log = Item(self.log, "e", start, end, after, rule)
        self.charge(rule)

    def charge(self, rule: str) -> None:
        """For an edit."""
        self.cost += RULES[rule].cost
        self.edits += 1

    def close(self, rule: str, start: int, end: int) -> None:
        """End the innermost object or array with a bracket that is not there, or is not the right one."""
        stack = self.stack
        if stack is None:
            raise ValueError("nothing is open")
        closer = CLOSER[stack.kind]
        self.log = Item(self.log, closer.decode(), start, end, closer, rule)
        self.charge(rule)
        self.closed(stack, max(self.value_end, end))

    def closed(self, stack: Stack, end: int) -> None:
        self.stack = stack.outer
        self.value_end = end
        self.state = State.AFTER if stack.outer else State.DONE

    def die(self, *, cut: bool = False) -> None:
        self.state = State.DEAD
        self.cut = cut
