"""What the operator tells Prometheus about itself and its models.

Labels are bounded: verbs, codes and reasons are closed sets, and the series of a model go when the model goes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from casava_operator.keys import Key
from casava_operator.scale import Decision, Limits, Why
from casava_wire.reasons import Condition

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_MODEL = ("namespace", "name")


class Metrics:
    """All metrics of one operator, in a registry of its own. Call it from the event loop's thread alone."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._loop()
        self._api()
        self._models()
        self._scaling()
        self._probes()

    def _loop(self) -> None:
        at = self.registry
        self._adds = Counter("casava_operator_queue_adds", "Keys put into the work queue.", registry=at)
        self._retries = Counter("casava_operator_queue_retries", "Keys that failed and come back later.", registry=at)
        self._waiting = Gauge("casava_operator_queue_depth", "Keys that wait for a worker.", registry=at)
        self._running = Gauge("casava_operator_queue_running", "Keys that are being worked on.", registry=at)
        self._reconcile = Histogram(
            "casava_operator_reconcile_seconds",
            "Time to reconcile one model, by how it ended: ok, refused, conflict, transient, bug.",
            ("result",),
            buckets=_SECONDS,
            registry=at,
        )
        self._contract_reconcile = Histogram(
            "casava_operator_contract_reconcile_seconds",
            "Time to look at one OutputContract, by how it ended: ok, refused, conflict, transient, bug.",
            ("result",),
            buckets=_SECONDS,
            registry=at,
        )
        self._leader = Gauge("casava_operator_leader", "1 while this process leads.", registry=at)
        self._leader.set(0)

    def _api(self) -> None:
        at = self.registry
        self._requests = Counter(
            "casava_operator_api_requests",
            "Requests to the API server. code: the HTTP status, or 'error' when there was no answer.",
            ("verb", "resource", "code"),
            registry=at,
        )
        self._relists = Counter("casava_operator_watch_relists", "Times that a watch listed anew.", registry=at)
        self._ghosts = Counter(
            "casava_operator_ghosts_swept",
            "Objects that were gone from the API server although no watch had said so.",
            ("kind",),
            registry=at,
        )
        self._events_dropped = Counter(
            "casava_operator_events_dropped", "Kubernetes Events that could not be written.", registry=at
        )

    def _models(self) -> None:
        self._statuses: dict[Key, tuple[tuple[str, str], ...]] = {}
        self._by_condition = Gauge(
            "casava_operator_models",
            "Models by the status of each of their conditions.",
            ("condition", "status"),
            registry=self.registry,
        )

    def _scaling(self) -> None:
        self._scaled: dict[Key, tuple[int, ...]] = {}

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"casava_operator_scaling_{name}", text, _MODEL, registry=self.registry)

        self._inputs = (  # in the order of the values in scaling()
            gauge("in_flight", "Requests running and waiting in all replicas, as last decided upon."),
            gauge("unknown_replicas", "Replicas that may hold requests and gave no fresh answer."),
            gauge("target_in_flight", "Wanted requests in flight per replica."),
            gauge("min_replicas", "Fewest replicas."),
            gauge("max_replicas", "Most replicas."),
            gauge("needed_replicas", "Replicas that the present load alone would need."),
            gauge("desired_replicas", "Replicas that were decided upon."),
        )
        decisions = Counter(
            "casava_operator_scaling_decisions", "Decisions by what they rest on.", ("why",), registry=self.registry
        )
        self._decided = {why: decisions.labels(why.value) for why in Why}

    def _probes(self) -> None:
        self._probe = Histogram(
            "casava_operator_probe_seconds",
            "Time to read the status of one pod, by outcome.",
            ("outcome",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._probed = Gauge("casava_operator_probed_pods", "Pods whose status can be read.", registry=self.registry)

    def queue_added(self) -> None:
        self._adds.inc()

    def queue_retried(self) -> None:
        self._retries.inc()

    def queue_depth(self, waiting: int, running: int) -> None:
        self._waiting.set(waiting)
        self._running.set(running)

    def reconciled(self, result: str, seconds: float) -> None:
        self._reconcile.labels(result).observe(seconds)

    def contract_reconciled(self, result: str, seconds: float) -> None:
        self._contract_reconcile.labels(result).observe(seconds)

    def leading(self, leads: bool) -> None:
        self._leader.set(int(leads))

    def api_request(self, verb: str, resource: str, code: int | str) -> None:
        self._requests.labels(verb, resource, str(code)).inc()

    def relist(self) -> None:
        self._relists.inc()

    def ghosts(self, kind: str, count: int) -> None:
        self._ghosts.labels(kind).inc(count)

    def events_dropped(self, count: int = 1) -> None:
        self._events_dropped.inc(count)

    def model_conditions(self, key: Key, conditions: Sequence[Mapping[str, Any]]) -> None:
        """Count a model under the conditions that it has now, and no longer under those it had."""
        known = set(Condition)
        now = tuple((str(c["type"]), str(c["status"])) for c in conditions if c.get("type") in known)
        before = self._statuses.get(key, ())
        if now == before:
            return
        self._count(before, -1)
        self._count(now, 1)
        self._statuses[key] = now

    def _count(self, statuses: tuple[tuple[str, str], ...], by: int) -> None:
        for condition, status in statuses:
            self._by_condition.labels(condition, status).inc(by)

    def model_gone(self, key: Key) -> None:
        """Forget every series of a model."""
        self._count(self._statuses.pop(key, ()), -1)
        self.scaling_gone(key)

    def scaling(self, key: Key, limits: Limits, decision: Decision) -> None:
        """One decision with its inputs. Called each second for each model: only what differs is written."""
        self._decided[decision.why].inc()
        values = (
            decision.in_flight,
            decision.unknown,
            limits.target,
            limits.minimum,
            limits.maximum,
            decision.needed,
            decision.desired,
        )
        if self._scaled.get(key) == values:
            return
        self._scaled[key] = values
        for gauge, value in zip(self._inputs, values, strict=True):
            gauge.labels(*key).set(value)

    def scaling_gone(self, key: Key) -> None:
        """The autoscaler no longer decides for this model."""
        if key not in self._scaled:
            return
        del self._scaled[key]
        for gauge in self._inputs:
            gauge.remove(*key)

    def probed(self, outcome: str, seconds: float) -> None:
        """``outcome``: ok, unreachable, timeout or invalid."""
        self._probe.labels(outcome).observe(seconds)

    def probed_pods(self, count: int) -> None:
        self._probed.set(count)
