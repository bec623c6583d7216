"""One generation on its way: held against the contract, and released as far as that is allowed."""

from collections import deque
from collections.abc import Callable
from typing import Final

from casava_contract import Completed, Diagnostic, State, Validator
from casava_sidecar.enforce.policy import Enforcement, mendable
from casava_sidecar.enforce.refusal import Undecided
from casava_sidecar.enforce.release import Complete, Eager, Gate, gate
from casava_wire.config import Step

_USELESS: Final = frozenset({"abort", "retry"})  # steps before which the rest of the answer is not needed

Decide = Callable[["Attempt", bool], Step]


class Attempt:
    """Feed it each piece of text; it gives what may be released. After ``cancel`` the generation is of no use.

    ``released``: bytes given so far. ``tokens``: generated so far. ``violation``: why no ending can be valid, once that
    is known, and ``step`` what follows it.
    """

    def __init__(
        self, validator: Validator, plan: Enforcement, decide: Decide, *, mendable_tokens: int | None, most_bytes: int
    ) -> None:
        """``decide``: what follows the violation of an attempt, and whether a repair is thinkable.

        The answer goes on for a repair up to ``mendable_tokens`` and ``most_bytes``. ``validator`` lists subtrees
        where ``plan`` needs them.
        """
        self._validator = validator
        self._plan = plan
        self._decide = decide
        self._mendable_tokens = mendable_tokens
        self._most_bytes = most_bytes
        self._gate: Gate = Undecided(gate(plan.release)) if plan.refusable else gate(plan.release)
        self._plain = plan.release == "eager" and not plan.refusable and not plan.events
        # As bytes: a list of pieces takes fifteen times as much, and answers that are held back are many at once.
        self._text = bytearray()
        self._ended: deque[tuple[int, str]] = deque()  # where subtrees end, and their pointers, until they are told
        self.told = 0  # subtrees that were given out
        self.released = 0
        self.tokens = 0
        self.cancel = False
        self.violation: tuple[Diagnostic, ...] = ()
        self.step: Step | None = None

    @property
    def text(self) -> bytes:
        """All that has come."""
        return bytes(self._text)

    @property
    def size(self) -> int:
        """Bytes that have come."""
        return len(self._text)

    def held(self) -> str:
        """What has come and was not released."""
        return self._text[self.released :].decode()

    def feed(self, text: str, tokens: int) -> str:
        """The text that is released by this piece. ``tokens``: generated so far in this attempt."""
        data = text.encode()
        self.tokens = tokens
        self._text += data
        if self.step is not None:
            return self._go_on()
        judgement = self._validator.feed(data)
        if judgement.state is State.DEAD:
            return self._die(judgement.errors)
        if self._plain:
            self.released += len(data)
            return text
        if self._plan.events:
            self._ended += [(one.stop, one.pointer) for one in judgement.completed]
        return self._release(judgement.completed)

    def finish(self) -> bool:
        """Whether the answer, which came to an end of its own and was viable so far, is valid. It may take long."""
        judgement = self._validator.finish()
        if self._plan.events:
            self._ended += [(one.stop, one.pointer) for one in judgement.completed]
        if judgement.state is not State.VALID:
            self.violation = judgement.errors
            self.step = self._decide(self, mendable(judgement.errors[0].code))
        return judgement.state is State.VALID

    def beyond_repair(self) -> None:
        """There will be no repair: what else follows?"""
        self.step = self._decide(self, False)
        self.cancel = self.step in _USELESS

    def pointers(self, *, rest: bool = False) -> tuple[str, ...]:
        """The subtrees that were released since the last call; with ``rest`` all that were not given out."""
        pointers: list[str] = []
        while self._ended and (rest or self._ended[0][0] <= self.released):
            pointers.append(self._ended.popleft()[1])
        self.told += len(pointers)
        return tuple(pointers)

    def _release(self, completed: tuple[Completed, ...] = ()) -> str:
        end = self._gate.upto(self._text, completed)
        if end <= self.released:
            return ""
        shown = self._text[self.released : end].decode()
        self.released = end
        return shown

    def _die(self, errors: tuple[Diagnostic, ...]) -> str:
        self.violation = errors
        self.step = self._decide(self, mendable(errors[0].code))
        self.cancel = self.step in _USELESS
        if self.cancel:
            return ""
        # Delivered as it is, at once or with the verdict; before a repair nothing more is shown.
        self._gate = Eager() if self.step == "pass" and self._plan.release == "eager" else Complete()
        return self._go_on()

    def _go_on(self) -> str:
        """Behind the violation."""
        if self.step == "repair" and (
            self.size > self._most_bytes or (self._mendable_tokens is not None and self.tokens >= self._mendable_tokens)
        ):
            self.beyond_repair()
        return self._release()
