"""What is changed or deleted by hand comes back, and what is deleted on purpose goes whole."""

import time

import pytest

from casava_wire import labels
from e2e.support.manifests import model
from e2e.support.models import Models

NAME = "kept"
KINDS = "deployment,service,serviceaccount,configmap,networkpolicy,controllerrevision,poddisruptionbudget"


@pytest.fixture(scope="module", autouse=True)
def three(models: Models) -> None:
    models.apply(model(NAME, models.image))
    models.wait_ready(NAME)
    models.kubectl("scale", "casava", NAME, "--replicas=3")
    models.cluster.wait_until("three replicas", lambda: models.status(NAME).get("readyReplicas") == 3, timeout=60)


def test_scaling_by_hand_turns_the_autoscaler_off_visibly(models: Models) -> None:
    assert models.get(NAME)["spec"]["replicas"] == 3
    scaling = models.status(NAME)["scaling"]
    assert scaling["mode"] == "Off"
    assert "spec.replicas" in scaling["message"]


def test_a_deployment_deleted_at_three_replicas_returns_with_three(models: Models) -> None:
    before = models.deployment(NAME)["metadata"]["uid"]
    models.kubectl("delete", "deployment", NAME)
    models.cluster.wait_until("the Deployment", lambda: _new_deployment(models, before))
    assert models.deployment(NAME)["spec"]["replicas"] == 3
    models.wait_ready(NAME)


def _new_deployment(models: Models, before: str) -> bool:
    found = models.cluster.get("deployment", NAME, namespace=models.namespace)
    return found is not None and found["metadata"]["uid"] != before


def test_drift_is_repaired_within_a_second(models: Models) -> None:
    """Timed from the answer of the API server to the edit, in the server's own clock: its audit log."""
    mark = models.cluster.audit_mark()
    models.kubectl("patch", "service", NAME, "--type=merge", "-p", '{"spec":{"selector":{"stolen":"yes"}}}')
    models.kubectl("delete", "networkpolicy", "-l", f"{labels.MODEL}={NAME}")
    models.cluster.wait_until("the repair", lambda: _repaired(models))
    time.sleep(0.5)  # the log is written after the answer
    events = [event for event in models.cluster.audit(mark) if event.namespace == models.namespace and event.write]
    for resource in ("services", "networkpolicies"):
        by_hand = next(e for e in events if e.resource == resource and "casava" not in e.user)
        repair = next(e for e in events if e.resource == resource and e.user.endswith("casava-operator"))
        assert (repair.at - by_hand.at).total_seconds() < 1


def _repaired(models: Models) -> bool:
    service = models.cluster.get("service", NAME, namespace=models.namespace)
    policies = models.cluster.items("networkpolicy", namespace=models.namespace, selector=f"{labels.MODEL}={NAME}")
    return service is not None and "stolen" not in service["spec"]["selector"] and bool(policies)


def test_nothing_has_a_finalizer_and_deletion_takes_every_child(models: Models) -> None:
    children = models.cluster.items(KINDS, namespace=models.namespace, selector=f"{labels.MODEL}={NAME}")
    assert {child["kind"] for child in children} >= {"Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"}
    assert not [c["metadata"]["name"] for c in [models.get(NAME), *children] if c["metadata"].get("finalizers")]
    models.kubectl("delete", "casava", NAME)
    models.cluster.wait_until(
        "every child to go",
        lambda: (
            not models.cluster.items(f"{KINDS},pods", namespace=models.namespace, selector=f"{labels.MODEL}={NAME}")
        ),
        timeout=90,
    )
