"""judge: what a model's status says now, from facts alone. ``now`` is an argument, so the same input gives the same."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from casava_operator.judge import status as rest
from casava_operator.judge.conditions import verdicts
from casava_operator.judge.findings import diagnosis, findings
from casava_operator.judge.reasons import Reason
from casava_operator.judge.transitions import by_type, conditions, events
from casava_operator.judge.types import Case, Finding, Former, Judgement, Refusal, Verdict
from casava_operator.keys import Manifest
from casava_operator.observe.facts import Observation
from casava_operator.place import Placement
from casava_operator.spec import CasavaModel
from casava_wire.reasons import Condition

FIRST_ANSWER = 5.0  # seconds that a status waits for the first answers of pods; each is asked at once
_MENDED_ELSEWHERE = {  # what no edit of the spec mends
    Reason.FORBIDDEN: "Correct the quota, policy or role that forbids it; it is tried again by itself.",
    Reason.CONFLICT: "It is tried again by itself.",
}
_AFTER_DEADLINE = 1.0  # seconds for the Deployment's controller to say that its deadline has passed


def judge(
    model: CasavaModel,
    placement: Placement,
    observation: Observation,
    previous: Mapping[str, Any] | None,
    now: datetime,
) -> Judgement:
    """The status of a model whose spec is accepted.

    While the Deployment's controller has not seen an edit, the status of a model that was Ready stands, with the
    generation that it is of: otherwise each change of the number of replicas would turn Ready off for a moment.
    While pods have not been asked for the first time (an operator that has just started), an earlier status of the
    same generation stands: otherwise each restart would write what is not known yet, and then what was there before.
    """
    before = previous or {}
    case = _case(model, placement, observation, before)
    if _too_early(model.generation, observation, before):
        return _wait(case, before)
    if _not_taken_up(observation, before):
        return replace(_wait(case, before), requeue_after=None)
    return _render(case, verdicts(case), case.findings, generation=model.generation, before=before, now=now)


def refuse(refusal: Refusal, former: Former | None, previous: Mapping[str, Any] | None, now: datetime) -> Judgement:
    """The status of a model whose newest spec is refused. ``former`` is what serves on; None when nothing ever did."""
    before = previous or {}
    finding = _finding(refusal)
    if former is None:
        return _refuse_first(refusal, finding, before, now)
    case = _case(former.model, former.placement, former.observation, before)
    if _too_early(refusal.generation, former.observation, before):
        return _wait(case, before)
    standing = "The last accepted spec serves on." if case.serves else "The last accepted spec is kept."
    judged = verdicts(case) | _refused(refusal, f"{finding.evidence} {standing}")
    return _render(case, judged, (finding, *case.findings), generation=refusal.generation, before=before, now=now)


def _case(model: CasavaModel, placement: Placement, seen: Observation, before: Mapping[str, Any]) -> Case:
    ready = by_type(before).get(Condition.READY, {})
    kept = ready.get("status") == "True" and ready.get("observedGeneration") == model.generation
    return Case(model, placement, seen, findings(placement, seen, before), kept_ready=kept)


def _wait(case: Case, before: Mapping[str, Any]) -> Judgement:
    """The status as it was, but for what the plan rests on after a restart."""
    status = {**before, **rest.remembered(case)}
    return Judgement(status, events((), before, case.seen.scaling), FIRST_ANSWER)


def _too_early(generation: int, seen: Observation, before: Mapping[str, Any]) -> bool:
    same = before.get("observedGeneration") == generation and Condition.PROGRESSING in by_type(before)
    return same and any(pod.unasked for pod in seen.pods)


def _not_taken_up(seen: Observation, before: Mapping[str, Any]) -> bool:
    found = seen.deployment
    was_ready = by_type(before).get(Condition.READY, {}).get("status") == "True"
    return found is not None and seen.current_spec and not found.current and was_ready


def _render(
    case: Case,
    judged: Mapping[Condition, Verdict],
    found: tuple[Finding, ...],
    *,
    generation: int,
    before: Mapping[str, Any],
    now: datetime,
) -> Judgement:
    listed = conditions(judged, generation=generation, previous=before, now=now)
    status: Manifest = {"observedGeneration": generation, "conditions": listed}
    if told := diagnosis(found):
        status["diagnosis"] = told
    status |= rest.fields(case, before)
    return Judgement(status, events(listed, before, case.seen.scaling), _deadline(case.seen, now))


def _refuse_first(refusal: Refusal, finding: Finding, before: Mapping[str, Any], now: datetime) -> Judgement:
    """Nothing was ever accepted: nothing runs, and nothing else is known."""
    unknown = Verdict("Unknown", Reason.NOT_ACCEPTED, "Not judged: no spec of this model was accepted yet.")
    nothing = Verdict("False", Reason.NOT_ACCEPTED, "No spec of this model was accepted yet: nothing runs.")
    idle = Verdict("False", Reason.AS_EXPECTED, "Nothing is known to be wrong with what runs.")
    still = Verdict("False", Reason.NOT_ACCEPTED, "Nothing is on its way.")
    judged: dict[Condition, Verdict] = {
        Condition.ACCEPTED: unknown,
        Condition.PLACED: unknown,
        Condition.MODEL_CACHED: unknown,
        Condition.CONTRACTS_READY: unknown,
        Condition.SERVING: nothing,
        Condition.READY: nothing,
        Condition.PROGRESSING: still,
        Condition.STALLED: idle,
        Condition.DEGRADED: idle,
    } | _refused(refusal, finding.evidence)
    listed = conditions(judged, generation=refusal.generation, previous=before, now=now)
    status = {
        "observedGeneration": refusal.generation,
        "conditions": listed,
        "diagnosis": diagnosis((finding,)),
    }
    return Judgement(status, events(listed, before, None))


def _refused(refusal: Refusal, message: str) -> dict[Condition, Verdict]:
    said = Verdict("False", refusal.reason, message)
    return {
        Condition.ACCEPTED: said,
        Condition.READY: said,
        Condition.STALLED: replace(said, status="True"),
        refusal.condition: said,
    }


def _finding(refusal: Refusal) -> Finding:
    said = refusal.message if refusal.message.endswith((".", "?", "!")) else f"{refusal.message}."
    where = f"{refusal.path}: " if refusal.path else ""
    action = _MENDED_ELSEWHERE.get(Reason(refusal.reason), f"Edit {refusal.path} and apply the model again.")
    return Finding(refusal.reason, f"{where}{said}", action, final=True)


def _deadline(seen: Observation, now: datetime) -> float | None:
    """Seconds until the rollout counts as stopped, should the word of it get lost."""
    found = seen.deployment
    if found is None or seen.rolled_out or found.deadline_exceeded or not found.progress_since:
        return None
    since = datetime.fromisoformat(found.progress_since)
    left = found.progress_deadline - (now - since).total_seconds()
    return left + _AFTER_DEADLINE if left > 0 else None
