"""What an incremental validator says after each piece of an answer."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from casava_contract.errors import shorten
from casava_contract.source.jsontext import JsonValue

MOST_EXPECTED: Final = 10


class State(StrEnum):
    OPEN = "open"  # viable as far as is known, and not a whole answer yet
    COMPLETE = "complete"  # valid if it ends here
    DEAD = "dead"  # nothing that could follow makes it valid; further bytes are ignored
    VALID = "valid"  # said by finish() alone
    INVALID = "invalid"  # said by finish() alone


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Why an answer is dead or invalid.

    ``code`` is as in Violation, and also ``stream.*``. ``offset`` counts bytes from 0 and names the byte that decided
    it; where the answer ended too soon it is the answer's length. ``line`` and ``column`` count from 1, columns in
    characters. ``pointer`` leads into the answer, ``schema_pointer`` into the schema. ``expected`` lists at most 10 of
    what could have stood there and ``got`` what did, both shortened. ``earliest``: by this keyword alone, no byte
    before could have decided it. ``message`` is for who wrote the schema, ``hint`` for the model that tries again.
    """

    code: str
    message: str
    hint: str
    offset: int
    line: int
    column: int
    pointer: str = ""
    schema_pointer: str = ""
    keyword: str = ""
    expected: tuple[str, ...] = ()
    got: str = ""
    earliest: bool = True

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Completed:
    """A subtree that has ended and was not found to break the contract. ``value`` is the validator's own: read only.

    ``stop`` is the offset, in bytes of the answer, at which its last byte is behind.
    """

    pointer: str
    value: JsonValue
    stop: int


@dataclass(frozen=True, slots=True)
class Partial:
    """What is known of an answer so far.

    ``value`` holds every finished scalar and every object and array that has begun; it is the validator's own and
    grows: read only. None before the first. A number, a literal or a string that has not ended is never in it;
    of a string, ``text`` is what has come and ``pointer`` where it will stand. ``text`` is None outside of strings.
    """

    value: JsonValue
    pointer: str = ""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    state: State
    errors: tuple[Diagnostic, ...] = ()
    completed: tuple[Completed, ...] = ()


class Reason(NamedTuple):
    """Why one reading of the schema died, before the place in the answer is worked out."""

    keyword: str
    schema_pointer: str  # of the keyword
    message: str
    expected: tuple[str, ...] = ()
    got: str = ""
    earliest: bool = True
    code: str = ""  # "" is schema.<keyword>


class Dead(Exception):  # noqa: N818 - a state, not a mistake
    """No completion is valid. ``offset`` is of the byte that decided it."""

    def __init__(self, reason: Reason, offset: int) -> None:
        super().__init__(reason.message)
        self.reason = reason
        self.offset = offset


def listed(values: list[str]) -> tuple[str, ...]:
    """At most 10 values, each shortened."""
    return tuple(shorten(value, 40) for value in values[:MOST_EXPECTED])
