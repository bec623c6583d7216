"""How a request under a contract ended."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from casava_contract import Diagnostic
from casava_contract.repair import Edit
from casava_sidecar.contracts.bound import Bound
from casava_sidecar.errors import CONTRACT_VIOLATION, ApiError
from casava_wire import http as names

MOST_VIOLATIONS: Final = 10
_EDIT_CHARACTERS: Final = 200
_TOO_LONG: Final = "limit.output_bytes"
_CLASSES: Final = ("lossless", "coercing", "lossy")  # from the mildest to the gravest


class Verdict(StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    INCOMPLETE = "incomplete"  # cut at the token limit: never valid, whatever it happens to parse as
    REPAIRED = "repaired"  # valid after the edits that are listed
    REFUSED = "refused"  # the model refuses, as the request allowed it to


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known when nothing more will come.

    ``text`` is what the client has not got yet, and is to get where ``error`` is None. ``released``: bytes that it got
    before. ``attempts`` and ``tokens`` count all generations of the request; ``seed`` and ``temperature`` are those of
    the last. ``pointers``: the subtrees in ``text``, where a repair wrote it and events were asked for.
    """

    verdict: Verdict
    text: str = ""
    released: int = 0
    attempts: int = 1
    tokens: int = 0
    seed: int | None = None
    temperature: float | None = None
    edits: tuple[Edit, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    refusal: str | None = None
    pointers: tuple[str, ...] = ()
    error: ApiError | None = None

    def failed(self, error: ApiError) -> "Outcome":
        return replace(self, error=error)

    @property
    def edit_class(self) -> str:
        """The gravest class among the edits."""
        return max((str(edit.cls) for edit in self.edits), key=_CLASSES.index, default="")

    def header(self) -> str:
        """The header Casava-Verdict. A repaired answer is valid, and the edits are on the same line."""
        parts = [str(Verdict.VALID if self.verdict is Verdict.REPAIRED else self.verdict)]
        if self.attempts > 1:
            parts.append(f"attempts={self.attempts}")
        if self.edits:
            parts += [f"edits={len(self.edits)}", f"class={self.edit_class}"]
        return "; ".join(parts)

    def member(self, bound: Bound) -> dict[str, Any]:
        """The member ``casava`` of the answer, of its last chunk, or of the error in its place."""
        member: dict[str, Any] = {"verdict": str(self.verdict), "digest": bound.contract.digest}
        if self.attempts > 1:
            member |= {
                "attempts": self.attempts,
                "generated_tokens": self.tokens,
                "seed": self.seed,
                "temperature": self.temperature,
            }
        if self.edits:
            member["edits"] = [_shown(edit) for edit in self.edits]
        if self.diagnostics:
            member["violations"] = [one.to_dict() for one in self.diagnostics[:MOST_VIOLATIONS]]
        return member


def _shown(edit: Edit) -> dict[str, Any]:
    """What an edit took away and put there, up to some length: the answer itself is beside it."""
    told = edit.to_dict()
    for side in ("before", "after"):
        if len(told[side]) > _EDIT_CHARACTERS:
            told[side] = told[side][:_EDIT_CHARACTERS] + "..."
    return told


def violation(bound: Bound, outcome: Outcome) -> ApiError:
    """502: the policy is exhausted and the answer is not valid. 413 where it is longer than an answer may be."""
    first = outcome.diagnostics[0]
    details = {
        "code": first.code,
        "pointer": first.pointer,
        "offset": first.offset,
        "expected": list(first.expected),
    }
    message = f"The answer violates the contract '{bound.name}': {first.message}"
    status = 413 if first.code == _TOO_LONG else 502
    return _error(bound, outcome, message, CONTRACT_VIOLATION, details, status=status)


def truncated(bound: Bound, outcome: Outcome) -> ApiError:
    """502: an answer that was cut, where only a whole one is good enough. What was not released is in the body."""
    message = (
        f"The answer was cut at the token limit, and the contract '{bound.name}' is strict. Allow more tokens, "
        "or use the mode validated, which delivers such an answer as incomplete."
    )
    return _error(bound, outcome, message, "stream.truncated", {"text": outcome.text})


def _error(
    bound: Bound, outcome: Outcome, message: str, code: str, more: Mapping[str, Any], *, status: int = 502
) -> ApiError:
    details = {
        **outcome.member(bound),
        "contract": bound.name,
        "engine": bound.engine,
        **more,
        "released": outcome.released,
    }
    headers = {names.VERDICT: outcome.header()}
    return ApiError(status, message, kind=CONTRACT_VIOLATION, code=code, details=details, headers=headers)
