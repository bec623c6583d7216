"""Facts of one pod, from what the kubelet and the scheduler wrote and what its sidecar answered. Pure."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any

from casava_operator.observe.facts import (
    ContainerFacts,
    ContainerState,
    Exit,
    PodFacts,
    PodPhase,
    Probe,
    Unschedulable,
)
from casava_operator.observe.text import head, tail
from casava_wire import labels
from casava_wire.state import EngineState, SidecarStatus, Stage

Manifest = Mapping[str, Any]

_REASON = 64
_MESSAGE = 512
_MAX_CAUSES = 8
_TENTH = 10

_NODES = re.compile(r"0/(\d{1,6}) nodes are available")
_CAUSE = re.compile(r"(\d{1,6}) ((?:[^,.]|[.,](?! |$))+)")
_TAINTS = re.compile(r"\{[^{}]{0,300}\}")
_FINISHED_PHASES = frozenset({"Failed", "Succeeded"})


def pod_facts(pod: Manifest, probe: Probe | None) -> PodFacts:
    """Everything about one pod that a condition or a diagnosis may rest on."""
    meta, spec, status = (pod.get(part) or {} for part in ("metadata", "spec", "status"))
    engine = _container(labels.ENGINE_CONTAINER, spec.get("initContainers"), status.get("initContainerStatuses"))
    sidecar = _container(labels.SIDECAR_CONTAINER, spec.get("containers"), status.get("containerStatuses"))
    conditions = {str(each.get("type")): each for each in status.get("conditions") or ()}
    phase = _phase(meta, status, conditions, restarts=engine.restarts + sidecar.restarts)
    reason, message = _pod_reason(status, conditions)
    return PodFacts(
        name=str(meta.get("name", "")),
        uid=str(meta.get("uid", "")),
        template=str((meta.get("labels") or {}).get("pod-template-hash", "")),
        created=str(meta.get("creationTimestamp", "")),
        node=str(spec.get("nodeName", "")),
        address=_address(str(status.get("podIP") or "")),
        phase=phase,
        reason=reason,
        message=message,
        engine=engine,
        sidecar=sidecar,
        unschedulable=_unschedulable(conditions.get("PodScheduled", {})) if phase is PodPhase.UNSCHEDULED else None,
        status=without_load(probe.status) if probe and probe.status else None,
        probe_error=head(probe.error, _MESSAGE) if probe else "",
        settled=bool(probe and probe.settled),
    )


def without_load(status: SidecarStatus) -> SidecarStatus:
    """The same answer without what flickers, so that equal facts compare equal."""
    return status.model_copy(update={"running": 0, "waiting": 0})


def tenths(state: EngineState) -> int | None:
    """How much of the file is there, in tenths, so that a download of hours is told ten times."""
    if state.stage is not Stage.FETCHING or not state.bytes_total or state.bytes_done is None:
        return None
    return max(0, min(_TENTH * state.bytes_done // state.bytes_total, _TENTH))


def _address(text: str) -> str:
    """Whatever is no IP address is never asked."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return f"[{found}]" if isinstance(found, ipaddress.IPv6Address) else str(found)


def _phase(meta: Manifest, status: Manifest, conditions: Mapping[str, Manifest], *, restarts: int) -> PodPhase:
    if meta.get("deletionTimestamp"):
        return PodPhase.TERMINATING
    if status.get("phase") in _FINISHED_PHASES:
        return PodPhase.FINISHED
    if conditions.get("PodScheduled", {}).get("status") != "True" and not status.get("hostIP"):
        return PodPhase.UNSCHEDULED
    if conditions.get("Ready", {}).get("status") == "True":
        return PodPhase.READY
    return PodPhase.UNREADY if restarts else PodPhase.STARTING


def _pod_reason(status: Manifest, conditions: Mapping[str, Manifest]) -> tuple[str, str]:
    reason, message = status.get("reason"), status.get("message")
    disrupted = conditions.get("DisruptionTarget", {})
    if not reason and disrupted.get("status") == "True":
        reason, message = disrupted.get("reason"), disrupted.get("message")
    return head(str(reason or ""), _REASON), head(str(message or ""), _MESSAGE)


def _container(name: str, specs: Iterable[Manifest] | None, statuses: Iterable[Manifest] | None) -> ContainerFacts:
    spec = next((each for each in specs or () if each.get("name") == name), {})
    status = next((each for each in statuses or () if each.get("name") == name), {})
    state, detail = _state(status.get("state") or {})
    ended = detail if state is ContainerState.TERMINATED else (status.get("lastState") or {}).get("terminated")
    return ContainerFacts(
        name=name,
        image=head(str(spec.get("image") or status.get("image") or ""), _MESSAGE),
        state=state,
        reason=head(str(detail.get("reason", "")), _REASON),
        message=head(str(detail.get("message", "")), _MESSAGE),
        ready=bool(status.get("ready", False)),
        restarts=int(status.get("restartCount") or 0),
        exit=_exit(ended) if ended else None,
    )


def _state(state: Manifest) -> tuple[ContainerState, Manifest]:
    for name in (ContainerState.WAITING, ContainerState.RUNNING, ContainerState.TERMINATED):
        if name in state:
            return name, state[name] or {}
    return ContainerState.ABSENT, {}


def _exit(ended: Manifest) -> Exit:
    code = int(ended.get("exitCode") or 0)
    return Exit(
        code=code,
        signal=int(ended["signal"]) if ended.get("signal") else _signal_of(code),
        reason=head(str(ended.get("reason", "")), _REASON),
        message=tail(str(ended.get("message", "")), _MESSAGE),
        at=head(str(ended.get("finishedAt") or ""), _REASON),
    )


def _signal_of(code: int) -> int | None:
    """Runtimes report death by signal N as exit code 128 + N."""
    killed = 128
    return code - killed if killed < code <= killed + 64 else None


def _unschedulable(scheduled: Manifest) -> Unschedulable | None:
    """Take apart ``0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint {...}.``

    What follows (``preemption: 0/3 ...``) repeats the numbers for preemption and is left out.
    """
    message = str(scheduled.get("message", ""))
    if not message:
        return None
    found = _NODES.match(message)
    first = message.split(" preemption:", 1)[0].partition(": ")[2] if found else message
    first = first.replace("not found. not found", "not found")  # the scheduler repeats itself for a missing claim
    taints = _TAINTS.findall(first)
    causes = _CAUSE.findall(_TAINTS.sub("{}", first))[:_MAX_CAUSES] if found else []
    fill = iter(taints)
    named = ((int(count), re.sub(r"\{\}", lambda _: next(fill, "{}"), text).strip()) for count, text in causes)
    return Unschedulable(
        nodes=int(found[1]) if found else 0,
        causes=tuple((count, head(text, _MESSAGE)) for count, text in named),
        message=head(first, _MESSAGE),
    )
