"""The leader's loop that feeds ``scale.decide`` and remembers the number for each model."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casava_operator.keys import Key
from casava_operator.metrics import Metrics
from casava_operator.observe.facts import ContainerState, PodFacts, Probe, Scaling
from casava_operator.observe.pods import pod_facts
from casava_operator.scale import Decision, Limits, Memory, Rules, Sample, decide, explain, limits_of, mode_of, start
from casava_operator.spec import CasavaModel

PERIOD = 1.0  # seconds between two decisions


@dataclass(frozen=True)
class _Replica:
    uid: str
    idle_for_sure: bool


@dataclass
class _Scaled:
    """One model that the autoscaler decides for."""

    limits: Limits
    replicas: tuple[_Replica, ...]
    desired: int
    memory: Memory
    why: str = ""


class Autoscaler:
    """Decides once per period for every model between its bounds. ``changed`` is called when a number changed.

    A number that was found in status is kept until the load says otherwise for a whole window: a restart does not
    scale.
    """

    def __init__(
        self,
        probes: Callable[[], Mapping[str, Probe]],
        changed: Callable[[Key], None],
        metrics: Metrics,
        *,
        rules: Rules,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probes = probes
        self._changed = changed
        self._metrics = metrics
        self._rules = rules
        self._clock = clock
        self._models: dict[Key, _Scaled] = {}

    def watch(self, key: Key, model: CasavaModel, pods: Sequence[Mapping[str, Any]], remembered: int | None) -> None:
        """Say what a model wants and has now. ``remembered``: ``status.scaling.desired``. Cheap."""
        limits = limits_of(model.spec)
        if limits is None:
            self.forget(key)
            return
        replicas = tuple(_replica(pod) for pod in (pod_facts(each, None) for each in pods) if pod.live)
        known = self._models.get(key)
        if known is None:
            desired = limits.bound(remembered if remembered is not None else limits.minimum)
            self._models[key] = _Scaled(limits, replicas, desired, start(desired, self._clock()))
        else:
            known.limits, known.replicas = limits, replicas

    def forget(self, key: Key) -> None:
        """The model is gone, or somebody else decides."""
        if self._models.pop(key, None) is not None:
            self._metrics.scaling_gone(key)

    def recommended(self, key: Key) -> int | None:
        """The number decided for a model; None when nothing is decided for it."""
        found = self._models.get(key)
        return found.desired if found else None

    def scaling(self, model: CasavaModel, replicas: int) -> Scaling:
        """For ``observe``: the planned number, who wants it, and why it was changed last."""
        found = self._models.get(model.key)
        return Scaling(desired=replicas, mode=mode_of(model.spec), why=found.why if found else "")

    async def run(self) -> None:
        """Decide until cancelled."""
        while True:
            await asyncio.sleep(PERIOD)
            self.decide_all()

    def decide_all(self) -> None:
        """One round."""
        now = self._clock()
        for key, model in self._models.items():
            decision = self._decide(model, now)
            self._metrics.scaling(key, model.limits, decision)
            if decision.desired != model.desired:
                model.why = explain(decision, model.limits, self._rules)
                model.desired = decision.desired
                self._changed(key)
            model.memory = decision.memory

    def _decide(self, model: _Scaled, now: float) -> Decision:
        probes = self._probes()
        return decide(
            [_sample(replica, probes.get(replica.uid), now) for replica in model.replicas],
            desired=model.desired,
            limits=model.limits,
            memory=model.memory,
            now=now,
            rules=self._rules,
        )


def _replica(pod: PodFacts) -> _Replica:
    return _Replica(pod.uid, idle_for_sure=pod.sidecar.state is not ContainerState.RUNNING)


def _sample(replica: _Replica, probe: Probe | None, now: float) -> Sample:
    if probe is None or probe.status is None:
        return Sample(None, idle_for_sure=replica.idle_for_sure)
    load = probe.status.running + probe.status.waiting
    return Sample(load, age=now - probe.at, idle_for_sure=replica.idle_for_sure)
