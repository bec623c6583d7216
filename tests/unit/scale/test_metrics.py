"""The registry: what it counts, and that it stays bounded."""

from typing import Any

from prometheus_client import generate_latest

from casava_operator.keys import Key
from casava_operator.metrics import Metrics
from casava_operator.scale import Decision, Limits, Memory, Why

A, B = Key("team", "a"), Key("team", "b")


def conditions(**statuses: str) -> list[dict[str, Any]]:
    return [{"type": kind, "status": status} for kind, status in statuses.items()]


def models(metrics: Metrics, condition: str, status: str) -> float | None:
    labels = {"condition": condition, "status": status}
    return metrics.registry.get_sample_value("casava_operator_models", labels)


def test_each_model_is_counted_once_under_what_it_is_now() -> None:
    metrics = Metrics()
    metrics.model_conditions(A, conditions(Ready="False"))
    metrics.model_conditions(B, conditions(Ready="True"))
    metrics.model_conditions(A, conditions(Ready="True", Degraded="True"))
    metrics.model_conditions(A, conditions(Ready="True", Degraded="True"))
    assert models(metrics, "Ready", "True") == 2
    assert models(metrics, "Ready", "False") == 0
    assert models(metrics, "Degraded", "True") == 1
    metrics.model_gone(A)
    metrics.model_gone(A)
    assert models(metrics, "Ready", "True") == 1
    assert models(metrics, "Degraded", "True") == 0


def test_conditions_of_others_make_no_series() -> None:
    metrics = Metrics()
    metrics.model_conditions(A, conditions(Ready="True", SomebodyElses="True"))
    assert models(metrics, "SomebodyElses", "True") is None


def test_models_that_come_and_go_leave_no_series_behind() -> None:
    metrics = Metrics()
    size = 0
    for index in range(50):
        key = Key("team", f"m{index}")
        metrics.model_conditions(key, conditions(Ready="True"))
        metrics.scaling(key, Limits(1, 3, 4), Decision(1, 1, 0, 0, Why.STEADY, Memory()))
        metrics.model_gone(key)
        lines = [line for line in generate_latest(metrics.registry).splitlines() if line.startswith(b"casava_")]
        size = size or len(lines)
        assert len(lines) == size


def test_a_process_begins_as_no_leader_and_two_registries_do_not_meet() -> None:
    one, two = Metrics(), Metrics()
    one.leading(True)
    assert one.registry.get_sample_value("casava_operator_leader") == 1
    assert two.registry.get_sample_value("casava_operator_leader") == 0


def test_what_the_loop_does_is_counted() -> None:
    metrics = Metrics()
    metrics.queue_added()
    metrics.queue_retried()
    metrics.queue_depth(3, 2)
    metrics.reconciled("ok", 0.02)
    metrics.api_request("PATCH", "deployments", 200)
    metrics.api_request("PATCH", "deployments", "error")
    metrics.relist()
    metrics.ghosts("Pod", 2)
    metrics.events_dropped(4)
    metrics.probed("timeout", 1.0)
    metrics.probed_pods(7)
    value = metrics.registry.get_sample_value
    assert value("casava_operator_queue_adds_total") == 1
    assert value("casava_operator_queue_retries_total") == 1
    assert value("casava_operator_queue_depth") == 3
    assert value("casava_operator_queue_running") == 2
    assert value("casava_operator_reconcile_seconds_count", {"result": "ok"}) == 1
    for code in ("200", "error"):
        labels = {"verb": "PATCH", "resource": "deployments", "code": code}
        assert value("casava_operator_api_requests_total", labels) == 1
    assert value("casava_operator_watch_relists_total") == 1
    assert value("casava_operator_ghosts_swept_total", {"kind": "Pod"}) == 2
    assert value("casava_operator_events_dropped_total") == 4
    assert value("casava_operator_probe_seconds_count", {"outcome": "timeout"}) == 1
    assert value("casava_operator_probed_pods") == 7
