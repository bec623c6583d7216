"""Builders of what the API server and the sidecars say: real plans, filled in as a cluster would.

Each takes overrides, so that a test names only what it is about.
"""

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from casava_operator.judge import Judgement, judge
from casava_operator.keys import Manifest
from casava_operator.observe import observe
from casava_operator.observe.facts import Expected, Observation, Probe, Scaling, ScalingMode
from casava_operator.place import Placement
from casava_operator.plan import Plan, plan
from casava_operator.site import Site
from casava_operator.spec import CasavaModel, parse
from casava_wire.state import EngineState, ModelInfo, SidecarStatus, Stage

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SCHEMA = '{"type": "object"}'


def model(generation: int = 1, **spec: Any) -> CasavaModel:
    return parse(
        {
            "metadata": {"name": "chat", "namespace": "team", "uid": "m-1", "generation": generation},
            "spec": {"model": {"source": "file:///models/m.gguf"}, **spec},
        }
    )


def gpu_placement(**overrides: Any) -> Placement:
    fields: dict[str, Any] = {
        "entry": 0,
        "gpu": ("L4",),
        "count": 1,
        "reason": "NodesMatch",
        "message": "The cluster has nodes with 1 x L4.",
    }
    return Placement(**(fields | overrides))


def waiting_placement() -> Placement:
    return gpu_placement(
        status="Unknown", reason="WaitingForNode", message="No node can give 1 x L4 now. The cluster has 2 x T4."
    )


def planned(of: CasavaModel, placement: Placement | None = None, replicas: int = 1) -> Plan:
    return plan(of, placement or Placement(), Site(), replicas=replicas)


def expected(found: Plan) -> Expected:
    return Expected(
        found.spec_hash, found.template_hash, found.contracts_digest, found.url, found.selector, found.engine
    )


def deployment(found: Plan, *, ready: int = 1, **status: Any) -> Manifest:
    """The planned Deployment as its controller would report it with so many pods ready."""
    body: Manifest = deepcopy(found.deployment)
    wanted = body["spec"]["replicas"]
    body["metadata"] |= {"generation": 1, "uid": "d-1"}
    body["status"] = {
        "observedGeneration": 1,
        "replicas": wanted,
        "updatedReplicas": wanted,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "conditions": [
            {
                "type": "Progressing",
                "status": "True",
                "reason": "NewReplicaSetAvailable",
                "lastUpdateTime": "2026-03-01T11:59:00Z",
            }
        ],
        **status,
    }
    return body


def pod(name: str = "chat-1", *, ready: bool = True, template: str = "t1", **status: Any) -> Manifest:
    """A pod on a node whose containers run."""
    truth = "True" if ready else "False"
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "labels": {"pod-template-hash": template},
            "creationTimestamp": "2026-03-01T11:58:00Z",
        },
        "spec": {
            "nodeName": "node-1",
            "initContainers": [{"name": "engine", "image": "casava/runtime-cpu:0.1.0"}],
            "containers": [{"name": "sidecar", "image": "casava/sidecar:0.1.0"}],
        },
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.5",
            "hostIP": "10.0.0.1",
            "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": truth}],
            "initContainerStatuses": [container("engine", ready=True, running={"startedAt": "2026-03-01T11:58:05Z"})],
            "containerStatuses": [container("sidecar", ready=ready, running={"startedAt": "2026-03-01T11:58:05Z"})],
            **status,
        },
    }


def container(
    name: str, *, restarts: int = 0, ready: bool = False, last: Mapping[str, Any] | None = None, **state: Any
) -> Manifest:
    """A container status; ``state`` is one of running=, waiting=, terminated=; ``last`` how it ended before."""
    return {
        "name": name,
        "image": "",
        "ready": ready,
        "restartCount": restarts,
        "state": dict(state),
        "lastState": {"terminated": dict(last)} if last else {},
    }


def unready(name: str = "chat-1", **containers: Manifest) -> Manifest:
    """A pod that is not ready, with the statuses of engine= and sidecar= as given."""
    found = pod(name, ready=False)
    for place, key in (("initContainerStatuses", "engine"), ("containerStatuses", "sidecar")):
        if key in containers:
            found["status"][place] = [containers[key]]
    return found


def unscheduled(message: str, name: str = "chat-1") -> Manifest:
    found = pod(name, ready=False)
    del found["spec"]["nodeName"]
    found["status"] = {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}],
    }
    return found


def engine(stage: Stage = Stage.SERVING, reason: str = "", message: str = "", **more: Any) -> EngineState:
    cached = stage in {Stage.STARTING, Stage.SERVING}
    return EngineState(stage=stage, reason=reason, message=message, **({"model_cached": cached} | more))


def info(*, uses_gpu: bool = False) -> ModelInfo:
    return ModelInfo(
        name="chat",
        digest="sha256:00",
        architecture="llama",
        context_length=4096,
        engine="llama-cpp",
        engine_version="1",
        uses_gpu=uses_gpu,
    )


def answer(found: Plan | None = None, **fields: Any) -> SidecarStatus:
    digest = found.contracts_digest if found else ""
    defaults: dict[str, Any] = {
        "model": "chat",
        "ready": True,
        "contracts_digest": digest,
        "engine": engine(),
        "model_info": info(),
    }
    return SidecarStatus(**(defaults | fields))


def probe(status: SidecarStatus | None = None, **fields: Any) -> Probe:
    return Probe(**({"at": 0.0, "status": status} | fields))


def probes(status: SidecarStatus | None, *names: str, **fields: Any) -> dict[str, Probe]:
    return {f"uid-{name}": probe(status, **fields) for name in names or ("chat-1",)}


def seen(
    found: Plan,
    pods: list[Manifest],
    answers: Mapping[str, Probe] | None = None,
    *,
    made: Manifest | None = None,
    scaling: Scaling | None = None,
) -> Observation:
    """What is observed of pods of this plan; their number decides the Deployment's counts unless ``made`` is given."""
    ready = sum(any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"]["conditions"]) for p in pods)
    if answers is None:
        names = [p["metadata"]["name"] for p in pods if "podIP" in p["status"]]
        answers = probes(answer(found), *names) if names else {}
    return observe(
        deployment=made or deployment(found, ready=ready),
        pods=pods,
        probes=answers,
        expected=expected(found),
        scaling=scaling or Scaling(1, ScalingMode.FIXED),
    )


def judged(
    of: CasavaModel,
    observation: Observation,
    previous: Mapping[str, Any] | None = None,
    *,
    placement: Placement | None = None,
    after: float = 0.0,
) -> Judgement:
    return judge(of, placement or Placement(), observation, previous, NOW + timedelta(seconds=after))


def condition(judgement: Judgement | Mapping[str, Any], kind: str) -> Manifest:
    status = judgement.status if isinstance(judgement, Judgement) else judgement
    found: Manifest = next(each for each in status["conditions"] if each["type"] == kind)
    return found


def told(judgement: Judgement) -> dict[str, tuple[str, str]]:
    """Status and reason of every condition."""
    return {each["type"]: (each["status"], each["reason"]) for each in judgement.status["conditions"]}


def causes(judgement: Judgement) -> list[str]:
    return [each["cause"] for each in judgement.status.get("diagnosis", [])]
