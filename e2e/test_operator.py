"""The operator is ended in the middle of its work, and nobody notices."""

import signal
import time
from datetime import UTC, datetime

import pytest

from e2e.support.casava import OPERATOR, OPERATOR_USER, SYSTEM, Casava
from e2e.support.manifests import model
from e2e.support.models import Models
from e2e.support.processes import send

NAME = "steady"
QUIET = 30  # seconds


def test_killed_in_the_middle_of_a_rollout_it_finishes_and_then_rests(casava: Casava, models: Models) -> None:
    models.apply(model(NAME, models.image))
    models.wait_ready(NAME)
    models.patch(NAME, {"engine": {"maxSequenceLength": 640}})
    for pod in casava.operator_pods():
        send(pod["metadata"]["name"], "casava-operator", signal.SIGKILL)
    models.wait_ready(NAME, timeout=90)
    models.cluster.wait_until("one pod to be left", lambda: len(models.pods(NAME)) == 1, timeout=60)
    config = models.deployment(NAME)["spec"]["template"]["spec"]["volumes"]
    assert any("configMap" in volume for volume in config)
    casava.wait_for_leader()
    _settle(casava)
    mark = models.cluster.audit_mark()
    time.sleep(QUIET)
    assert casava.writes(mark) == []
    renewals = [e for e in models.cluster.audit(mark) if e.user == OPERATOR_USER and e.resource == "leases" and e.write]
    assert renewals, "nobody leads: the silence proves nothing"


def _settle(casava: Casava) -> None:
    """Until the last pod of the old revision is gone, status still has something to say."""
    last = casava.cluster.audit_mark()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        time.sleep(5)
        if not casava.writes(last):
            return
        last = casava.cluster.audit_mark()


@pytest.mark.parametrize(
    ("number", "within"), [(signal.SIGTERM, 3), (signal.SIGKILL, 25)], ids=["asked to stop", "killed"]
)
def test_the_other_replica_takes_over(casava: Casava, number: signal.Signals, within: float) -> None:
    casava.cluster.kubectl("rollout", "status", f"deployment/{OPERATOR}", f"--namespace={SYSTEM}", "--timeout=60s")
    leader = casava.wait_for_leader()
    ended = datetime.now(UTC)
    send(leader, "casava-operator", number)
    successor = casava.wait_for_leader(other_than=leader)
    lease = casava.cluster.get("lease", OPERATOR, namespace=SYSTEM)
    assert lease is not None
    taken = datetime.fromisoformat(lease["spec"]["acquireTime"])
    assert successor != leader
    assert (taken - ended).total_seconds() < within
