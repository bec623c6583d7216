"""The incremental validator: bytes in, as they come; a verdict after each piece."""

from collections.abc import Callable
from typing import Final

from casava_contract.diagnose import from_reason, from_violations
from casava_contract.limits import Limits
from casava_contract.report import Violation
from casava_contract.runaway import repeats
from casava_contract.source.jsontext import JsonValue
from casava_contract.validator import lexemes
from casava_contract.validator.machine import Machine
from casava_contract.validator.parser import BODY, END, FINAL, NUMBER_TEXT, TEXT, Parser
from casava_contract.validator.plans import Planner
from casava_contract.verdict import Completed, Dead, Diagnostic, Partial, Reason, State, Verdict

_OPEN: Final = Verdict(State.OPEN)
_COMPLETE: Final = Verdict(State.COMPLETE)


class JsonValidator:
    """Holds one answer against a contract while it comes. Not for use by two threads at once.

    ``subtrees``: each verdict lists what has been completed since the one before.
    """

    def __init__(
        self,
        planner: Planner,
        limits: Limits,
        valid: Callable[[JsonValue], bool],
        final: Callable[[bytes], tuple[Violation, ...]],
        *,
        subtrees: bool = False,
    ) -> None:
        """``valid`` judges a whole value, ``final`` says of a whole answer why it is not valid."""
        self._limits = limits
        self._final = final
        self._completed: list[Completed] = []
        self._parser = Parser(
            Machine(planner, limits.output_alternatives), limits, valid, self._completed if subtrees else None
        )
        self._pause = min(limits.repeated_bytes, limits.output_bytes)
        self._last = _OPEN
        self._over = False

    def feed(self, piece: bytes) -> Verdict:
        """The verdict after the next bytes of the answer."""
        parser = self._parser
        buffer = parser.buffer
        length = len(buffer) + len(piece)
        # Most pieces are of the inside of a string: then one expression reads them, and nothing else is done.
        if (
            parser.mode == TEXT
            and length <= parser.free
            and length <= self._pause
            and parser.at == len(buffer)
            and BODY(piece).end() == len(piece)  # type: ignore[union-attr]  # it matches nothing at least
        ):
            buffer += piece
            parser.at = length
            return _OPEN
        if self._over:
            return self._last
        try:
            if length > self._pause:
                piece = self._to_the_pause(piece)
            buffer += piece
            parser.run()
        except Dead as dead:
            return self._die(dead)
        complete = parser.mode == END or (
            parser.mode == NUMBER_TEXT and not parser.machine.frames and parser.ends_well()
        )
        if self._completed:
            return Verdict(State.COMPLETE if complete else State.OPEN, (), self._drain())
        return _COMPLETE if complete else _OPEN

    def _to_the_pause(self, piece: bytes) -> bytes:
        """What is left of the piece after the last pause in it."""
        buffer = self._parser.buffer
        while len(buffer) + len(piece) > self._pause:
            room = self._pause - len(buffer)
            buffer += piece[:room]
            piece = piece[room:]
            self._parser.run()
            self._check()
        return piece

    def finish(self) -> Verdict:
        """The final verdict; what Contract.validate says of the same bytes, within the limits on whole answers."""
        if not self._over:
            try:
                self._parser.end()
            except Dead as dead:
                self._die(dead)
            else:
                self._over = True
                self._last = Verdict(State.VALID, (), self._drain())
        if self._last.state is State.DEAD:
            self._last = Verdict(State.INVALID, self._last.errors, self._last.completed)
        return self._last

    @property
    def offset(self) -> int:
        """Bytes read."""
        return len(self._parser.buffer)

    def partial(self) -> Partial:
        """What is known so far, without reading anything again."""
        parser = self._parser
        if parser.mode == TEXT and not self._over:
            return Partial(
                parser.machine.value, parser.pointer, lexemes.decode(parser.buffer[parser.start : parser.at])
            )
        return Partial(parser.machine.value)

    def _drain(self) -> tuple[Completed, ...]:
        if not self._completed:
            return ()
        drained = tuple(self._completed)
        self._completed.clear()
        return drained

    def _die(self, dead: Dead) -> Verdict:
        self._over = True
        self._parser.free = -1  # no way past the state
        self._last = Verdict(State.DEAD, self._errors(dead), self._drain())
        return self._last

    def _errors(self, dead: Dead) -> tuple[Diagnostic, ...]:
        parser = self._parser
        if dead.reason.code == FINAL:
            found = from_violations(self._final(bytes(parser.buffer[: parser.stop])), parser.buffer, dead.offset)
            if found:
                return found
        return (from_reason(dead.reason, parser.buffer, dead.offset, parser.pointer),)

    def _check(self) -> None:
        """At fixed offsets, so that the verdict does not depend on the pieces."""
        limits, length = self._limits, len(self._parser.buffer)
        if length >= limits.output_bytes:
            message = f"more than {limits.output_bytes} bytes"
            raise Dead(Reason("", "", message, code="limit.output_bytes"), length)
        if repeats(self._parser.buffer, limits.repeated_bytes):
            message = f"nothing but repetition for {limits.repeated_bytes} bytes"
            raise Dead(Reason("", "", message, code="stream.runaway_repetition", earliest=False), length - 1)
        self._pause = min(length + max(limits.repeated_bytes // 2, 1), limits.output_bytes)
