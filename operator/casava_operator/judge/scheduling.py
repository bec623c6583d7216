"""Why no node takes a pod, from the scheduler's sentence."""

import re

from casava_operator.judge.reasons import Reason
from casava_operator.judge.types import Finding
from casava_operator.observe.facts import PodFacts

_INSUFFICIENT = re.compile(r"Insufficient (\S+)")
_TAINT = re.compile(r"untolerated taint(?:\(s\)|s)? ?(\{[^}]*\})?")
_AFFINITY = re.compile(r"node affinity/selector|node selector")
_VOLUME = re.compile(r"volume|persistentvolumeclaim|PersistentVolume", re.IGNORECASE)


def no_node_fits(pod: PodFacts) -> Finding | None:
    """The commonest cause that a person can do something about names the finding, all of them are its evidence."""
    if pod.unschedulable is None:
        return None
    causes = [text for _, text in pod.unschedulable.causes] or [pod.unschedulable.message]
    named = next((found for check in _CHECKS for text in causes if (found := check(text))), None)
    reason, action = named or (Reason.UNSCHEDULABLE, "Make room on a node, or add one that fits.")
    return Finding(reason, _evidence(pod), action, pod=pod.name, failing=False)


def _evidence(pod: PodFacts) -> str:
    """``No node takes pod x: of 3 nodes, 1: Insufficient nvidia.com/gpu; 2: untolerated taint {a: b}.``"""
    found = pod.unschedulable
    if found is None or not found.causes:
        return f"No node takes pod {pod.name}: {found.message if found else 'the scheduler has not said why'}"
    parts = "; ".join(f"{count}: {text}" for count, text in found.causes)
    return f"No node takes pod {pod.name}: of {found.nodes} nodes, {parts}."


def _insufficient(text: str) -> tuple[Reason, str] | None:
    found = _INSUFFICIENT.search(text)
    if not found:
        return None
    what = found[1].rstrip(".,")
    return Reason.INSUFFICIENT_RESOURCES, f"Free {what} on a node that fits, or add a node that has it."


def _untolerated(text: str) -> tuple[Reason, str] | None:
    found = _TAINT.search(text)
    if not found:
        return None
    taint = f" {found[1]}" if found[1] else ""
    return (
        Reason.UNTOLERATED_TAINT,
        f"Tolerate the taint{taint} in spec.template.tolerations, or remove it from the node.",
    )


def _no_match(text: str) -> tuple[Reason, str] | None:
    if not _AFFINITY.search(text):
        return None
    return (
        Reason.NO_MATCHING_NODE,
        "Add a node that spec.placement and spec.template.nodeSelector ask for, or ask for one that is there.",
    )


def _no_volume(text: str) -> tuple[Reason, str] | None:
    if not _VOLUME.search(text):
        return None
    return (
        Reason.VOLUME_NOT_AVAILABLE,
        "Check that the claim of spec.model.source exists, is bound, and can be mounted where the pod may run.",
    )


_CHECKS = (_no_volume, _insufficient, _untolerated, _no_match)
