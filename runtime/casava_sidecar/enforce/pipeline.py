"""One request under a contract, over all its attempts: what is asked next, and how it ends."""

from collections.abc import Callable
from typing import Final

from casava_contract import Contract
from casava_contract.repair import Edit, Repaired
from casava_sidecar.api.requests import Sampling
from casava_sidecar.contracts.bound import Bound
from casava_sidecar.enforce.attempt import Attempt
from casava_sidecar.enforce.feedback import feedback
from casava_sidecar.enforce.outcome import Outcome, Verdict, truncated, violation
from casava_sidecar.enforce.policy import Situation, enforcement, following
from casava_sidecar.enforce.refusal import refusal
from casava_sidecar.enforce.retries import sampling_of
from casava_wire.config import RepairPolicy, Step

CUT: Final = "length"
_LONG: Final = 16 * 1024  # bytes: a look at the whole of them takes a millisecond

Mend = Callable[[Contract, bytes, RepairPolicy], Repaired | None]


class Pipeline:
    """Call ``begin``, feed the attempt, then ``settle``; again while that gives nothing.

    ``sampling`` and ``feedback`` are what the attempt that was begun is generated with.
    """

    def __init__(self, bound: Bound, asked: Sampling, request_id: str, mend: Mend, *, stream: bool) -> None:
        self.bound = bound
        self.plan = enforcement(bound, stream=stream)
        self._asked = asked
        self._request_id = request_id
        self._mend = mend
        self._subtrees = self.plan.events or self.plan.release == "element"
        self._former: Outcome | None = None  # of the attempt before this one: its text is of no use any more
        self.number = 0  # of the attempt, from 1
        self._spent = 0  # tokens of the attempts before this one
        self.attempt: Attempt | None = None
        self.sampling = asked
        self.feedback = ""

    def begin(self) -> Attempt:
        """The next attempt."""
        self.number += 1
        self.sampling = sampling_of(self._asked, self.plan, self._request_id, self.number, self._spent)
        budget = self.plan.token_budget
        contract = self.bound.contract
        self.attempt = Attempt(
            contract.validator(subtrees=self._subtrees),
            self.plan,
            self._decide,
            mendable_tokens=None if budget is None else budget - self._spent,
            most_bytes=contract.limits.output_bytes,
        )
        return self.attempt

    def takes_long(self, attempt: Attempt) -> bool:
        """Whether settling may take more than a millisecond, which the streams beside this one would feel.

        Rules and repairs count their steps; how many a small answer takes depends on more than its size.
        """
        return attempt.size > _LONG or bool(self.bound.contract.rules) or "repair" in self.plan.steps

    def settle(self, finish_reason: str) -> Outcome | None:
        """How the request ends now that the attempt has; None where another one follows. See ``takes_long``.

        ``finish_reason`` is the engine's, "" where the generation was cancelled.
        """
        attempt = self.attempt
        if attempt is None:
            raise RuntimeError("nothing was begun")
        cut = finish_reason == CUT
        if attempt.step is None:
            if cut:
                return self._incomplete(attempt)
            if attempt.finish():
                return self._valid(attempt)
        if attempt.step == "repair":
            # What a cut answer lacks is not known, and nothing is invented.
            outcome = None if cut else self._repaired(attempt)
            if outcome is not None:
                return outcome
            attempt.beyond_repair()
        if attempt.step == "retry":
            self.feedback = feedback(attempt.violation)
            self._former = self._outcome(attempt, Verdict.INVALID)
            self._spent += attempt.tokens
            return None
        return self._invalid(attempt)

    def without_retry(self) -> Outcome:
        """How the request ends where the attempt that was begun cannot be generated."""
        if self._former is None:
            raise RuntimeError("no attempt came before this one")
        return self._former.failed(violation(self.bound, self._former))

    def _decide(self, attempt: Attempt, mendable: bool) -> Step:
        situation = Situation(self.number, attempt.released, self._spent + attempt.tokens, mendable)
        return following(self.plan, situation)

    def _valid(self, attempt: Attempt) -> Outcome:
        reason = refusal(attempt.text.decode()) if self.plan.refusable and not attempt.released else None
        if reason is not None:
            return self._outcome(attempt, Verdict.REFUSED, refusal=reason)
        return self._outcome(attempt, Verdict.VALID, text=attempt.held(), pointers=attempt.pointers(rest=True))

    def _incomplete(self, attempt: Attempt) -> Outcome:
        outcome = self._outcome(attempt, Verdict.INCOMPLETE, text=attempt.held())
        if self.plan.mode != "strict":
            return outcome
        return outcome.failed(truncated(self.bound, outcome))

    def _invalid(self, attempt: Attempt) -> Outcome:
        if attempt.step == "pass":
            return self._outcome(attempt, Verdict.INVALID, text=attempt.held())
        outcome = self._outcome(attempt, Verdict.INVALID)
        return outcome.failed(violation(self.bound, outcome))

    def _repaired(self, attempt: Attempt) -> Outcome | None:
        """None where there is no repair, or none that leaves as it is what the client has."""
        before = attempt.text
        repaired = self._mend(self.bound.contract, before, self.plan.repair)
        shown = before[: attempt.released]
        if repaired is None or not repaired.text.startswith(shown):
            return None
        pointers: tuple[str, ...] = ()
        if self.plan.events:
            ended = self.bound.contract.validator(subtrees=True).feed(repaired.text).completed
            pointers = tuple(one.pointer for one in ended[attempt.told :])
        rest = repaired.text[len(shown) :].decode()
        return self._outcome(attempt, Verdict.REPAIRED, text=rest, edits=repaired.edits, pointers=pointers)

    def _outcome(
        self,
        attempt: Attempt,
        verdict: Verdict,
        *,
        text: str = "",
        edits: tuple[Edit, ...] = (),
        refusal: str | None = None,
        pointers: tuple[str, ...] = (),
    ) -> Outcome:
        return Outcome(
            verdict=verdict,
            text=text,
            released=attempt.released,
            attempts=self.number,
            tokens=self._spent + attempt.tokens,
            seed=self.sampling.seed,
            temperature=self.sampling.temperature,
            edits=edits,
            diagnostics=attempt.violation,
            refusal=refusal,
            pointers=pointers,
        )
