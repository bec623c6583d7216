"""All findings of a model, the gravest first, and how they are shown in ``status.diagnosis``."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from casava_operator.judge import pods, whole
from casava_operator.judge.reasons import Reason
from casava_operator.judge.types import Finding
from casava_operator.keys import Manifest
from casava_operator.observe.facts import Observation, PodPhase
from casava_operator.observe.text import head
from casava_operator.place import Placement

MAX_DIAGNOSES = 8
MAX_TEXT = 512


def findings(placement: Placement, seen: Observation, previous: Mapping[str, Any]) -> tuple[Finding, ...]:
    """One finding per cause: what breaks the model before what it merely waits for.

    A pod that has failed for good stays in the API for a while: it counts only until others have taken its place.
    """
    counted = (pod for pod in seen.pods if not (pod.phase is PodPhase.FINISHED and seen.rolled_out))
    single = (pods.examine(pod) for pod in counted)
    groups: dict[str, list[Finding]] = {}
    for finding in (*(check(placement, seen) for check in whole.CHAIN), *single):
        if finding is not None:
            groups.setdefault(finding.cause, []).append(finding)
    before = {str(each.get("cause")): each for each in previous.get("diagnosis") or ()}
    return tuple(sorted((_one(group, before.get(cause, {})) for cause, group in groups.items()), key=_gravity))


def _one(group: list[Finding], before: Mapping[str, Any]) -> Finding:
    """The example stays the pod that was shown before, and so do its words where the new ones tell no more."""
    known = next((each for each in group if each.pod and each.pod == before.get("pod")), None)
    example = replace(known or group[0], pods=len(group))
    if known is None or not example.vague or not before.get("evidence"):
        return example
    return replace(example, evidence=str(before["evidence"]), action=str(before.get("nextAction", example.action)))


def _gravity(finding: Finding) -> tuple[bool, bool, bool, bool]:
    """That a rollout has stopped comes last: the others say why."""
    late = finding.cause == Reason.PROGRESS_DEADLINE_EXCEEDED
    return late, not finding.failing, not finding.blocks, not finding.final


def diagnosis(found: Iterable[Finding]) -> list[Manifest]:
    """``status.diagnosis``: one entry per cause, with one pod as the example and the number of pods it befell."""
    return [_entry(finding) for finding in list(found)[:MAX_DIAGNOSES]]


def _entry(finding: Finding) -> Manifest:
    entry: Manifest = {
        "cause": str(finding.cause),
        "evidence": head(finding.evidence, MAX_TEXT),
        "nextAction": head(finding.action, MAX_TEXT),
    }
    return entry | ({"pod": finding.pod, "pods": finding.pods} if finding.pod else {})
