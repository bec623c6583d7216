"""What Prometheus sees. No label holds anything that a client can choose."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from casava_sidecar.contract_metrics import ContractMetrics

_TTFT: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_INTER_TOKEN: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """One registry per sidecar."""

    def __init__(self, model: str) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        Gauge("casava_model_info", "The model that this sidecar serves.", ["model"], registry=registry).labels(
            model
        ).set(1)
        self.requests = Counter(
            "casava_requests", "Requests answered, by route and HTTP status.", ["route", "code"], registry=registry
        )
        self.running = Gauge("casava_requests_running", "Requests that the engine works on.", registry=registry)
        self.waiting = Gauge("casava_requests_waiting", "Requests that wait for their turn.", registry=registry)
        self.in_flight = Gauge(
            "casava_requests_in_flight", "Requests that run or wait: what scaling follows.", registry=registry
        )
        self.max_concurrent = Gauge(
            "casava_requests_max_concurrent", "Requests that may run at once.", registry=registry
        )
        self.ttft = Histogram(
            "casava_time_to_first_token_seconds",
            "From a request's arrival to the first text of its answer, waiting included.",
            buckets=_TTFT,
            registry=registry,
        )
        self.inter_token = Histogram(
            "casava_inter_token_seconds",
            "Between two pieces of text of one answer.",
            buckets=_INTER_TOKEN,
            registry=registry,
        )
        self.prompt_tokens = Counter("casava_prompt_tokens", "Tokens of prompts.", registry=registry)
        self.completion_tokens = Counter("casava_completion_tokens", "Tokens generated.", registry=registry)
        self.contracts = ContractMetrics(registry)
        self.cancellations = Counter(
            "casava_cancellations", "Generations cancelled before their end.", ["reason"], registry=registry
        )
        for reason in ("client", "timeout", "drain", "violation"):
            self.cancellations.labels(reason)

    def watch_loads(self, running: Callable[[], float], waiting: Callable[[], float], max_concurrent: int) -> None:
        """Reads the loads when they are asked for."""
        self.running.set_function(running)
        self.waiting.set_function(waiting)
        self.in_flight.set_function(lambda: running() + waiting())
        self.max_concurrent.set(max_concurrent)

    def text(self) -> bytes:
        return generate_latest(self.registry)
