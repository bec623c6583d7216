"""How many replicas a model needs: one pure decision on the requests in flight.

The rules, in order:

1. *Needed* is ``ceil(requests in flight / target)``, bounded by min and max. In flight means running plus waiting. The
   sum over all replicas is what counts, so replicas that are still starting cannot make the number run away.
2. Up at once, on whatever is known: a replica that did not answer can only add to the sum.
3. Down only to the highest need of the last ``stabilisation`` seconds, as the HorizontalPodAutoscaler does.
4. Never down while a replica may hold requests that nobody has counted: one that runs and has no fresh answer. Such a
   moment counts as a need of the present number, so that the wait begins anew when the answers come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from casava_operator.observe.facts import ScalingMode
from casava_operator.spec.fields import Spec


@dataclass(frozen=True)
class Rules:
    """Settings of the site. Seconds."""

    stabilisation: float = 300.0
    stale_after: float = 6.0


@dataclass(frozen=True)
class Limits:
    """Of one model: ``1 <= minimum <= maximum``; ``target`` is the wanted number of requests in flight per replica."""

    minimum: int
    maximum: int
    target: int

    def bound(self, replicas: int) -> int:
        """``replicas``, within min and max."""
        return max(self.minimum, min(self.maximum, replicas))


@dataclass(frozen=True)
class Sample:
    """One replica that counts. ``in_flight`` is None when it never answered; ``age`` is in seconds.

    ``idle_for_sure``: its sidecar does not run, so that it can hold no request whatever is not known of it.
    """

    in_flight: int | None
    age: float = 0.0
    idle_for_sure: bool = False

    def fresh(self, stale_after: float) -> bool:
        """The number can be believed."""
        return self.idle_for_sure or (self.in_flight is not None and 0 <= self.age <= stale_after)

    def load(self) -> int:
        """Requests that it holds for all that is known."""
        return 0 if self.idle_for_sure else max(self.in_flight or 0, 0)


@dataclass(frozen=True)
class Need:
    """So many replicas were needed at that time (seconds, monotonic)."""

    at: float
    replicas: int


@dataclass(frozen=True)
class Memory:
    """Recent needs that still hold the number up: times rise, numbers fall, so that it stays short."""

    needs: tuple[Need, ...] = ()

    def with_need(self, need: Need, *, window: float) -> "Memory":
        """Add the newest need; drop what is older than the window and what the newest one outlives."""
        kept = (old for old in self.needs if need.at - old.at <= window and old.replicas > need.replicas)
        return Memory((*kept, need))

    @property
    def peak(self) -> int:
        """The highest need that is remembered."""
        return max((need.replicas for need in self.needs), default=0)


class Why(StrEnum):
    """What a decision rests on; a label of a metric, so a closed set."""

    LOAD_ROSE = "LoadRose"
    LOAD_FELL = "LoadFell"
    LIMITS_CHANGED = "LimitsChanged"
    STEADY = "Steady"
    STABILISING = "Stabilising"  # fewer would do now, but not for the whole window yet
    DATA_MISSING = "DataMissing"  # fewer might do, but a replica did not answer


@dataclass(frozen=True)
class Decision:
    """The wanted number of replicas with the inputs that gave it."""

    desired: int
    needed: int  # for the present load alone, within the limits
    in_flight: int  # known requests, running and waiting
    unknown: int  # replicas that may hold requests nobody has counted
    why: Why
    memory: Memory


def start(desired: int, now: float) -> Memory:
    """Memory of a process that begins: the number found is held for one whole window."""
    return Memory((Need(now, desired),))


def decide(
    samples: Sequence[Sample], *, desired: int, limits: Limits, memory: Memory, now: float, rules: Rules
) -> Decision:
    """The next number of replicas. ``desired`` is the present one; ``samples`` are all replicas that exist."""
    in_flight = sum(sample.load() for sample in samples)
    unknown = sum(not sample.fresh(rules.stale_after) for sample in samples)
    blind = unknown > 0 or not samples
    needed = limits.bound(ceil(in_flight / limits.target))
    present = limits.bound(desired)
    held = max(needed, present) if blind else needed
    remembered = memory.with_need(Need(now, held), window=rules.stabilisation)
    wanted = needed if needed > present else min(present, limits.bound(remembered.peak))
    return Decision(
        desired=wanted,
        needed=needed,
        in_flight=in_flight,
        unknown=unknown,
        why=_why(wanted, needed=needed, present=present, desired=desired, blind=blind),
        memory=remembered,
    )


def _why(wanted: int, *, needed: int, present: int, desired: int, blind: bool) -> Why:
    if wanted > present:
        return Why.LOAD_ROSE
    if wanted < present:
        return Why.LOAD_FELL
    if wanted != desired:
        return Why.LIMITS_CHANGED
    if needed < wanted:
        return Why.DATA_MISSING if blind else Why.STABILISING
    return Why.STEADY


def limits_of(spec: Spec) -> Limits | None:
    """What the built-in autoscaler may do; None when there is nothing to decide."""
    if mode_of(spec) is not ScalingMode.AUTO:
        return None
    return Limits(spec.scaling.min_replicas, spec.scaling.highest, spec.in_flight_target)


def mode_of(spec: Spec) -> ScalingMode:
    """Who decides: a fixed ``spec.replicas`` beats everything."""
    if spec.replicas is not None:
        return ScalingMode.OFF
    return ScalingMode.AUTO if spec.scaling.highest > spec.scaling.min_replicas else ScalingMode.FIXED


def replicas(*, fixed: int | None, minimum: int, maximum: int, recommended: int | None, remembered: int | None) -> int:
    """What to plan: ``spec.replicas`` as it is, else the autoscaler's number, else the one in status, else the minimum.

    The autoscaler knows nothing yet for a moment after a restart: then ``status.scaling.desired`` holds.
    """
    if fixed is not None:
        return fixed
    found = recommended if recommended is not None else remembered
    return minimum if found is None else max(minimum, min(maximum, found))


def explain(decision: Decision, limits: Limits, rules: Rules) -> str:
    """Why the number changed, in words, for the Event."""
    load = f"{decision.in_flight} requests in flight, {limits.target} wanted for each replica"
    if decision.why is Why.LOAD_FELL:
        return f"{load}, and no more was needed in the last {rules.stabilisation:g} s"
    return load
