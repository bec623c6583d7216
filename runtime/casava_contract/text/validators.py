"""Plain text held against an expression, a grammar or a list of choices while it comes."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final

from casava_contract.diagnose import from_reason, from_violations
from casava_contract.errors import shorten
from casava_contract.limits import Limits
from casava_contract.report import Violation
from casava_contract.runaway import repeats
from casava_contract.text.matching import Automaton, allowed, described, shown
from casava_contract.verdict import MOST_EXPECTED, Completed, Dead, Diagnostic, Partial, Reason, State, Verdict, listed

_OPEN: Final = Verdict(State.OPEN)
_COMPLETE: Final = Verdict(State.COMPLETE)
_RENEWALS: Final = 3
_HIGHEST: Final = b"\xff"  # in no UTF-8

NAMES: Final = {
    "regex": "the regular expression",
    "choice": "any of the choices",
    "lark": "the grammar",
    "gbnf": "the grammar",
}


class Matcher(ABC):
    """What one answer matches so far."""

    @abstractmethod
    def take(self, answer: bytearray, start: int) -> None:
        """Read what follows ``start``, in the whole of the answer so far. Raises Dead."""

    @abstractmethod
    def complete(self) -> bool:
        """Whether the answer may end here."""

    @abstractmethod
    def allows(self, byte: int) -> bool:
        """Whether this byte may come next."""

    @abstractmethod
    def allowed(self) -> bytes:
        """The bytes that may come next, in order."""

    @abstractmethod
    def expected(self) -> list[str]:
        """What may come next, in words."""


class GrammarMatcher(Matcher):
    def __init__(self, kind: str, automaton: Automaton) -> None:
        self._kind = kind
        self._automaton = automaton
        self._state = automaton.start()
        self._renewals = _RENEWALS

    def take(self, answer: bytearray, start: int) -> None:
        piece = list(answer[start:])
        taken = self._state.try_consume_tokens(piece)
        if self._state.is_error():
            self._renew(answer)
        elif taken < len(piece):
            raise self._dead(answer, start + taken)

    def complete(self) -> bool:
        return bool(self._state.is_accepting())

    def allows(self, byte: int) -> bool:
        return bool(self._state.validate_tokens([byte]))

    def allowed(self) -> bytes:
        return allowed(self._state)

    def expected(self) -> list[str]:
        state = self._state.deep_copy()
        forced = state.compute_ff_bytes().decode(errors="ignore")
        if len(forced) > 1:
            return [shown(shorten(forced, 30))]
        return described(allowed(state)) if not state.is_error() else []

    def _dead(self, answer: bytearray, offset: int) -> Dead:
        message = f"does not match {NAMES[self._kind]}"
        expected = [*self.expected(), *(["the end"] if self.complete() else [])][:MOST_EXPECTED]
        got = character(answer, offset)
        return Dead(Reason(self._kind, "", message, listed(expected), got, code=f"text.{self._kind}"), offset)

    def _renew(self, answer: bytearray) -> None:
        """Read all again by limits of its own: what is out of them then is so for this answer in any pieces."""
        self._renewals -= 1
        self._state = self._automaton.renewed()
        for offset, byte in enumerate(answer):
            if self._state.try_consume_tokens([byte]):
                continue
            if not self._state.is_error():
                raise self._dead(answer, offset)
            raise self._spent(offset)
        if not self._renewals:
            raise self._spent(len(answer) - 1)

    def _spent(self, offset: int) -> Dead:
        message = "the grammar takes more work at this byte than is allowed: make it less ambiguous"
        return Dead(Reason(self._kind, "", message, earliest=False, code="limit.grammar_work"), offset)


class ChoiceMatcher(Matcher):
    """``choices`` in order, in UTF-8: a trie laid flat, of which one range is left at a time."""

    def __init__(self, choices: Sequence[bytes]) -> None:
        self._choices = choices
        self._low = 0
        self._high = len(choices)
        self._length = 0

    def take(self, answer: bytearray, start: int) -> None:
        text = bytes(answer)
        low = bisect_left(self._choices, text, self._low, self._high)
        high = bisect_left(self._choices, text + _HIGHEST, low, self._high)
        if low < high:
            self._low, self._high, self._length = low, high, len(text)
            return
        near = self._choices[max(low - 1, self._low) : min(low + 1, self._high)]
        offset = max(_common(text, choice) for choice in near)
        self.take(answer[:offset], start)  # what was left before the byte that decided it
        message = f"is not {NAMES['choice']}"
        reason = Reason("choice", "", message, listed(self.expected()), character(answer, offset), code="text.choice")
        raise Dead(reason, offset)

    def complete(self) -> bool:
        return len(self._choices[self._low]) == self._length

    def allows(self, byte: int) -> bool:
        return byte in self.allowed()

    def allowed(self) -> bytes:
        left = self._choices[self._low : self._high]
        return bytes(sorted({choice[self._length] for choice in left if len(choice) > self._length}))

    def expected(self) -> list[str]:
        left = self._choices[self._low : min(self._high, self._low + MOST_EXPECTED)]
        return [shown(choice.decode()) for choice in left]


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two texts have in common from their beginning."""
    length = min(len(one), len(other))
    return next((index for index in range(length) if one[index] != other[index]), length)


class TextValidator:
    """Holds one answer against a contract over text while it comes. Not for use by two threads at once."""

    def __init__(
        self,
        kind: str,
        matcher: Matcher,
        limits: Limits,
        rules: Callable[[str], tuple[Violation, ...]],
        *,
        subtrees: bool = False,
        streaming: bool = True,
    ) -> None:
        """``rules`` judges the finished text. ``subtrees``: the verdict on a valid answer has it as completed.

        ``streaming``: endless repetition is an error, as it is not in an answer that has ended.
        """
        self._kind = kind
        self._matcher = matcher
        self._limits = limits
        self._rules = rules
        self._subtrees = subtrees
        self._buffer = bytearray()
        self._pause = min(limits.repeated_bytes, limits.output_bytes) if streaming else limits.output_bytes
        self._last = _OPEN
        self._over = False

    def feed(self, piece: bytes) -> Verdict:
        """The verdict after the next bytes of the answer."""
        if self._over:
            return self._last
        try:
            while piece:
                room = self._pause - len(self._buffer)
                self._take(piece[:room])
                piece = piece[room:]
                if piece or len(self._buffer) == self._pause:
                    self._check(ended=not piece)
        except Dead as dead:
            self._die((from_reason(dead.reason, self._buffer, dead.offset, ""),))
            return self._last
        self._last = _COMPLETE if self._matcher.complete() else _OPEN
        return self._last

    def _take(self, piece: bytes) -> None:
        if piece:
            start = len(self._buffer)
            self._buffer += piece
            self._matcher.take(self._buffer, start)

    def _check(self, *, ended: bool) -> None:
        """At fixed offsets, so that the verdict does not depend on the pieces."""
        limits, length = self._limits, len(self._buffer)
        if length >= limits.output_bytes:
            if ended:
                return
            message = f"more than {limits.output_bytes} bytes"
            raise Dead(Reason("", "", message, code="limit.output_bytes"), length)
        if repeats(self._buffer, limits.repeated_bytes):
            message = f"nothing but repetition for {limits.repeated_bytes} bytes"
            raise Dead(Reason("", "", message, code="stream.runaway_repetition", earliest=False), length - 1)
        self._pause = min(length + max(limits.repeated_bytes // 2, 1), limits.output_bytes)

    def finish(self) -> Verdict:
        """The final verdict; what Contract.validate says of the same bytes, within the limits on whole answers."""
        if not self._over:
            self._end()
            self._over = True
        elif self._last.state is State.DEAD:
            self._last = Verdict(State.INVALID, self._last.errors)
        return self._last

    def _end(self) -> None:
        answer, length = self._buffer, len(self._buffer)
        if not self._matcher.complete():
            expected = listed(self._matcher.expected()[:MOST_EXPECTED])
            reason = Reason(self._kind, "", "ends too soon", expected, code="stream.truncated")
            self._last = Verdict(State.INVALID, (from_reason(reason, answer, length, ""),))
            return
        try:
            text = answer.decode()
        except UnicodeDecodeError as error:
            reason = Reason("", "", "not UTF-8", earliest=False, code="syntax.encoding")
            self._last = Verdict(State.INVALID, (from_reason(reason, answer, error.start, ""),))
            return
        broken = self._rules(text)
        if broken:
            self._last = Verdict(State.INVALID, from_violations(broken, answer, length))
            return
        self._last = Verdict(State.VALID, (), (Completed("", text, length),) if self._subtrees else ())

    def _die(self, errors: tuple[Diagnostic, ...]) -> None:
        self._over = True
        self._last = Verdict(State.DEAD, errors)

    def partial(self) -> Partial:
        """The text so far, without a character that has not ended."""
        return Partial(None, "", self._buffer.decode(errors="ignore"))

    @property
    def offset(self) -> int:
        """Bytes read."""
        return len(self._buffer)


def character(answer: bytearray, offset: int) -> str:
    """The character that ends with a byte; of what follows nothing, for it may not have come."""
    start = offset
    while start > 0 and answer[start] & 0xC0 == 0x80:  # noqa: PLR2004 - a byte that continues a character
        start -= 1
    text = answer[start : offset + 1].decode(errors="ignore")
    return shown(text) if text else f"byte {answer[offset]:02x}"
