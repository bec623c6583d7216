"""A push parser for JSON over the whole answer so far, with one expression that runs through the inside of a string.

What it reads it tells to a Machine, which knows the schema. Nothing is read twice but the beginning of an open number.
"""

import math
from collections.abc import Callable
from typing import Any, Final

from casava_contract.limits import Limits
from casava_contract.schema.kinds import BY_BYTE, NUMBER, OBJECT, STRING
from casava_contract.source import pointers
from casava_contract.source.jsontext import JsonError, JsonValue, number
from casava_contract.validator import lexemes
from casava_contract.validator.machine import Machine
from casava_contract.verdict import Completed, Dead, Reason

# What the next byte is part of.
VALUE: Final = 0
FIRST_ELEMENT: Final = 1
FIRST_KEY: Final = 2
KEY: Final = 3
COLON: Final = 4
AFTER: Final = 5
END: Final = 6
TEXT: Final = 7
NAME: Final = 8
NUMBER_TEXT: Final = 9
LITERAL: Final = 10

_QUOTE: Final = 0x22
_COMMA: Final = 0x2C
_COLON_BYTE: Final = 0x3A
_SPACE: Final = 0x20
_SPACES: Final = frozenset(b" \t\r\n")
_DIGITS: Final = frozenset("0123456789")
_CLOSING_BRACE: Final = 0x7D
_CLOSING_BRACKET: Final = 0x5D
_NO_END: Final = 1 << 62
_FEW: Final = 4  # blanks that are not worth an expression
_SHORT: Final = 15  # digits that an int of Python holds without a second look

BODY: Final = lexemes.BODY.match
_PREFIX: Final = lexemes.NUMBER.match
_BLANK: Final = lexemes.SPACE.match

FINAL: Final = "schema.invalid"  # the whole answer was judged: what it breaks is looked up

_WANTED: Final = {
    VALUE: ("a value",),
    FIRST_ELEMENT: ("a value", "]"),
    FIRST_KEY: ('"', "}"),
    KEY: ('"',),
    COLON: (":",),
    END: ("nothing",),
}

_BETWEEN: Final = frozenset({FIRST_KEY, KEY, NAME, AFTER, COLON, FIRST_ELEMENT})


class Parser:
    """Raises Dead."""

    def __init__(
        self, machine: Machine, limits: Limits, valid: Callable[[JsonValue], bool], completed: list[Completed] | None
    ) -> None:
        """``valid`` judges a whole value; what has ended is added to ``completed``."""
        self._limits = limits
        self._valid = valid
        self._few = min(_FEW, limits.whitespace_run)
        self._short = min(_SHORT, limits.number_length)
        self._word = b""
        self._told = 0  # of an open string, how far the machine knows it
        self._gap = 0  # where the last token ended
        self._watch = False  # something can be said of the open scalar before it ends
        self.machine = machine
        self.buffer = bytearray()
        self.at = 0  # read up to here
        self.mode = VALUE
        self.start = 0  # of the token that is open
        self.stop = 0  # where the whole answer's value ended
        self.free = _NO_END  # up to here nothing can be said of the open string
        self.completed = completed

    @property
    def pointer(self) -> str:
        """To what is being read."""
        frames = self.machine.frames
        keys = [frame.key for frame in frames]
        if frames and self.mode in _BETWEEN:
            keys.pop()
        elif frames and self.mode == VALUE and not frames[-1].is_object:
            keys[-1] = len(frames[-1].value)
        return pointers.of(keys)

    def ends_well(self) -> bool:
        """Of an open number that is the whole answer: whether it may end here."""
        literal = self.buffer[self.start :].decode("ascii")
        try:
            return literal[-1:] in _DIGITS and self._valid(number(literal, self._limits.number_length))
        except JsonError:
            return False

    def end(self) -> None:
        """No more bytes will come."""
        if self.mode == NUMBER_TEXT and not self.machine.frames:
            self._end_number(self.at, short=False)
        if self.mode != END:
            raise self._too_soon()

    def _too_soon(self) -> Dead:
        return Dead(Reason("", "", "it ends before it is whole", code="stream.truncated"), len(self.buffer))

    def run(self) -> None:  # noqa: C901, PLR0912, PLR0915 - one loop: here a call costs more than the work
        """Read what has come."""
        buffer = self.buffer
        end = len(buffer)
        at = self.at
        while at < end:
            mode = self.mode
            if mode == TEXT or mode == NAME:  # noqa: PLR1714, SIM109 - a set costs more
                stop = BODY(buffer, at).end()  # type: ignore[union-attr]  # it matches nothing at least
                if stop == end or buffer[stop] != _QUOTE:
                    self._part(stop, end)
                    at = stop
                    break
                at = stop + 1
                if mode == TEXT:
                    self._end_text(stop)
                else:
                    self.machine.key(buffer, self.start, self._told, stop)
                    if at < end and buffer[at] == _COLON_BYTE:  # nearly always
                        self.mode = VALUE
                        at += 1
                    else:
                        self.mode = COLON
                self._gap = at
                continue
            byte = buffer[at]
            if mode == NUMBER_TEXT:
                at = self._number(end)
            elif mode == LITERAL:
                at = self._literal(at, end)
            elif byte <= _SPACE and byte in _SPACES:
                if byte == _SPACE and at - self._gap < self._few:
                    at += 1
                else:
                    at = self._blank(at)
            elif mode == COLON and byte == _COLON_BYTE:
                self.mode = VALUE
                at = self._gap = at + 1
            elif mode == AFTER:
                self._after(byte, at)
                at = self._gap = at + 1
            elif byte == _QUOTE and (mode == KEY or mode == FIRST_KEY):  # noqa: PLR1714, SIM109
                if mode == FIRST_KEY:
                    self.machine.may_add(at)
                self.mode = NAME
                at = self.start = self._told = at + 1
            elif mode <= FIRST_ELEMENT:
                at = self._begin(byte, at)
            elif mode == FIRST_KEY and byte == _CLOSING_BRACE:
                self._close(at)
                at = self._gap = at + 1
            else:
                raise self._unexpected(at, _WANTED[mode])
        self.at = at

    def _blank(self, at: int) -> int:
        """Over white space."""
        after = _BLANK(self.buffer, at).end()  # type: ignore[union-attr]  # it matches nothing at least
        if after - self._gap > self._limits.whitespace_run:
            message = f"more than {self._limits.whitespace_run} bytes of white space in a row"
            why = Reason("", "", message, code="stream.runaway_whitespace")
            raise Dead(why, self._gap + self._limits.whitespace_run)
        return after

    def _unexpected(self, at: int, wanted: tuple[str, ...]) -> Dead:
        got = self.buffer[at : at + 1].decode(errors="replace")
        return Dead(Reason("", "", "not JSON", wanted, got, code="syntax.json"), at)

    def _begin(self, byte: int, at: int) -> int:
        """The first byte of a value, or the end of an empty array."""
        first = self.mode == FIRST_ELEMENT
        kind = BY_BYTE.get(byte)
        if kind is None:
            if first and byte == _CLOSING_BRACKET:
                self._close(at)
                self._gap = at + 1
                return at + 1
            raise self._unexpected(at, _WANTED[self.mode])
        machine = self.machine
        if first:
            machine.may_add(at)
            self.mode = VALUE
        if kind == STRING:
            free = machine.scalar(kind, at)
            self.mode = TEXT
            at = self.start = self._told = at + 1
            self._watch = free is not None
            self.free = _NO_END if free is None else at + free
            return at
        if kind == NUMBER:
            self._watch = machine.scalar(kind, at) is not None
            self.mode = NUMBER_TEXT
            self.start = at
            return self._number(len(self.buffer))
        if kind > NUMBER:
            self._word, value = lexemes.LITERALS[byte]
            machine.scalar(kind, at)
            machine.end_scalar(value, at, at)
            self.start = at
            self.mode = LITERAL
            return at
        if len(machine.frames) >= self._limits.output_depth:
            message = f"objects and arrays nest deeper than {self._limits.output_depth}"
            raise Dead(Reason("", "", message, code="limit.output_depth"), at)
        machine.open(kind, at)
        self.mode = FIRST_KEY if kind == OBJECT else FIRST_ELEMENT
        self._gap = at + 1
        return at + 1

    def _after(self, byte: int, at: int) -> None:
        frame = self.machine.frames[-1]
        if byte == _COMMA:
            if len(frame.value) >= frame.room:
                self.machine.may_add(at)
            self.mode = KEY if frame.is_object else VALUE
        elif byte == (_CLOSING_BRACE if frame.is_object else _CLOSING_BRACKET):
            self._close(at)
        else:
            raise self._unexpected(at, (",", "}" if frame.is_object else "]"))

    def _close(self, at: int) -> None:
        self.mode = AFTER
        self._ended(self.machine.close(at), at, at + 1)

    def _ended(self, value: JsonValue, at: int, stop: int) -> None:
        """A value has ended and was not found to break anything."""
        if not self.machine.frames:
            self.mode = END
            self.stop = stop
            if not self._valid(value):
                raise Dead(Reason("", "", "does not match the schema", code=FINAL, earliest=False), at)
        else:
            self.mode = AFTER
        if self.completed is not None:
            self.completed.append(Completed(pointers.of(frame.key for frame in self.machine.frames), value, stop))

    # ---- tokens

    def _part(self, stop: int, end: int) -> None:
        """The inside of a string has come up to ``stop``, in whole characters, and its end has not."""
        buffer = self.buffer
        if self.mode == NAME:
            frame = self.machine.frames[-1]
            if frame.spelt and stop > self._told:
                self.machine.key_so_far(buffer, self.start, self._told, stop)
                self._told = stop
            if frame.spelt and stop < end:
                self.machine.name_character(buffer, self.start, stop)
        elif self._watch and (stop > self.free or stop < end):
            if stop > self._told:
                self.machine.text_so_far(buffer, self.start, self._told, stop)
                self._told = stop
            if stop < end and self._watch:
                self.machine.character(stop)
        if stop < end:
            broken = lexemes.broken_at(buffer[stop : stop + 12])
            if broken is not None:
                raise self._not_text(stop + broken)

    def _not_text(self, at: int) -> Dead:
        byte = self.buffer[at]
        wide = byte >= 0x80 or (at > 0 and self.buffer[at - 1] >= 0x80)  # noqa: PLR2004
        message = "not UTF-8" if wide else "a control character must be escaped" if byte < _SPACE else "no such escape"
        code = "syntax.encoding" if wide else "syntax.json"
        return Dead(Reason("", "", message, (), f"byte 0x{byte:02x}", code=code), at)

    def _end_text(self, stop: int) -> None:
        raw = self.buffer[self.start : stop]
        text = lexemes.decode(raw)
        machine = self.machine
        if self._watch and self._told < stop and machine.refuses(text):
            machine.text_so_far(self.buffer, self.start, self._told, stop)
        machine.end_scalar(text, self.start - 1, stop)
        self._ended(text, stop, stop + 1)

    def _number(self, end: int) -> int:
        """A number, as far as it has come."""
        start = self.start
        match = _PREFIX(self.buffer, start)
        stop = match.end()  # type: ignore[union-attr]  # it matches nothing at least
        short = stop - start <= self._short and not match.lastindex  # type: ignore[union-attr]
        if stop < end:
            self._end_number(stop, short=short)
            self._gap = stop
        elif self._watch or not short:
            literal = self.buffer[start:stop].decode("ascii")
            self._bound_number(literal)
            self._tell(literal)
        return stop

    def _tell(self, literal: str) -> None:
        """What the schema says of a number that begins so: it is asked before anything later is found wrong."""
        if self._watch:
            self.machine.number_so_far(literal, self.start)

    def _bound_number(self, literal: str) -> None:
        """What no reader can hold ends here, as soon as that is certain."""
        most = self._limits.number_length
        if len(literal) > most:
            self._tell(literal[:most])
            message = f"a number of more than {most} characters"
            raise Dead(Reason("", "", message, code="limit.number"), self.start + most)
        mantissa, mark, exponent = literal.replace("E", "e").partition("e")
        if mark and exponent.lstrip("+-") and not _holds(mantissa, exponent):
            place = next(i for i in range(1, len(exponent) + 1) if not _holds(mantissa, exponent[:i])) - 1
            place += len(mantissa) + 1
            self._tell(literal[:place])
            message = "a number beyond the range of a 64-bit float"
            raise Dead(Reason("", "", message, code="limit.number"), self.start + place)

    def _end_number(self, stop: int, *, short: bool) -> None:
        """A number ends before the byte at ``stop``. ``short``: few characters and no exponent."""
        machine = self.machine
        literal = self.buffer[self.start : stop].decode("ascii")
        if not short:
            self._bound_number(literal)
        if literal[-1] not in _DIGITS:
            self._tell(literal)
            raise self._too_soon() if stop == len(self.buffer) else self._unexpected(stop, ("a digit",))
        value = self._value_of(literal, stop, short=short)
        if self._watch and machine.refuses(value):
            self._tell(literal)
        machine.end_scalar(value, self.start, stop)
        self._ended(value, stop, stop)

    def _value_of(self, literal: str, stop: int, *, short: bool) -> int | float | Any:
        if short:  # an int or a double is exact
            return float(literal) if "." in literal else int(literal)
        try:
            return number(literal, self._limits.number_length)
        except JsonError as error:
            self._tell(literal)
            raise Dead(Reason("", "", error.message, (), "", code="limit.number"), stop) from None

    def _literal(self, at: int, end: int) -> int:
        """true, false or null, whose value was known at the first byte."""
        word, start = self._word, self.start
        while at < end and at - start < len(word):
            if self.buffer[at] != word[at - start]:
                raise self._unexpected(at, (chr(word[at - start]),))
            at += 1
        if at - start == len(word):
            self._gap = at
            self._ended(lexemes.LITERALS[word[0]][1], at - 1, at)
        return at


def _holds(mantissa: str, exponent: str) -> bool:
    """Whether a number whose exponent begins so can be within a double's range: digits that follow only lead away."""
    if not exponent.lstrip("+-"):
        return True
    value = float(f"{mantissa}e{exponent}")
    if exponent.startswith("-"):
        return value != 0 or not mantissa.strip("-0.")
    return not math.isinf(value)
