"""What a repair may do, what it did, and why there is none."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from casava_contract.repair.rules import CLASSES, LOSSY_RULES, EditClass


class Allowance(Protocol):
    """What a repair may do: a Policy, or anything else that says the same."""

    @property
    def coercing(self) -> bool: ...
    @property
    def lossy(self) -> Iterable[str]: ...
    @property
    def max_edits(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """Lossless edits are always allowed; ``lossy`` names those of LOSSY_RULES that are. ``max_edits`` in one answer.

    Raises ValueError for a rule that is not lossy.
    """

    coercing: bool = False
    lossy: frozenset[str] = frozenset()
    max_edits: int = 64

    def __post_init__(self) -> None:
        if unknown := sorted(frozenset(self.lossy) - LOSSY_RULES):
            raise ValueError(f"lossy: {unknown[0]!r} is no lossy rule: use {', '.join(sorted(LOSSY_RULES))}")


@dataclass(frozen=True, slots=True)
class Edit:
    """The bytes ``before`` at ``offset`` of the original answer became ``after``.

    ``rule`` is one of casava_contract.repair.RULES, ``cls`` its class, ``pointer`` leads to the value concerned.
    """

    cls: EditClass
    rule: str
    pointer: str
    offset: int
    before: bytes
    after: bytes

    def to_dict(self) -> dict[str, Any]:
        return {
            "class": self.cls,
            "rule": self.rule,
            "pointer": self.pointer,
            "offset": self.offset,
            "before": self.before.decode(),
            "after": self.after.decode(),
        }


@dataclass(frozen=True, slots=True)
class Repaired:
    """A valid answer and how it came to be: ``edits`` by offset, none over another; their ``classes``, mildest first.

    An answer that was valid has no edits and is the same bytes.
    """

    text: bytes
    edits: tuple[Edit, ...] = ()

    @property
    def classes(self) -> tuple[EditClass, ...]:
        used = {edit.cls for edit in self.edits}
        return tuple(cls for cls in CLASSES if cls in used)


class Reason(StrEnum):
    """Why an answer is not repaired."""

    SIZE = "size"  # longer than an answer may be
    UNREADABLE = "unreadable"  # not UTF-8, or no document is recognised in it
    TRUNCATED = "truncated"  # something is open at its end, and closing it might falsify it
    AMBIGUOUS = "ambiguous"  # it can be read in several ways that the contract allows
    INVALID = "invalid"  # a document, but no allowed edits make it valid
    EDITS = "edits"  # more of them are needed than allowed
    WORK = "work"  # no end was found in bounded work


@dataclass(frozen=True, slots=True)
class GaveUp:
    reason: Reason


def replay(text: bytes, edits: Iterable[Edit]) -> bytes:
    """The answer after the edits. Raises ValueError where they are not edits of this answer."""
    parts: list[bytes] = []
    position = 0
    for edit in edits:
        end = edit.offset + len(edit.before)
        if edit.offset < position or text[edit.offset : end] != edit.before:
            raise ValueError(f"the edit at byte {edit.offset} does not fit this answer")
        parts += (text[position : edit.offset], edit.after)
        position = end
    return b"".join((*parts, text[position:]))
