"""From verdicts to ``status.conditions`` and to the Events of what changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from casava_operator.judge.reasons import Reason, Transition
from casava_operator.judge.types import Event, Verdict
from casava_operator.keys import Manifest
from casava_operator.observe.facts import Scaling, ScalingMode
from casava_operator.observe.text import head
from casava_wire.reasons import Condition

MAX_REASON = 128
MAX_MESSAGE = 1024  # an Event's message may have as many

_ALARMS: dict[Condition, tuple[str, ...]] = {  # what of a condition is worth an Event when it comes about
    Condition.ACCEPTED: ("False",),
    Condition.PLACED: ("False", "Unknown"),
    Condition.STALLED: ("True",),
    Condition.DEGRADED: ("True",),
}
_WARNED = {Reason.CONTRACT_DELETED, Reason.CONTRACT_REPLACED}  # although the condition is as it should be


def conditions(
    verdicts: Mapping[Condition, Verdict], *, generation: int, previous: Mapping[str, Any], now: datetime
) -> list[Manifest]:
    """``status.conditions``. The time of the last transition is kept while the status of a condition is the same."""
    before = by_type(previous)
    return [
        _condition(kind, verdict, generation=generation, before=before.get(kind, {}), now=now)
        for kind, verdict in verdicts.items()
    ]


def _condition(
    kind: Condition, verdict: Verdict, *, generation: int, before: Mapping[str, Any], now: datetime
) -> Manifest:
    same = before.get("status") == verdict.status and before.get("lastTransitionTime")
    return {
        "type": str(kind),
        "status": verdict.status,
        "reason": str(verdict.reason)[:MAX_REASON],
        "message": head(verdict.message, MAX_MESSAGE),
        "lastTransitionTime": before["lastTransitionTime"] if same else rfc3339(now),
        "observedGeneration": generation,
    }


def by_type(status: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The conditions of a status by their type."""
    return {str(each.get("type")): each for each in status.get("conditions") or ()}


def rfc3339(when: datetime) -> str:
    """As Kubernetes writes times: UTC, whole seconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def events(now: Sequence[Manifest], previous: Mapping[str, Any], scaling: Scaling | None) -> tuple[Event, ...]:
    """One Event for each thing that came about since ``previous``; the same reason is told once."""
    found: dict[str, Event] = {}
    for event in (*_scaled(previous, scaling), *_changed(now, by_type(previous))):
        found.setdefault(event.reason, event)
    return tuple(found.values())


def _changed(now: Sequence[Manifest], before: Mapping[str, Mapping[str, Any]]) -> Iterator[Event]:
    for condition in now:
        kind = Condition(condition["type"])
        old = before.get(kind, {})
        if (old.get("status"), old.get("reason")) == (condition["status"], condition["reason"]):
            continue
        turned = old.get("status") != condition["status"]
        if condition["status"] in _ALARMS.get(kind, ()) or condition["reason"] in _WARNED:
            yield Event("Warning", condition["reason"], condition["message"])
        elif kind is Condition.READY and turned and condition["status"] == "True":
            yield Event("Normal", condition["reason"], condition["message"])
        elif kind is Condition.SERVING and old.get("status") == "True":
            yield Event("Warning", condition["reason"], f"No longer serving: {condition['message']}"[:MAX_MESSAGE])
        elif kind is Condition.ACCEPTED and old.get("status") == "False":
            yield Event("Normal", condition["reason"], condition["message"])
        elif kind is Condition.DEGRADED and old.get("status") == "True":
            yield Event("Normal", Transition.RECOVERED, f"No longer: {old.get('message', '')}"[:MAX_MESSAGE])


def _scaled(previous: Mapping[str, Any], scaling: Scaling | None) -> Iterator[Event]:
    before = (previous.get("scaling") or {}).get("desired")
    if scaling is None or not isinstance(before, int) or before == scaling.desired:
        return
    reason = Transition.SCALED_UP if scaling.desired > before else Transition.SCALED_DOWN
    why = {ScalingMode.OFF: "spec.replicas was set", ScalingMode.FIXED: "spec.scaling was edited"}.get(
        scaling.mode, scaling.why
    )
    yield Event("Normal", reason, f"{before} -> {scaling.desired} replicas{': ' + why if why else ''}.")
