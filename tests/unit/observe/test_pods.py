"""Facts of a pod."""

from typing import Any

import pytest

from casava_operator.observe.facts import ContainerState, PodPhase
from casava_operator.observe.pods import pod_facts
from tests.unit.judge import gen

SCHEDULER = [
    (
        (
            "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, "
            "2 node(s) didn't match Pod's node affinity/selector. "
            "preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not "
            "helpful for scheduling."
        ),
        3,
        ((1, "Insufficient nvidia.com/gpu"), (2, "node(s) didn't match Pod's node affinity/selector")),
    ),
    (
        (
            "0/4 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
            "3 node(s) had untolerated taint {nvidia.com/gpu: present, really}. preemption: 0/4 nodes are available: "
            "4 Preemption is not helpful for scheduling."
        ),
        4,
        (
            (1, "node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }"),
            (3, "node(s) had untolerated taint {nvidia.com/gpu: present, really}"),
        ),
    ),
    (
        'persistentvolumeclaim "weights" not found',
        0,
        (),
    ),
    (
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
        1,
        (),
    ),
    ("no nodes available to schedule pods", 0, ()),
    ("0 of 3 nodes will do, 2 tried", 0, ()),
]


@pytest.mark.parametrize(("message", "nodes", "causes"), SCHEDULER)
def test_the_schedulers_sentence_is_taken_apart(message: str, nodes: int, causes: tuple[tuple[int, str], ...]) -> None:
    facts = pod_facts(gen.unscheduled(message), None)
    assert facts.phase is PodPhase.UNSCHEDULED
    assert facts.unschedulable is not None
    assert (facts.unschedulable.nodes, facts.unschedulable.causes) == (nodes, causes)


def test_a_hostile_schedulers_sentence_is_bounded() -> None:
    facts = pod_facts(gen.unscheduled("0/9 nodes are available: " + "1 a{b, " * 50_000), None)
    assert facts.unschedulable is not None
    assert len(facts.unschedulable.causes) <= 8
    assert all(len(text) <= 512 for _, text in facts.unschedulable.causes)


PHASES: list[tuple[dict[str, Any], PodPhase]] = [
    (gen.pod(), PodPhase.READY),
    (gen.pod(ready=False), PodPhase.STARTING),
    (
        gen.unready(engine=gen.container("engine", restarts=1, running={})),
        PodPhase.UNREADY,
    ),
    (gen.pod(phase="Failed", reason="Evicted"), PodPhase.FINISHED),
    ({**gen.pod(), "metadata": {"name": "x", "deletionTimestamp": "2026-03-01T12:00:00Z"}}, PodPhase.TERMINATING),
    ({"metadata": {"name": "just-made"}}, PodPhase.UNSCHEDULED),
]


@pytest.mark.parametrize(("pod", "phase"), PHASES)
def test_a_pod_is_in_one_phase(pod: dict[str, Any], phase: PodPhase) -> None:
    assert pod_facts(pod, None).phase is phase


def test_the_engine_is_found_among_the_init_containers_and_tells_how_it_ended() -> None:
    last = {"exitCode": 137, "reason": "OOMKilled", "message": "a" * 5000 + " the end\n"}
    pod = gen.unready(
        engine=gen.container(
            "engine", restarts=3, waiting={"reason": "CrashLoopBackOff", "message": "back-off"}, last=last
        )
    )
    engine = pod_facts(pod, None).engine
    assert (engine.state, engine.reason, engine.restarts) == (ContainerState.WAITING, "CrashLoopBackOff", 3)
    assert engine.exit is not None
    assert (engine.exit.code, engine.exit.signal, engine.exit.reason) == (137, 9, "OOMKilled")
    assert engine.exit.message.endswith("the end")
    assert len(engine.exit.message) <= 512
    assert engine.image == "casava/runtime-cpu:0.1.0"


def test_a_container_that_ended_now_counts_before_the_time_before() -> None:
    ended = gen.container("sidecar", restarts=1, terminated={"exitCode": 2}, last={"exitCode": 1})
    sidecar = pod_facts(gen.unready(sidecar=ended), None).sidecar
    assert sidecar.exit is not None
    assert (sidecar.exit.code, sidecar.exit.signal) == (2, None)


def test_loads_are_no_facts() -> None:
    idle, busy = (
        pod_facts(gen.pod(), gen.probe(gen.answer(running=running, waiting=running), at=float(running)))
        for running in (0, 7)
    )
    assert idle == busy


def test_a_pod_is_unasked_only_while_its_sidecar_runs_and_has_neither_answered_nor_failed_to() -> None:
    assert pod_facts(gen.pod(), None).unasked
    assert not pod_facts(gen.pod(), gen.probe(gen.answer())).unasked
    assert not pod_facts(gen.pod(), gen.probe(error="it did not answer within 1 s")).unasked
    waiting = gen.container("sidecar", waiting={"reason": "ContainerCreating"})
    assert not pod_facts(gen.unready(sidecar=waiting), None).unasked


def test_a_node_that_took_its_pods_away_is_named_by_the_disruption() -> None:
    disrupted = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager", "message": "gone"}
    pod = gen.pod(ready=False)
    pod["status"]["conditions"].append(disrupted)
    facts = pod_facts(pod, None)
    assert (facts.reason, facts.message) == ("DeletionByTaintManager", "gone")
