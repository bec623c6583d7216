"""Runs after all other tests: what the chart grants the operator is what the operator used."""

import re
from collections.abc import Iterator

from e2e.support.casava import OPERATOR, OPERATOR_USER, SYSTEM, Casava
from e2e.support.manifests import Manifest

# Granted, and not to be used in a run in which nothing goes wrong. Each has its reason. That each is used at all is
# shown with the operator against an API server alone.
_PRUNED = "a child that a former release planned, or a copy of one, is pruned"
UNUSED: dict[tuple[str, str], str] = {
    ("delete", "controllerrevisions"): "of a model that was edited more than five times the oldest go",
    ("delete", "networkpolicies"): "they go when the installation turns them off",
    ("delete", "deployments"): _PRUNED,
    ("delete", "services"): _PRUNED,
    ("delete", "serviceaccounts"): _PRUNED,
}

CREATED, FORBIDDEN = 201, 403

Right = tuple[str, str]  # verb, resource


def _granted(rules: list[Manifest]) -> Iterator[Right]:
    for rule in rules:
        yield from ((verb, resource) for resource in rule["resources"] for verb in rule["verbs"])


def test_no_right_is_granted_that_was_not_used(casava: Casava) -> None:
    cluster = casava.cluster
    rules = [
        rule
        for kind in ("clusterrole", "role")
        for role in cluster.items(kind, namespace="" if kind == "clusterrole" else SYSTEM)
        if role["metadata"]["name"] in {OPERATOR, f"{OPERATOR}-lease"}
        for rule in role["rules"]
    ]
    events = [event for event in cluster.audit() if event.user == OPERATOR_USER]
    used = {(event.verb, event.resource) for event in events}
    # A server-side apply that makes an object is a patch in the log; the API server asks for both rights.
    used |= {("create", event.resource) for event in events if event.verb == "patch" and event.code == CREATED}
    granted = set(_granted(rules))
    assert granted, "the chart's roles were not found"
    assert not {right for right in granted - used if right not in UNUSED}
    # What every authenticated client may ask is not the chart's to grant.
    open_to_all = re.compile(r"^(selfsubject\w+|)$")
    assert not {right for right in used - granted if not open_to_all.match(right[1])}


def test_nothing_was_forbidden(casava: Casava) -> None:
    """But for the Lease that a pod gives back: helm takes the rights away in the same moment as the pod."""
    refused = [
        f"{event.verb} {event.resource} {event.namespace}/{event.name}"
        for event in casava.cluster.audit()
        if event.user == OPERATOR_USER and event.code == FORBIDDEN and event.resource != "leases"
    ]
    assert refused == []
