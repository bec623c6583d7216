"""Pods as Kubernetes 1.36 with containerd reported them, each broken in its own way, and what is made of them."""

import json
from pathlib import Path

import pytest

from casava_operator.judge.pods import examine
from casava_operator.judge.reasons import Reason
from casava_operator.keys import Manifest
from casava_operator.observe.pods import pod_facts
from tests.unit.judge import gen

PODS: dict[str, Manifest] = {
    pod["metadata"]["name"]: pod
    for pod in json.loads((Path(__file__).parent / "data" / "pods-kubernetes-1.36.json").read_text(encoding="utf-8"))
}
EXPECTED: dict[str, tuple[str, str]] = {  # the cause, and words of the evidence
    "badname": (Reason.IMAGE_PULL_FAILED, "the name is invalid"),
    "bigcpu": (Reason.INSUFFICIENT_RESOURCES, "of 1 nodes, 1: Insufficient cpu."),
    "crash": (Reason.CRASH_LOOP, "ended with code 1 again and again"),
    "never": (Reason.IMAGE_PULL_FAILED, "the pull policy is Never"),
    "noaff": (Reason.NO_MATCHING_NODE, "1: node(s) didn't match Pod's node affinity/selector."),
    "noclaim": (Reason.VOLUME_NOT_AVAILABLE, 'persistentvolumeclaim "weights" not found'),
    "nocmd": (Reason.CONTAINER_NOT_CREATED, "no such file or directory"),
    "nogpu": (Reason.INSUFFICIENT_RESOURCES, "Insufficient nvidia.com/gpu"),
    "noimage": (Reason.IMAGE_PULL_FAILED, "the registry cannot be reached"),
    "nosecret": (Reason.CONTAINER_NOT_CREATED, 'secret "none" not found'),
    "oom": (Reason.CONTAINER_NOT_CREATED, "unable to set memory limit"),
    "unready": (Reason.READINESS_FAILED, "takes no requests"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_broken_pod_is_understood(name: str) -> None:
    finding = examine(pod_facts(PODS[name], gen.probe(gen.answer(ready=False), settled=True)))
    assert finding is not None
    cause, words = EXPECTED[name]
    assert finding.cause == cause
    assert words in finding.evidence
    assert "back-off" not in finding.evidence  # it changes from try to try


def test_a_real_pod_that_serves_is_fine() -> None:
    facts = pod_facts(PODS["good"], gen.probe(gen.answer()))
    assert facts.ready
    assert examine(facts) is None
    assert set(PODS) == {*EXPECTED, "good"}
