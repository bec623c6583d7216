"""The status of an OutputContract, from what it is worth. Pure; the same input gives the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from casava_contract import Enforcer
from casava_operator.contracts.accept import not_strict_anywhere
from casava_operator.contracts.bounds import MAX_POINTER, MAX_TEXT, MAX_USERS, MAX_WORD
from casava_operator.contracts.examine import Compared, Coverage, Examined, Problem
from casava_operator.judge.reasons import Reason
from casava_operator.judge.transitions import conditions, events
from casava_operator.judge.types import Judgement, Verdict
from casava_operator.keys import Key, Manifest
from casava_operator.observe.text import head
from casava_operator.spec import OutputContract
from casava_wire.reasons import Condition

_NEXT: Final = "Nothing of a version can be changed: mend it in the next one."


@dataclass(frozen=True)
class Former:
    """The version before, and how this one stands to it."""

    reference: str
    compared: Compared


def describe(
    contract: OutputContract,
    found: Examined,
    *,
    former: Former | None,
    users: Sequence[Key],
    previous: Mapping[str, Any],
    now: datetime,
) -> Judgement:
    """The status, and the Events of what changed.

    What is measured (the time that compiling took) is kept from ``previous`` while the contract is the same, and so is
    the comparison with a former version that is gone.
    """
    problem = found.problem or not_strict_anywhere(contract.spec, found)
    listed = conditions(_verdicts(contract, found, problem), generation=contract.generation, previous=previous, now=now)
    members: Manifest = {
        "observedGeneration": contract.generation,
        "conditions": listed,
        "reference": contract.spec.reference,
        **(_worth(found, previous) if found.problem is None else {}),
        "compatibility": None if problem else _compatibility(former, previous),
        "problem": _problem(problem) if problem else None,
        "usedByCount": len(users),
        "usedBy": [each.name for each in users[:MAX_USERS]],
    }
    status = {name: value for name, value in members.items() if value not in (None, [], "")}
    return Judgement(status, events(listed, previous, None))


def unreadable(generation: int, path: str, message: str, previous: Mapping[str, Any], now: datetime) -> Judgement:
    """The status of an object that this version of the operator cannot read."""
    said = Verdict("False", Reason.INVALID_SPEC, f"{path}: {message}")
    listed = conditions(
        {Condition.ACCEPTED: said, Condition.READY: said}, generation=generation, previous=previous, now=now
    )
    return Judgement({"observedGeneration": generation, "conditions": listed}, events(listed, previous, None))


def _verdicts(contract: OutputContract, found: Examined, problem: Problem | None) -> dict[Condition, Verdict]:
    if problem is not None:
        said = Verdict("False", Reason.CONTRACT_REFUSED, f"spec.schema {problem}. {_NEXT}")
        return {Condition.ACCEPTED: said, Condition.READY: said}
    engines = ", ".join(f"{each.engine} {each.guarantee}" for each in found.engines)
    message = f"Models can refer to {contract.spec.reference}. Guaranteed by the engines alone: {engines}."
    return {
        Condition.ACCEPTED: Verdict("True", Reason.ACCEPTED, "The contract can be enforced."),
        Condition.READY: Verdict("True", Reason.COMPILED, message),
    }


def _worth(found: Examined, previous: Mapping[str, Any]) -> Manifest:
    before = previous.get("compileMilliseconds") if previous.get("digest") == found.digest else None
    return {
        "digest": found.digest,
        "semanticDigest": found.semantic_digest,
        "satisfiable": found.satisfiable,
        "compileMilliseconds": found.milliseconds if before is None else before,
        "worstCaseBytes": found.worst_case_bytes,
        "engines": [_engine(each) for each in found.engines],
    }


def _engine(coverage: Coverage) -> Manifest:
    counts = coverage.counts
    entry: Manifest = {
        "engine": coverage.engine,
        "guarantee": coverage.guarantee,
        "byEngine": counts[Enforcer.ENGINE],
        "sidecarEarly": counts[Enforcer.SIDECAR_EARLY],
        "sidecarFinal": counts[Enforcer.SIDECAR_FINAL],
        "annotations": counts[Enforcer.ANNOTATION],
        "refused": counts[Enforcer.REFUSED],
    }
    keywords = [
        {
            "pointer": head(each.pointer, MAX_POINTER),
            "keyword": head(each.keyword, MAX_WORD),
            "enforcedBy": str(each.enforced_by),
            **({"reason": head(each.reason, MAX_TEXT)} if each.reason else {}),
        }
        for each in coverage.others
    ]
    return entry | ({"keywords": keywords} if keywords else {})


def _compatibility(former: Former | None, previous: Mapping[str, Any]) -> Manifest | None:
    if former is None:
        before: Manifest | None = previous.get("compatibility")
        return before
    compared = former.compared
    reason = {"reason": head(compared.reason, MAX_TEXT)} if compared.reason else {}
    return {"former": former.reference, "accepts": compared.accepts, "readable": compared.readable, **reason}


def _problem(problem: Problem) -> Manifest:
    members = {
        "code": problem.code,
        "pointer": head(problem.pointer, MAX_POINTER),
        "line": problem.line,
        "column": problem.column,
        "message": head(problem.message, MAX_TEXT),
    }
    return {name: value for name, value in members.items() if value not in (None, "")}
