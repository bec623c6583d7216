"""All findings of a model, the gravest first, and how they are shown in ``status.diagnosis``."""

from collections.abc import Iterable, Mapping
from typing import Any

from casava_operator.judge import pods, whole
from casava_operator.judge.reasons import Reason
from casava_operator.judge.types import Finding
from casava_operator.keys import Manifest
from casava_operator.observe_facts import Observation, PodPhase
from casava_operator.observe_text import head
from casava_operator.place import Placement

MAX_DIAGNOSES = 8
MAX_TEXT = 512


def findings(placement: Placement, seen: Observation) -> tuple[Finding, ...]:
    """What breaks the model before what it merely waits for; of its kind, what concerns the whole model first.

    A pod that has failed for good stays in the API for a while: it counts only until others have taken its place.
    """
    counted = (pod for pod in seen.pods if not (pod.phase is PodPhase.FINISHED and seen.rolled_out))
    single = (pods.examine(pod) for pod in counted)
    found = [each for each in (*(check(placement, seen) for check in whole.CHAIN), *single) if each is not None]
    return tuple(sorted(found, key=_gravity))


def _gravity(finding: Finding) -> tuple[bool, bool, bool, bool]:
    """That a rollout has stopped comes last: the others say why."""
    late = finding.cause == Reason.PROGRESS_DEADLINE_EXCEEDED
    return late, not finding.failing, not finding.blocks, not finding.final


def diagnosis(found: Iterable[Finding], previous: Mapping[str, Any]) -> list[Manifest]:
    """``status.diagnosis``: one entry per cause, with one pod as the example and the number of pods it befell."""
    before = {str(each.get("cause")): each for each in previous.get("diagnosis") or ()}
    groups: dict[str, list[Finding]] = {}
    for finding in found:
        groups.setdefault(finding.cause, []).append(finding)
    return [_entry(group, before.get(cause, {})) for cause, group in list(groups.items())[:MAX_DIAGNOSES]]


def _entry(group: list[Finding], before: Mapping[str, Any]) -> Manifest:
    example = next((each for each in group if not each.vague), group[0])
    entry: Manifest = {
        "cause": str(example.cause),
        "evidence": head(example.evidence, MAX_TEXT),
        "nextAction": head(example.action, MAX_TEXT),
    }
    if example.pod:
        entry |= {"pod": example.pod, "pods": len(group)}
    if example.vague and before.get("pod") == example.pod and before.get("evidence"):
        entry |= {"evidence": before["evidence"], "nextAction": before.get("nextAction", entry["nextAction"])}
    return entry
