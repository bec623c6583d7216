"""How a model calls tools in text, read while it comes: every byte is said to be text, a call's arguments or form.

    Let me see.<tool_call>
    {"name": "weather", "arguments": {"city": "Bern"}}
    </tool_call>

It is the form that many open models with tools were trained on. White space may stand between its parts and around
calls, at most 64 bytes in a row; nothing else may follow a call. What is not this form is never taken for it: at the
first byte that leaves it the reading ends, and all that was not said yet is text, as is all that follows.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final, Literal

MARK: Final = b"<tool_call>"
END: Final = b"</tool_call>"
MOST_CALLS: Final = 128
MOST_WHITE: Final = 64  # bytes in a row

_WHITE: Final = b" \t\r\n"
_QUOTE: Final = ord('"')
_OPENING: Final = b"{["
_OUTSIDE: Final = re.compile(rb'["{}\[\]]').search
_INSIDE: Final = re.compile(rb'["\\]').search


@dataclass(frozen=True, slots=True)
class Text:
    content: bytes


@dataclass(frozen=True, slots=True)
class Called:
    """A call has begun; ``name`` is that of a known tool, ``offset`` that of the first byte of its arguments."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Arguments:
    """More of the arguments of the call that has begun, as written: one JSON object, and nothing around it.

    Where its text ends is found by counting brackets; whether it is JSON is for others to say.
    """

    content: bytes


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments have ended."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The call has ended, with the byte before ``offset``."""

    offset: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The form was left at the byte ``offset``. ``expected``: what could have stood there."""

    offset: int
    expected: tuple[str, ...]
    got: str
    white: bool = False  # it is too much white space


# Whether text may stand instead of calls and before the first one, instead of calls alone, or not at all.
Prose = Literal["before", "instead", "none"]

Event = Text | Called | Arguments | Given | Closed | Broken


@dataclass(frozen=True, slots=True)
class Form:
    """What may be called, how often, and whether text may be there too."""

    names: tuple[str, ...]
    text: Prose = "before"
    most_calls: int = MOST_CALLS


class _LeftError(Exception):
    def __init__(self, *expected: str, white: bool = False) -> None:
        self.expected = expected
        self.white = white


class Reader:
    """Reads one answer. All events together do not depend on where its pieces end.

    ``may_end``: it is whole if it ends here. ``calls`` counts those that have ended.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._names = tuple(name.encode() for name in form.names)
        self._held = bytearray()  # what was read and not said yet
        self._at = 0  # how much of it was looked at
        self._before = 0  # bytes of the answer before it
        self._events: list[Event] = []
        self._in_form = form.text == "none"  # what comes is the form of a call, as far as it was read
        self.may_end = form.text != "none"
        self.calls = 0
        # Each step of this generator reads as far as it can: the form stands in it as it stands in an answer.
        self._reading = self._read()
        next(self._reading)

    @property
    def offset(self) -> int:
        """Bytes read."""
        return self._before + len(self._held)

    def feed(self, piece: bytes) -> list[Event]:
        """What is known of the bytes so far and was not said before."""
        self._held += piece
        next(self._reading)
        said, self._events = self._events, []
        return said

    def finish(self, *, cut: bool = False) -> bytes:
        """What was held back and is text. Where the answer was ``cut`` short, a call that had begun is none."""
        if self._in_form and (cut or (self.may_end and not self._held.strip(_WHITE))):
            return b""
        return bytes(self._held)

    def _read(self) -> Iterator[None]:
        try:
            yield from self._answer()
        except _LeftError as left:
            got = self._held[self._at : self._at + 1].decode("ascii", "replace")
            self._events.append(Broken(self._before + self._at, left.expected, got, left.white))
        self._in_form = self.may_end = False
        while True:
            self._say_text(len(self._held))
            yield

    def _answer(self) -> Iterator[None]:
        if self._form.text != "none":
            yield from self._text()
        else:
            yield from self._literals(MARK)
        while True:
            self._in_form, self.may_end = True, False
            yield from self._call()
            self.may_end = True
            self.calls += 1
            yield from self._white()
            if self.calls == self._form.most_calls:
                raise _LeftError("the end of the answer")
            if self._held[self._at] != MARK[0]:
                raise _LeftError(MARK.decode(), "the end of the answer")
            yield from self._literals(MARK)

    def _text(self) -> Iterator[None]:
        """Up to the first mark. White space alone is not text yet: a call may follow it."""
        while True:
            lead = len(self._held) - len(self._held.lstrip(_WHITE))
            rest = self._held[lead : lead + len(MARK)]
            if lead > MOST_WHITE or not MARK.startswith(rest):
                break
            if rest == MARK:
                self._at = lead + len(MARK)
                return
            yield
        while self._form.text == "instead":
            self._say_text(len(self._held))
            yield
        while (mark := self._held.find(MARK)) < 0:
            self._say_text(len(self._held) - _overlap(self._held))
            yield
        self._say_text(mark)
        self._at = len(MARK)

    def _call(self) -> Iterator[None]:
        yield from self._literals(b"{", b'"name"', b":", b'"')
        name = yield from self._name()
        yield from self._literals(b",", b'"arguments"', b":")
        yield from self._white()
        if self._held[self._at] != _OPENING[0]:
            raise _LeftError("{")
        self._drop()
        self._events.append(Called(name, self._before))
        yield from self._arguments()
        self._events.append(Given())
        yield from self._literals(b"}", END)
        self._drop()
        self._events.append(Closed(self._before))

    def _literals(self, *literals: bytes) -> Iterator[None]:
        for literal in literals:
            yield from self._white()
            for byte in literal:
                yield from self._byte()
                if self._held[self._at] != byte:
                    raise _LeftError(literal.decode())
                self._at += 1

    def _name(self) -> Generator[None, None, str]:
        begun = self._at
        while True:
            yield from self._byte()
            read = bytes(self._held[begun : self._at])
            byte = self._held[self._at]
            if byte == _QUOTE and read in self._names:
                self._at += 1
                return read.decode()
            if not any(name.startswith(read + bytes((byte,))) for name in self._names):
                raise _LeftError(*(name.decode() for name in self._names if name.startswith(read)))
            self._at += 1

    def _arguments(self) -> Iterator[None]:
        depth = 0
        while True:
            while (found := _OUTSIDE(self._held, self._at)) is None:
                self._at = len(self._held)
                self._say_arguments()
                yield
            self._at = found.end()
            byte = self._held[found.start()]
            if byte == _QUOTE:
                yield from self._string()
            elif byte in _OPENING:
                depth += 1
            else:
                depth -= 1
                if not depth:
                    self._say_arguments()
                    return

    def _string(self) -> Iterator[None]:
        while True:
            while (found := _INSIDE(self._held, self._at)) is None:
                self._at = len(self._held)
                self._say_arguments()
                yield
            self._at = found.end()
            if self._held[found.start()] == _QUOTE:
                return
            while self._at == len(self._held):
                self._say_arguments()
                yield
            self._at += 1  # what a backslash stands before

    def _white(self) -> Iterator[None]:
        """Skips white space and waits for what follows it."""
        begun = self._at
        while True:
            while self._at < len(self._held):
                if self._held[self._at] not in _WHITE:
                    return
                if self._at - begun == MOST_WHITE:
                    raise _LeftError(white=True)
                self._at += 1
            yield

    def _byte(self) -> Iterator[None]:
        while self._at == len(self._held):
            yield

    def _say_text(self, size: int) -> None:
        if size:
            self._at = size
            self._events.append(Text(self._drop()))

    def _say_arguments(self) -> None:
        if self._at:
            self._events.append(Arguments(self._drop()))

    def _drop(self) -> bytes:
        dropped = bytes(self._held[: self._at])
        del self._held[: self._at]
        self._before += self._at
        self._at = 0
        return dropped


def _overlap(read: bytearray) -> int:
    """The length of the longest end of ``read`` that a mark could begin with."""
    for size in range(min(len(MARK) - 1, len(read)), 0, -1):
        if read.endswith(MARK[:size]):
            return size
    return 0
