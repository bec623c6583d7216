"""A contract bound to one request, and the verdict on its answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from casava_contract import Contract
from casava_sidecar.engine.tensors import Guide
from casava_sidecar.errors import CONTRACT_VIOLATION, ApiError
from casava_wire import http as names

OFF: Final = "engine=none; sidecar=none; mode=off"
INLINE: Final = "inline"  # in metrics, where a name chosen by a client must not become a label

_MAX_VIOLATIONS: Final = 10
_CUT: Final = "length"


class Verdict(StrEnum):
    """What is known of a finished answer."""

    VALID = "valid"
    INVALID = "invalid"
    INCOMPLETE = "incomplete"  # cut at the token limit: never valid, whatever it happens to parse as


@dataclass(frozen=True, slots=True)
class Bound:
    """A contract and what it means on one engine. It keeps this meaning to the end of the request."""

    name: str
    label: str  # in metrics: the name of one of the model's contracts, or INLINE
    contract: Contract
    guide: Guide | None
    engine: str  # full | partial | none: what the engine guarantees by itself

    def headers(self) -> dict[str, str]:
        return {
            names.CONTRACT: f"{self.name}; digest={self.contract.digest}",
            names.GUARANTEE: f"engine={self.engine}; sidecar=full; mode=validated",
        }

    def stream_member(self, verdict: Verdict) -> dict[str, Any]:
        return {"verdict": str(verdict), "digest": self.contract.digest}


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict, and the error to send instead of the answer when it is INVALID."""

    verdict: Verdict
    error: ApiError | None = None


def bind(name: str, label: str, contract: Contract, guides: tuple[str, ...]) -> Bound:
    """``guides``: the kinds of guide that the running engine obeys. One that it does not obey guarantees nothing."""
    lowering = contract.lower()
    if lowering.guide_type and lowering.guide_type in guides:
        guide = Guide(lowering.guide_type, lowering.guide)
        return Bound(name, label, contract, guide, str(lowering.guarantee))
    return Bound(name, label, contract, None, "none")


def judge(bound: Bound, text: str, finish_reason: str) -> Judged:
    """The verdict on a whole answer."""
    if finish_reason == _CUT:
        return Judged(Verdict.INCOMPLETE)
    violations = bound.contract.validate(text)
    if not violations:
        return Judged(Verdict.VALID)
    first = violations[0]
    details: Mapping[str, Any] = {
        **bound.stream_member(Verdict.INVALID),
        "contract": bound.name,
        "engine": bound.engine,
        "violations": [violation.to_dict() for violation in violations[:_MAX_VIOLATIONS]],
    }
    message = f"The answer violates the contract '{bound.name}': {first.message}"
    if first.pointer:
        message += f" (at {first.pointer})"
    return Judged(
        Verdict.INVALID,
        ApiError(502, message, kind=CONTRACT_VIOLATION, code=CONTRACT_VIOLATION, details=details),
    )
