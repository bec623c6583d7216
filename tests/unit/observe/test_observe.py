"""Facts of a Deployment and of a whole model."""

from typing import Any

import pytest

from casava_operator.observe import deployment_facts, observe
from tests.unit.judge import gen

PLAN = gen.planned(gen.model())


def test_a_deployment_that_has_just_been_applied_is_not_rolled_out() -> None:
    fresh = gen.deployment(PLAN)
    fresh["metadata"]["generation"] = 2
    observation = gen.seen(PLAN, [gen.pod()], made=fresh)
    assert observation.current_spec
    assert not observation.replaced
    assert not observation.rolled_out


@pytest.mark.parametrize(
    ("status", "replaced", "rolled_out"),
    [
        ({}, True, True),
        ({"replicas": 2}, False, False),  # a surge pod beside the old one
        ({"replicas": 2, "updatedReplicas": 2}, True, False),  # one too many: scaling down
        ({"updatedReplicas": 0}, False, False),
        ({"readyReplicas": 0, "availableReplicas": 0}, True, False),
        ({"availableReplicas": 0}, True, False),
        ({"replicas": 0, "updatedReplicas": 0, "readyReplicas": 0}, False, False),
    ],
)
def test_the_counts_tell_how_far_a_rollout_is(status: dict[str, Any], *, replaced: bool, rolled_out: bool) -> None:
    observation = gen.seen(PLAN, [gen.pod()], made=gen.deployment(PLAN, **status))
    assert (observation.replaced, observation.rolled_out) == (replaced, rolled_out)


def test_an_older_template_of_the_same_spec_is_an_upgrade_that_is_due() -> None:
    older = gen.deployment(PLAN)
    older["metadata"]["annotations"]["casava.dev/template-hash"] = "older"
    observation = gen.seen(PLAN, [gen.pod()], made=older)
    assert observation.upgrade_due
    assert observation.rolled_out
    older["metadata"]["annotations"]["casava.dev/spec-hash"] = "older"
    assert not gen.seen(PLAN, [gen.pod()], made=older).upgrade_due


def test_refused_pods_and_a_deadline_are_read_from_the_conditions() -> None:
    facts = deployment_facts(
        gen.deployment(
            PLAN,
            conditions=[
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
                {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: gpus"},
            ],
        )
    )
    assert facts.deadline_exceeded
    assert facts.replica_failure == "exceeded quota: gpus"
    assert facts.progress_deadline == 1800


def test_nothing_at_all_is_an_observation_too() -> None:
    observation = observe(deployment=None, pods=[], probes={}, expected=gen.expected(PLAN), scaling=None)
    assert not (observation.rolled_out)
    assert not (observation.replaced)
    assert not (observation.upgrade_due)
    assert not (observation.live)


def test_the_order_of_pods_does_not_matter() -> None:
    pods = [gen.pod("b"), gen.pod("a")]
    assert gen.seen(PLAN, pods) == gen.seen(PLAN, pods[::-1])
