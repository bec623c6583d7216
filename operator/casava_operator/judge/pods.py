"""What is wrong with one pod: an ordered chain of checks, each named after its violation; the first to hold is told."""

import re
from collections.abc import Callable

from casava_operator.judge.reasons import Reason
from casava_operator.judge.scheduling import no_node_fits
from casava_operator.judge.types import Finding
from casava_operator.observe.facts import ContainerFacts, ContainerState, PodFacts, PodPhase
from casava_operator.observe.text import head
from casava_wire.reasons import EngineReason
from casava_wire.state import Stage

Check = Callable[[PodFacts], Finding | None]

_PULL_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "RegistryUnavailable",
        "ImageInspectError",
    }
)
_CREATE_REASONS = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "PreCreateHookError",
        "PreStartHookError",
        "PostStartHookError",
        "ContainerCannotRun",
        "StartError",
    }
)
_LOST_REASONS = frozenset(
    {"NodeLost", "NodeShutdown", "NodeAffinity", "Shutdown", "Terminated", "DeletionByTaintManager"}
)
_LOOPS_FROM = 2  # restarts

_SAID = 300

_PULL_FAILURES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"toomanyrequests|rate limit|\b429\b", re.IGNORECASE),
        "the registry limits the rate of pulls",
        "Pull with a secret (spec.template.imagePullSecrets), or mirror the image.",
    ),
    (
        re.compile(r"unauthorized|authentication required|denied|forbidden|\b401\b|\b403\b", re.IGNORECASE),
        "the registry refuses access",
        "Name a pull secret that may read it in spec.template.imagePullSecrets, or correct the image's name.",
    ),
    (
        re.compile(r"not found|manifest unknown|does not exist|no match for platform|\b404\b", re.IGNORECASE),
        "the registry does not have it",
        "Correct the image's name or tag.",
    ),
    (
        re.compile(r"no such host|timeout|refused|unreachable|x509|TLS|EOF|reset|i/o", re.IGNORECASE),
        "the registry cannot be reached",
        "Check the name of the registry, and the node's DNS, proxy and certificates.",
    ),
    (
        re.compile(r"no space left", re.IGNORECASE),
        "the node's disk is full",
        "Free space on the node, or use nodes with larger disks.",
    ),
)

ENGINE_ACTIONS: dict[str, tuple[str, bool]] = {  # action, and whether nothing but an act helps
    EngineReason.MODEL_NOT_FOUND: ("Put the file where spec.model.source says, or correct spec.model.source.", True),
    EngineReason.MODEL_TRUNCATED: ("Copy the file again: what is there is shorter than it should be.", True),
    EngineReason.MODEL_CORRUPT: ("Check that spec.model.source is a GGUF file, and copy it again.", True),
    EngineReason.CHECKSUM_MISMATCH: ("Correct spec.model.sha256, or put the file there that it belongs to.", True),
    EngineReason.DOWNLOAD_FAILED: ("Check that the host of spec.model.source can be reached from the pod.", False),
    EngineReason.OUT_OF_SPACE: (
        "Give the engine more ephemeral storage, or serve the file from a claim (pvc://).",
        False,
    ),
    EngineReason.INVALID_OPTIONS: ("Correct spec.engine.options.", True),
    EngineReason.TRITON_EXITED: ("It is started again; if it recurs, read the engine's log.", False),
    EngineReason.TRITON_HUNG: ("It was ended and is started again; if it recurs, read the engine's log.", False),
    EngineReason.TRITON_NEVER_READY: ("Read the engine's log; the model may need more memory or CPU.", False),
}
_SIDECAR_ACTIONS: dict[str, str] = {  # of those of its reasons that no waiting mends
    Reason.CONTRACTS_INVALID: "Correct spec.contracts.",
    Reason.CHAT_TEMPLATE_INVALID: "Use a file of the model whose chat template is valid.",
    Reason.MODEL_INFO_INVALID: "Use engine and sidecar images of the same release.",
}
MODEL_REASONS = frozenset(
    {
        EngineReason.MODEL_NOT_FOUND,
        EngineReason.MODEL_TRUNCATED,
        EngineReason.MODEL_CORRUPT,
        EngineReason.CHECKSUM_MISMATCH,
        EngineReason.DOWNLOAD_FAILED,
        EngineReason.OUT_OF_SPACE,
    }
)


def examine(pod: PodFacts) -> Finding | None:
    """The gravest thing that is wrong with a pod, or None."""
    if pod.phase is PodPhase.TERMINATING:
        return None
    return next((found for check in CHAIN if (found := check(pod))), None)


def pod_was_evicted(pod: PodFacts) -> Finding | None:
    if pod.reason not in {"Evicted", "Preempting", "PreemptionByScheduler", "EvictionByEvictionAPI"}:
        return None
    evidence = f"Pod {pod.name} was evicted from node {pod.node or '?'}: {pod.message or pod.reason}."
    return Finding(
        Reason.EVICTED, evidence, "Another is made; relieve the node, or give the model a priority class.", pod.name
    )


def node_is_lost(pod: PodFacts) -> Finding | None:
    if pod.reason not in _LOST_REASONS:
        return None
    evidence = f"Node {pod.node or '?'} of pod {pod.name} is gone or does not answer ({pod.reason})."
    return Finding(Reason.NODE_LOST, evidence, "Another pod is made; look at the node.", pod.name)


def pod_has_failed(pod: PodFacts) -> Finding | None:
    if pod.phase is not PodPhase.FINISHED:
        return None
    evidence = f"Pod {pod.name} has failed: {pod.message or pod.reason or 'its node gave no reason'}."
    return Finding(Reason.POD_FAILED, evidence, f"Another is made; see kubectl describe pod {pod.name}.", pod.name)


def image_cannot_be_pulled(pod: PodFacts) -> Finding | None:
    return _first(pod, _image_of)


def container_cannot_be_created(pod: PodFacts) -> Finding | None:
    return _first(pod, _creation_of)


def memory_ran_out(pod: PodFacts) -> Finding | None:
    return None if pod.ready else _of_the_last_end(pod, _memory_of)


def engine_reported_failure(pod: PodFacts) -> Finding | None:
    state = pod.engine_state
    if state is None or state.stage is not Stage.FAILED:
        return None
    reason = state.reason or EngineReason.TRITON_EXITED
    action, final = ENGINE_ACTIONS.get(reason, ("Read the engine's log.", False))
    said = head(state.message, _SAID) or "it gave no reason"
    log = "" if final else f" kubectl logs {pod.name} -c {pod.engine.name}"
    return Finding(
        head(reason, 64), f"The engine of pod {pod.name} failed: {said}", action + log, pod.name, final=final
    )


def container_keeps_ending(pod: PodFacts) -> Finding | None:
    return None if pod.ready else _of_the_last_end(pod, _ending_of)


def status_is_unreachable(pod: PodFacts) -> Finding | None:
    if not (pod.probe_error and pod.settled) or pod.sidecar.state is not ContainerState.RUNNING:
        return None
    evidence = f"The operator cannot read the status of pod {pod.name}: {pod.probe_error}."
    action = "Let the operator's namespace reach port 9090 of the pod (network policies, firewalls, service mesh)."
    return Finding(Reason.STATUS_UNREACHABLE, evidence, action, pod.name, blocks=not pod.ready)


def sidecar_refuses(pod: PodFacts) -> Finding | None:
    """The sidecar will not speak for this model, and says so itself."""
    action = _SIDECAR_ACTIONS.get(pod.status.reason) if pod.status is not None and not pod.status.ready else None
    if pod.status is None or action is None:
        return None
    said = head(pod.status.message, _SAID) or "it gave no reason"
    return Finding(
        pod.status.reason, f"The sidecar of pod {pod.name} does not serve: {said}", action, pod.name, final=True
    )


def readiness_fails(pod: PodFacts) -> Finding | None:
    """Everything runs and the engine serves, yet for a while now the pod takes no requests."""
    state = pod.engine_state
    if pod.ready or not pod.settled or pod.status is None or state is None or state.stage is not Stage.SERVING:
        return None
    said = head(pod.status.message or pod.status.reason, _SAID) or "the readiness probe fails"
    evidence = f"Pod {pod.name} takes no requests although its engine serves: {said}."
    return Finding(Reason.READINESS_FAILED, evidence, f"See kubectl describe pod {pod.name}.", pod.name)


def _first(pod: PodFacts, check: Callable[[PodFacts, ContainerFacts], Finding | None]) -> Finding | None:
    """The engine first: the sidecar waits for it."""
    return next((found for each in (pod.engine, pod.sidecar) if (found := check(pod, each))), None)


def _of_the_last_end(pod: PodFacts, check: Callable[[PodFacts, ContainerFacts], Finding | None]) -> Finding | None:
    """The container that ended last: what another one went through before that has been survived."""
    ended = [each for each in (pod.engine, pod.sidecar) if each.exit is not None]
    return check(pod, max(ended, key=lambda each: each.exit.at if each.exit else "")) if ended else None


def _image_of(pod: PodFacts, container: ContainerFacts) -> Finding | None:
    if container.state is not ContainerState.WAITING or container.reason not in _PULL_REASONS:
        return None
    why, action = _pull_failure(container)
    evidence = f"Image {container.image} of container {container.name} cannot be pulled{': ' + why if why else ''}."
    return Finding(Reason.IMAGE_PULL_FAILED, evidence, action, pod.name, vague=not why)


def _pull_failure(container: ContainerFacts) -> tuple[str, str]:
    """Why, in words that do not change from try to try, and what to do. The kubelet's own words carry addresses."""
    if container.reason == "InvalidImageName":
        return "the name is invalid", "Correct the image's name."
    if container.reason == "ErrImageNeverPull":
        return "it is not on the node and the pull policy is Never", "Load it onto the nodes, or change the policy."
    # The image's own name may hold any of the words that are looked for.
    said = container.message.replace(container.image, "")
    for pattern, why, action in _PULL_FAILURES:
        if pattern.search(said):
            return why, action
    return "", "See kubectl describe pod; then correct the image's name or spec.template.imagePullSecrets."


def _creation_of(pod: PodFacts, container: ContainerFacts) -> Finding | None:
    ended = container.exit if container.exit and container.exit.reason in _CREATE_REASONS else None
    if pod.ready or (ended is None and container.reason not in _CREATE_REASONS):
        return None
    # While the kubelet waits for the next try it says for how long, in place of why.
    said = ended.message if ended is not None else container.message
    evidence = f"Container {container.name} of pod {pod.name} cannot be started: {said or container.reason}."
    # The runtime's words hold numbers of the single try: those of the first one are kept.
    return Finding(
        Reason.CONTAINER_NOT_CREATED,
        evidence,
        f"See kubectl describe pod {pod.name}.",
        pod.name,
        vague=ended is not None,
    )


def _memory_of(pod: PodFacts, container: ContainerFacts) -> Finding | None:
    if container.exit is None or container.exit.reason != "OOMKilled":
        return None
    evidence = f"Container {container.name} of pod {pod.name} used more memory than its limit and was killed."
    action = f"Raise spec.template.{container.name}.resources.limits.memory"
    smaller = (
        ", or lower spec.engine.maxSequenceLength or spec.serving.maxConcurrent" if container is pod.engine else ""
    )
    return Finding(Reason.OUT_OF_MEMORY, evidence, f"{action}{smaller}.", pod.name)


def _ending_of(pod: PodFacts, container: ContainerFacts) -> Finding | None:
    if container.exit is None:
        return None
    loops = container.reason == "CrashLoopBackOff" or container.restarts >= _LOOPS_FROM
    how = (
        f"was killed by signal {container.exit.signal}"
        if container.exit.signal
        else f"ended with code {container.exit.code}"
    )
    again = " again and again" if loops else ""
    last = container.exit.message
    evidence = f"Container {container.name} of pod {pod.name} {how}{again}{': ' + last if last else '.'}"
    action = f"See kubectl logs {pod.name} -c {container.name} --previous."
    return Finding(Reason.CRASH_LOOP if loops else Reason.CONTAINER_EXITED, evidence, action, pod.name)


CHAIN: tuple[Check, ...] = (
    pod_was_evicted,  # before all that its containers went through on the way
    node_is_lost,
    pod_has_failed,
    no_node_fits,
    image_cannot_be_pulled,
    container_cannot_be_created,
    memory_ran_out,  # before the engine's own account: a killed process cannot write one
    engine_reported_failure,  # before the exit: it knows the cause
    container_keeps_ending,
    sidecar_refuses,
    status_is_unreachable,
    readiness_fails,
)
