"""Every check of the chains: what it finds, and that it says what to do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from casava_operator.judge.findings import diagnosis, findings
from casava_operator.judge.reasons import Reason
from casava_operator.judge.types import Finding
from casava_operator.keys import Manifest
from casava_operator.observe.facts import Probe
from casava_operator.place import Placement
from casava_wire.reasons import EngineReason
from casava_wire.state import Stage
from tests.unit.judge import gen

PLAN = gen.planned(gen.model())
NO_PULL = 'failed to pull and unpack image "{}": failed to resolve reference: '


@dataclass(frozen=True)
class Row:
    """A pod, what its sidecar says, and what is found: the cause, and words of evidence and action."""

    cause: str
    pod: Manifest
    answers: dict[str, Probe] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    failing: bool = True
    final: bool = False


def waiting(reason: str, message: str = "") -> Manifest:
    return gen.unready(engine=gen.container("engine", waiting={"reason": reason, "message": message}))


def ended(restarts: int = 1, name: str = "engine", *, looping: bool = False, **last: Any) -> Manifest:
    state: dict[str, Any] = {"waiting": {"reason": "CrashLoopBackOff"}} if looping else {"running": {}}
    status = gen.container(name, restarts=restarts, last=last, **state)
    return gen.unready(engine=status) if name == "engine" else gen.unready(sidecar=status)


def failed(reason: EngineReason | str, message: str = "said so") -> dict[str, Probe]:
    return gen.probes(gen.answer(PLAN, ready=False, engine=gen.engine(Stage.FAILED, reason, message)))


ROWS: dict[str, Row] = {
    "pod_was_evicted": Row(
        Reason.EVICTED,
        gen.pod(ready=False, phase="Failed", reason="Evicted", message="The node was low on resource: memory"),
        evidence=("node-1", "low on resource"),
        action=("priority class",),
    ),
    "node_is_lost": Row(Reason.NODE_LOST, gen.pod(ready=False, reason="NodeLost"), evidence=("node-1",)),
    "pod_has_failed": Row(
        Reason.POD_FAILED,
        gen.pod(ready=False, phase="Failed", reason="UnexpectedAdmissionError", message="no devices left"),
        evidence=("no devices left",),
    ),
    "no GPU is free": Row(
        Reason.INSUFFICIENT_RESOURCES,
        gen.unscheduled("0/2 nodes are available: 2 Insufficient nvidia.com/gpu."),
        evidence=("of 2 nodes, 2: Insufficient nvidia.com/gpu",),
        action=("Free nvidia.com/gpu",),
        failing=False,
    ),
    "a taint": Row(
        Reason.UNTOLERATED_TAINT,
        gen.unscheduled("0/1 nodes are available: 1 node(s) had untolerated taint {team: a}."),
        action=("{team: a}", "spec.template.tolerations"),
        failing=False,
    ),
    "an affinity": Row(
        Reason.NO_MATCHING_NODE,
        gen.unscheduled("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
        action=("spec.placement",),
        failing=False,
    ),
    "a claim": Row(
        Reason.VOLUME_NOT_AVAILABLE,
        gen.unscheduled('persistentvolumeclaim "weights" not found'),
        evidence=("weights",),
        action=("claim of spec.model.source",),
        failing=False,
    ),
    "words that nobody knows": Row(
        Reason.UNSCHEDULABLE,
        gen.unscheduled("0/1 nodes are available: 1 is sulking."),
        evidence=("sulking",),
        failing=False,
    ),
    "no such image": Row(
        Reason.IMAGE_PULL_FAILED,
        waiting("ErrImagePull", NO_PULL + "docker.example/x: not found"),
        evidence=("casava/runtime-cpu:0.1.0", "does not have it"),
        action=("name or tag",),
    ),
    "no pull secret": Row(
        Reason.IMAGE_PULL_FAILED,
        waiting("ImagePullBackOff", "Back-off pulling image: ErrImagePull: 401 Unauthorized"),
        evidence=("refuses access",),
        action=("spec.template.imagePullSecrets",),
    ),
    "too many pulls": Row(
        Reason.IMAGE_PULL_FAILED, waiting("ErrImagePull", "toomanyrequests: 429"), evidence=("limits the rate",)
    ),
    "no registry": Row(
        Reason.IMAGE_PULL_FAILED,
        waiting("ErrImagePull", "dial tcp: lookup registry.example: no such host"),
        evidence=("cannot be reached",),
    ),
    "a bad image name": Row(Reason.IMAGE_PULL_FAILED, waiting("InvalidImageName"), evidence=("invalid",)),
    "never pulled": Row(Reason.IMAGE_PULL_FAILED, waiting("ErrImageNeverPull"), evidence=("policy is Never",)),
    "container_cannot_be_created": Row(
        Reason.CONTAINER_NOT_CREATED,
        waiting("CreateContainerConfigError", 'secret "hf" not found'),
        evidence=('secret "hf" not found',),
        action=("kubectl describe pod chat-1",),
    ),
    "memory_ran_out": Row(
        Reason.OUT_OF_MEMORY,
        ended(looping=True, exitCode=137, reason="OOMKilled"),
        failed(EngineReason.TRITON_EXITED),  # what it wrote before it was killed does not hide the cause
        action=("spec.template.engine.resources.limits.memory", "maxSequenceLength"),
    ),
    "the sidecar's memory_ran_out": Row(
        Reason.OUT_OF_MEMORY,
        ended(name="sidecar", exitCode=137, reason="OOMKilled"),
        action=("spec.template.sidecar.resources.limits.memory",),
    ),
    **{
        reason: Row(reason, gen.pod(ready=False), failed(reason), evidence=("said so",), final=final)
        for reason, final in (
            (EngineReason.MODEL_NOT_FOUND, True),
            (EngineReason.MODEL_TRUNCATED, True),
            (EngineReason.MODEL_CORRUPT, True),
            (EngineReason.CHECKSUM_MISMATCH, True),
            (EngineReason.INVALID_OPTIONS, True),
            (EngineReason.DOWNLOAD_FAILED, False),
            (EngineReason.OUT_OF_SPACE, False),
            (EngineReason.TRITON_EXITED, False),
            (EngineReason.TRITON_HUNG, False),
            (EngineReason.TRITON_NEVER_READY, False),
        )
    },
    "an engine failure of a newer release": Row("NewerReason", gen.pod(ready=False), failed("NewerReason")),
    "killed once": Row(
        Reason.CONTAINER_EXITED,
        ended(exitCode=137, reason="Error"),
        evidence=("killed by signal 9",),
        action=("kubectl logs chat-1 -c engine --previous",),
    ),
    "crash loop": Row(
        Reason.CRASH_LOOP,
        ended(5, looping=True, exitCode=3, reason="Error", message="line 1\nno CPU has AVX2"),
        evidence=("ended with code 3 again and again", "no CPU has AVX2"),
    ),
    "crash loop between two tries": Row(
        Reason.CRASH_LOOP,
        ended(5, exitCode=3, reason="Error", message="line 1\nno CPU has AVX2"),
        evidence=("ended with code 3 again and again", "no CPU has AVX2"),
    ),
    "sidecar_refuses": Row(
        Reason.CHAT_TEMPLATE_INVALID,
        gen.pod(ready=False),
        gen.probes(gen.answer(PLAN, ready=False, reason="ChatTemplateInvalid", message="line 3: unknown tag")),
        evidence=("line 3",),
        final=True,
    ),
    "status_is_unreachable": Row(
        Reason.STATUS_UNREACHABLE,
        gen.pod(),
        gen.probes(None, error="it did not answer within 1 s", settled=True),
        evidence=("did not answer",),
        action=("port 9090", "network policies"),
    ),
    "readiness_fails": Row(
        Reason.READINESS_FAILED,
        gen.pod(ready=False),
        gen.probes(gen.answer(PLAN, ready=False, reason="Draining", message="it drains"), settled=True),
        evidence=("it drains",),
    ),
}


def found(pod: Manifest, answers: dict[str, Probe]) -> list[Finding]:
    return list(findings(Placement(), gen.seen(PLAN, [pod], answers), {}))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_each_cause_is_found_and_says_what_to_do(row: Row) -> None:
    (finding,) = found(row.pod, row.answers)
    assert finding.cause == row.cause
    assert (finding.failing, finding.final) == (row.failing, row.final)
    assert all(words in finding.evidence for words in row.evidence), finding.evidence
    assert all(words in finding.action for words in row.action), finding.action
    assert finding.action.endswith((".", finding.pod, "engine"))
    assert finding.pod == "chat-1"


FINE: dict[str, tuple[Manifest, dict[str, Probe]]] = {
    "a pod that serves": (gen.pod(), gen.probes(gen.answer(PLAN))),
    "a pod that was restarted and serves again": (
        gen.pod(
            initContainerStatuses=[gen.container("engine", restarts=4, ready=True, running={}, last={"exitCode": 137})]
        ),
        gen.probes(gen.answer(PLAN)),
    ),
    "a pod that is being created": (waiting("PodInitializing"), {}),
    "a pod that loads": (
        gen.pod(ready=False),
        gen.probes(gen.answer(PLAN, ready=False, engine=gen.engine(Stage.STARTING)), settled=True),
    ),
    "a pod that is about to be ready": (gen.pod(ready=False), gen.probes(gen.answer(PLAN))),
    "a sidecar that has not begun to listen": (gen.pod(ready=False), gen.probes(None, error="it refused")),
    "a pod that goes": (
        {**ended(9, exitCode=1), "metadata": {**gen.pod()["metadata"], "deletionTimestamp": "2026-03-01T12:00:00Z"}},
        {},
    ),
}


@pytest.mark.parametrize(("pod", "answers"), FINE.values(), ids=FINE)
def test_what_is_merely_on_its_way_is_no_finding(pod: Manifest, answers: dict[str, Probe]) -> None:
    assert found(pod, answers) == []


def whole(placement: Placement, pods: list[Manifest], answers: dict[str, Probe], **made: Any) -> list[str]:
    observation = gen.seen(PLAN, pods, answers, made=gen.deployment(PLAN, **made))
    return [each.cause for each in findings(placement, observation, {})]


def test_pods_that_a_quota_refuses_are_told() -> None:
    refused = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: gpus"}]
    assert whole(Placement(), [], {}, ready=0, conditions=refused) == [Reason.PODS_REFUSED]


def test_a_gpu_that_the_engine_does_not_use_is_told_and_one_that_it_uses_is_not() -> None:
    assert whole(gen.gpu_placement(), [gen.pod()], gen.probes(gen.answer(PLAN))) == [Reason.GPU_NOT_USED]
    using = gen.probes(gen.answer(PLAN, model_info=gen.info(uses_gpu=True)))
    assert whole(gen.gpu_placement(), [gen.pod()], using) == []
    assert whole(Placement(), [gen.pod()], gen.probes(gen.answer(PLAN))) == []


def test_refused_contracts_are_told_with_the_sidecars_reason() -> None:
    answers = gen.probes(gen.answer(PLAN, contracts_error="invoice: /type: unknown type"))
    assert whole(Placement(), [gen.pod()], answers) == [Reason.CONTRACTS_REFUSED]


def test_while_pods_wait_for_a_gpu_that_no_node_has_this_comes_before_the_schedulers_words() -> None:
    pods = [gen.unscheduled("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")]
    assert whole(gen.waiting_placement(), pods, {}) == [Reason.WAITING_FOR_NODE, Reason.NO_MATCHING_NODE]


def test_what_a_rollout_stopped_on_is_told_before_that_it_stopped() -> None:
    late = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    causes = whole(Placement(), [ended(9, exitCode=1)], {}, ready=0, conditions=late)
    assert causes == [Reason.CRASH_LOOP, Reason.PROGRESS_DEADLINE_EXCEEDED]
    pods = [gen.unscheduled("0/1 nodes are available: 1 Insufficient cpu.")]
    causes = whole(Placement(), pods, {}, ready=0, conditions=late)
    assert causes == [Reason.INSUFFICIENT_RESOURCES, Reason.PROGRESS_DEADLINE_EXCEEDED]


def test_an_evicted_pod_is_forgotten_when_another_has_taken_its_place() -> None:
    evicted = gen.pod("chat-0", ready=False, phase="Failed", reason="Evicted")
    answers = gen.probes(gen.answer(PLAN), "chat-1")
    assert whole(Placement(), [evicted, gen.pod()], answers) == []
    assert whole(Placement(), [evicted, gen.pod()], answers, ready=0) == [Reason.EVICTED]


@pytest.mark.parametrize(("last", "other"), [("engine", "sidecar"), ("sidecar", "engine")])
def test_the_container_that_ended_last_is_told_and_not_one_that_has_recovered(last: str, other: str) -> None:
    ended = {
        last: {"exitCode": 137, "finishedAt": "2026-03-01T11:59:00Z"},
        other: {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-02-01T11:59:00Z"},
    }
    engine, sidecar = (gen.container(name, restarts=1, last=ended[name], running={}) for name in ("engine", "sidecar"))
    (finding,) = found(gen.unready(engine=engine, sidecar=sidecar), {})
    assert finding.cause == Reason.CONTAINER_EXITED
    assert f"Container {last} " in finding.evidence


def test_pods_with_the_same_cause_are_one_diagnosis_with_their_number() -> None:
    pods = [waiting("InvalidImageName") | {"metadata": {**gen.pod(name)["metadata"]}} for name in ("b", "a", "c")]
    (told,) = diagnosis(findings(Placement(), gen.seen(PLAN, pods, {}), {}))
    assert told["cause"] == Reason.IMAGE_PULL_FAILED
    assert (told["pod"], told["pods"]) == ("a", 3)
    known = {"diagnosis": [told | {"pod": "c"}]}
    (again,) = diagnosis(findings(Placement(), gen.seen(PLAN, pods, {}), known))
    assert again["pod"] == "c"  # the example is not changed without need
    assert set(told) == {"cause", "evidence", "nextAction", "pod", "pods"}


def test_a_pull_that_backs_off_without_words_keeps_what_was_known_of_it() -> None:
    known = diagnosis(found(waiting("ErrImagePull", "x: not found"), {}))
    observation = gen.seen(PLAN, [waiting("ImagePullBackOff", "Back-off pulling image")], {})
    again = findings(Placement(), observation, {"diagnosis": known})
    assert diagnosis(again) == known
    assert "does not have it" in again[0].evidence


def test_a_container_that_cannot_be_started_is_told_in_the_same_words_from_try_to_try() -> None:
    def tried(number: int, **state: Any) -> Manifest:
        last = {"exitCode": 128, "reason": "StartError", "message": f"unable to set memory limit (usage: {number})"}
        return gen.unready(engine=gen.container("engine", restarts=number, last=last, **state))

    first = found(tried(1, waiting={"reason": "RunContainerError", "message": "unable to set memory limit"}), {})
    assert first[0].cause == Reason.CONTAINER_NOT_CREATED
    assert "usage: 1" in first[0].evidence
    waits = tried(2, waiting={"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"})
    again = findings(Placement(), gen.seen(PLAN, [waits], {}), {"diagnosis": diagnosis(first)})
    assert diagnosis(again) == diagnosis(first)


def test_an_image_named_like_an_error_is_not_taken_for_one() -> None:
    pod = waiting("ErrImagePull", 'pulling "casava/denied-401:1": dial tcp: i/o timeout')
    pod["spec"]["initContainers"][0]["image"] = "casava/denied-401:1"
    (finding,) = found(pod, {})
    assert "cannot be reached" in finding.evidence


HOSTILE = "\x1b[2J\u202e" + "A" * 100_000


@pytest.mark.parametrize(
    "make",
    [
        lambda: found(ended(9, exitCode=1, message=HOSTILE), {}),
        lambda: found(gen.pod(ready=False), failed(EngineReason.MODEL_CORRUPT, HOSTILE)),
        lambda: found(gen.pod(ready=False), failed(HOSTILE, HOSTILE)),
        lambda: found(waiting("CreateContainerError", HOSTILE), {}),
        lambda: found(gen.unscheduled(HOSTILE), {}),
    ],
)
def test_whatever_a_pod_says_is_bounded_and_printable(make: Callable[[], list[Finding]]) -> None:
    (told,) = diagnosis(make())
    assert len(told["cause"]) <= 64
    assert len(told["evidence"]) <= 512
    assert len(told["nextAction"]) <= 512
    assert "".join(told[name] for name in ("cause", "evidence", "nextAction")).isprintable()
