"""What is wrong with a model as a whole, beside its single pods: an ordered chain like that of the pods."""

from collections.abc import Callable

from casava_operator.judge.reasons import Reason
from casava_operator.judge.types import Finding
from casava_operator.observe.facts import Observation
from casava_operator.observe.text import head
from casava_operator.place import Placement

Check = Callable[[Placement, Observation], Finding | None]

_SAID = 300


def pods_are_refused(_placement: Placement, seen: Observation) -> Finding | None:
    found = seen.deployment
    if found is None or not found.replica_failure:
        return None
    action = "Raise the namespace's quota, or change the policy that refuses the pod."
    return Finding(Reason.PODS_REFUSED, f"Pods cannot be created: {found.replica_failure}", action)


def progress_has_stopped(_placement: Placement, seen: Observation) -> Finding | None:
    found = seen.deployment
    if found is None or not found.deadline_exceeded or seen.rolled_out:
        return None
    evidence = f"The rollout has made no progress for {found.progress_deadline} s."
    example = next((pod.name for pod in seen.live if not pod.ready), "")
    action = f"See kubectl describe pod {example}." if example else "See kubectl describe deployment."
    return Finding(Reason.PROGRESS_DEADLINE_EXCEEDED, evidence, action, example, final=True)


def contracts_are_refused(_placement: Placement, seen: Observation) -> Finding | None:
    for pod in seen.live:
        if pod.status is not None and pod.status.contracts_error:
            said = head(pod.status.contracts_error, _SAID)
            evidence = f"Pod {pod.name} cannot use the newest contracts and serves the former ones: {said}."
            return Finding(Reason.CONTRACTS_REFUSED, evidence, "Correct spec.contracts.", pod.name, blocks=False)
    return None


def gpu_is_not_used(placement: Placement, seen: Observation) -> Finding | None:
    if not placement.count:
        return None
    for pod in seen.live:
        info = pod.status.model_info if pod.status else None
        if info is not None and not info.uses_gpu:
            evidence = f"Each replica holds {placement.count} GPU(s) that its engine, {info.engine}, does not use."
            action = (
                "Remove spec.placement to run on CPUs, or set spec.engine.image to an image whose engine uses GPUs."
            )
            return Finding(Reason.GPU_NOT_USED, evidence, action, blocks=False)
    return None


def no_node_has_the_gpu(placement: Placement, seen: Observation) -> Finding | None:
    """Told while pods wait for one: the scheduler's own sentence does not know what a GPU's name means."""
    if placement.status == "True" or not any(pod.unschedulable for pod in seen.live):
        return None
    action = "Add such a node (a node autoscaler does so by itself), or name other GPUs in spec.placement."
    return Finding(Reason.WAITING_FOR_NODE, placement.message, action, failing=False)


CHAIN: tuple[Check, ...] = (
    pods_are_refused,
    no_node_has_the_gpu,
    contracts_are_refused,
    gpu_is_not_used,
    progress_has_stopped,
)
