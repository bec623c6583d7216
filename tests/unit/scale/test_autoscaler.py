"""The loop around the decision: what it remembers, whom it wakes, what it tells."""

from collections.abc import Mapping
from typing import Any

from casava_operator.keys import Key, Manifest
from casava_operator.metrics import Metrics
from casava_operator.observe.facts import Probe, ScalingMode
from casava_operator.scale import Rules
from casava_operator.scale.autoscaler import Autoscaler
from tests.unit.judge import gen

KEY = Key("team", "chat")
SCALED = gen.model(scaling={"minReplicas": 1, "maxReplicas": 3, "target": {"inFlight": 4}})


class World:
    """An autoscaler with a clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.probes: dict[str, Probe] = {}
        self.woken: list[Key] = []
        self.metrics = Metrics()
        self.scaler = Autoscaler(
            lambda: self.probes, self.woken.append, self.metrics, rules=Rules(stabilisation=10), clock=lambda: self.now
        )

    def watch(self, *pods: Manifest, remembered: int | None = None, **spec: Any) -> None:
        model = gen.model(**spec) if spec else SCALED
        self.scaler.watch(KEY, model, pods, remembered)

    def load(self, **requests: int | None) -> None:
        """Fresh answers of pods; None: the last one stays, and ages."""
        for name, running in requests.items():
            if running is not None:
                self.probes[f"uid-{name}"] = gen.probe(gen.answer(running=running, waiting=0), at=self.now)

    def pass_seconds(self, seconds: int, **requests: int | None) -> None:
        for _ in range(seconds):
            self.now += 1
            self.load(**requests)
            self.scaler.decide_all()

    def sample(self, name: str, /, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"casava_operator_scaling_{name}", labels)

    @property
    def of_model(self) -> Mapping[str, float | None]:
        names = ("in_flight", "unknown_replicas", "needed_replicas", "desired_replicas", "max_replicas")
        return {name: self.sample(name, namespace="team", name="chat") for name in names}


def test_a_load_adds_replicas_wakes_the_model_once_and_says_why() -> None:
    world = World()
    world.watch(gen.pod("a"))
    world.pass_seconds(3, a=9)
    assert world.scaler.recommended(KEY) == 3
    assert world.woken == [KEY]
    scaling = world.scaler.scaling(SCALED, 3)
    assert (scaling.desired, scaling.mode) == (3, ScalingMode.AUTO)
    assert scaling.why == "9 requests in flight, 4 wanted for each replica"


def test_running_and_waiting_requests_both_count() -> None:
    world = World()
    world.watch(gen.pod("a"))
    world.probes["uid-a"] = gen.probe(gen.answer(running=4, waiting=1), at=100)
    world.scaler.decide_all()
    assert world.scaler.recommended(KEY) == 2


def test_the_number_comes_down_when_the_load_is_gone_for_the_whole_window() -> None:
    world = World()
    world.watch(gen.pod("a"), gen.pod("b"), remembered=2)
    world.pass_seconds(9, a=0, b=0)
    assert world.scaler.recommended(KEY) == 2
    world.pass_seconds(3, a=0, b=0)
    assert world.scaler.recommended(KEY) == 1
    assert world.woken == [KEY]


def test_a_restart_begins_with_the_number_in_status() -> None:
    world = World()
    world.watch(gen.pod("a"), gen.pod("b"), gen.pod("c"), remembered=3)
    assert world.scaler.recommended(KEY) == 3
    world.pass_seconds(9)
    assert world.scaler.recommended(KEY) == 3
    assert world.woken == []


def test_a_replica_that_answers_no_more_holds_the_number() -> None:
    world = World()
    world.watch(gen.pod("a"), gen.pod("b"), remembered=2)
    world.pass_seconds(1, a=0, b=0)
    world.pass_seconds(60, a=0, b=None)
    assert world.scaler.recommended(KEY) == 2
    assert world.of_model["unknown_replicas"] == 1


def test_a_replica_that_has_no_node_holds_nothing() -> None:
    world = World()
    world.watch(gen.pod("a"), gen.unscheduled("0/0 nodes are available", "b"), remembered=2)
    world.pass_seconds(12, a=0)
    assert world.scaler.recommended(KEY) == 1


def test_a_replica_on_its_way_out_no_longer_counts() -> None:
    world = World()
    going = gen.pod("b")
    going["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:00Z"
    world.watch(gen.pod("a"), going)
    world.load(b=99)
    world.pass_seconds(2, a=1)
    assert world.scaler.recommended(KEY) == 1


def test_it_keeps_out_when_somebody_else_decides() -> None:
    world = World()
    world.watch(gen.pod("a"))
    world.pass_seconds(1, a=9)
    world.watch(gen.pod("a"), replicas=2, scaling={"maxReplicas": 3})
    assert world.scaler.recommended(KEY) is None
    assert set(world.of_model.values()) == {None}
    fixed = gen.model(replicas=2, scaling={"maxReplicas": 3})
    assert world.scaler.scaling(fixed, 2).mode is ScalingMode.OFF


def test_edited_limits_hold_from_the_next_decision() -> None:
    world = World()
    world.watch(gen.pod("a"))
    world.pass_seconds(1, a=99)
    assert world.scaler.recommended(KEY) == 3
    world.watch(gen.pod("a"), scaling={"minReplicas": 1, "maxReplicas": 2})
    world.pass_seconds(1, a=99)
    assert world.scaler.recommended(KEY) == 2


def test_every_decision_is_in_the_metrics_with_its_inputs() -> None:
    world = World()
    world.watch(gen.pod("a"))
    world.pass_seconds(2, a=9)
    assert world.of_model == {
        "in_flight": 9,
        "unknown_replicas": 0,
        "needed_replicas": 3,
        "desired_replicas": 3,
        "max_replicas": 3,
    }
    assert world.sample("decisions_total", why="LoadRose") == 1
    assert world.sample("decisions_total", why="Steady") == 1


def test_the_series_of_a_model_go_with_it() -> None:
    world = World()
    world.watch(gen.pod("a"))
    world.pass_seconds(1, a=9)
    world.scaler.forget(KEY)
    world.scaler.forget(KEY)
    assert set(world.of_model.values()) == {None}
    assert world.scaler.recommended(KEY) is None
