"""The decision on the number of replicas."""

from dataclasses import replace
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from casava_operator.scale import (
    Decision,
    Limits,
    Memory,
    Need,
    Rules,
    Sample,
    Why,
    decide,
    explain,
    limits_of,
    mode_of,
    replicas,
    start,
)
from tests.unit.judge import gen

RULES = Rules(stabilisation=300.0, stale_after=6.0)
LIMITS = Limits(minimum=1, maximum=5, target=4)

limits = st.builds(
    lambda low, more, target: Limits(low, low + more, target), st.integers(1, 8), st.integers(0, 12), st.integers(1, 16)
)
fresh = st.builds(Sample, st.integers(0, 200), st.floats(0, RULES.stale_after))
blind = st.one_of(
    st.just(Sample(None)), st.builds(Sample, st.integers(0, 200), st.floats(RULES.stale_after + 0.01, 1e6))
)
memories = st.lists(st.builds(Need, st.floats(-1000, 0), st.integers(1, 20)), max_size=5).map(
    lambda needs: Memory(tuple(sorted(needs, key=lambda need: need.at)))
)


def at_once(samples: list[Sample], desired: int, within: Limits = LIMITS, memory: Memory | None = None) -> Decision:
    return decide(samples, desired=desired, limits=within, memory=memory or Memory(), now=0.0, rules=RULES)


def run(loads: list[list[Sample]], desired: int, *, every: float = 1.0, rules: Rules = RULES) -> list[int]:
    """The numbers over time."""
    memory, now, numbers = start(desired, 0.0), 0.0, []
    for samples in loads:
        now += every
        found = decide(samples, desired=desired, limits=LIMITS, memory=memory, now=now, rules=rules)
        desired, memory = found.desired, found.memory
        numbers.append(desired)
    return numbers


@given(st.lists(st.one_of(fresh, blind), max_size=8), st.integers(-5, 100), limits, memories)
def test_the_number_is_always_within_the_limits(
    samples: list[Sample], desired: int, within: Limits, memory: Memory
) -> None:
    found = at_once(samples, desired, within, memory)
    assert within.minimum <= found.desired <= within.maximum
    assert within.minimum <= found.needed <= within.maximum


@given(st.lists(fresh, min_size=1, max_size=8), st.integers(1, 20), limits, memories, st.data())
def test_more_load_never_gives_fewer_replicas(
    samples: list[Sample], desired: int, within: Limits, memory: Memory, data: st.DataObject
) -> None:
    which = data.draw(st.integers(0, len(samples) - 1))
    more = [
        replace(sample, in_flight=(sample.in_flight or 0) + 7) if index == which else sample
        for index, sample in enumerate(samples)
    ]
    assert at_once(more, desired, within, memory).desired >= at_once(samples, desired, within, memory).desired


@given(st.lists(fresh, max_size=8), st.lists(blind, min_size=1, max_size=4), st.integers(1, 20), limits, memories)
def test_never_down_on_missing_or_stale_data(
    known: list[Sample], unknown: list[Sample], desired: int, within: Limits, memory: Memory
) -> None:
    found = at_once([*known, *unknown], desired, within, memory)
    assert found.desired >= within.bound(desired)
    assert found.unknown == len(unknown)


@given(st.integers(1, 20), limits, memories)
def test_never_down_when_there_is_no_replica_to_ask(desired: int, within: Limits, memory: Memory) -> None:
    assert at_once([], desired, within, memory).desired == within.bound(desired)


@given(st.lists(st.one_of(fresh, blind), max_size=8), st.integers(1, 20), limits, memories)
def test_the_same_decided_again_at_the_same_time_changes_nothing(
    samples: list[Sample], desired: int, within: Limits, memory: Memory
) -> None:
    once = at_once(samples, desired, within, memory)
    again = at_once(samples, once.desired, within, once.memory)
    assert again.desired == once.desired
    assert again.memory == once.memory


@given(st.lists(fresh, min_size=1, max_size=8), st.integers(1, 20), limits, memories)
def test_the_load_of_fresh_answers_is_always_met_at_once_up_to_the_maximum(
    samples: list[Sample], desired: int, within: Limits, memory: Memory
) -> None:
    load = sum(sample.in_flight or 0 for sample in samples)
    assert at_once(samples, desired, within, memory).desired >= min(ceil(load / within.target), within.maximum)


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(1, 20)), min_size=1, max_size=60))
def test_memory_tells_the_peak_of_its_window_and_stays_short(steps: list[tuple[float, int]]) -> None:
    memory, now, every = Memory(), 0.0, []
    for wait, need in steps:
        now += wait
        every.append(Need(now, need))
        memory = memory.with_need(every[-1], window=100.0)
        assert memory.peak == max(each.replicas for each in every if now - each.at <= 100.0)
        assert len({each.replicas for each in memory.needs}) == len(memory.needs)


def test_up_at_once_and_not_a_second_time_while_the_new_replicas_start() -> None:
    starting = Sample(None, idle_for_sure=True)
    first = at_once([Sample(10)], 1)
    assert (first.desired, first.why) == (3, Why.LOAD_ROSE)
    then = at_once([Sample(10), starting, starting], 3, memory=first.memory)
    assert (then.desired, then.why) == (3, Why.STEADY)


def test_down_only_after_the_whole_window_to_the_highest_need_in_it() -> None:
    idle = [Sample(0), Sample(0), Sample(0)]
    numbers = run([idle] * 299 + [[Sample(8), Sample(0), Sample(0)]] + [idle] * 400, 3)
    assert numbers[:300] == [3] * 300
    assert numbers[300] == 2  # two were needed for a moment, and that is what the window now remembers
    assert numbers[599] == 2
    assert numbers[-1] == 1


def test_a_restart_scales_nothing_down_for_a_whole_window() -> None:
    assert run([[Sample(0)]] * 299, 3)[-1] == 3
    assert run([[Sample(0)]] * 302, 3)[-1] == 1


def test_a_gap_in_the_data_starts_the_wait_anew() -> None:
    idle, gap = [Sample(0), Sample(0)], [Sample(0), Sample(0, age=60)]
    numbers = run([idle] * 200 + [gap] + [idle] * 299, 2)
    assert set(numbers) == {2}
    assert run([idle] * 200 + [gap] + [idle] * 302, 2)[-1] == 1


def test_replicas_that_never_come_up_do_not_hold_the_number() -> None:
    pending = Sample(None, idle_for_sure=True)
    assert run([[Sample(0), pending, pending]] * 302, 3)[-1] == 1


def test_reasons_tell_the_cases_apart() -> None:
    held = start(3, 0.0)
    assert at_once([Sample(0)], 3, memory=held).why is Why.STABILISING
    assert at_once([Sample(0), Sample(None)], 3, memory=held).why is Why.DATA_MISSING
    assert at_once([Sample(0)], 3).why is Why.LOAD_FELL
    assert at_once([Sample(99)], 9).why is Why.LIMITS_CHANGED
    assert at_once([Sample(4)], 1).why is Why.STEADY


def test_limits_take_effect_at_once() -> None:
    idle, held = [Sample(0)] * 5, start(5, 0.0)
    assert at_once(idle, 5, Limits(1, 2, 4), held).desired == 2
    assert at_once(idle, 1, Limits(3, 5, 4), Memory()).desired == 3


def test_a_change_is_explained_with_its_inputs() -> None:
    rose = at_once([Sample(10)], 1)
    assert explain(rose, LIMITS, RULES) == "10 requests in flight, 4 wanted for each replica"
    fell = at_once([Sample(1)], 3)
    assert "no more was needed in the last 300 s" in explain(fell, LIMITS, RULES)


def test_who_decides_follows_from_the_spec() -> None:
    scaled = gen.model(scaling={"minReplicas": 1, "maxReplicas": 3, "target": {"inFlight": 2}}).spec
    assert (str(mode_of(scaled)), limits_of(scaled)) == ("Auto", Limits(1, 3, 2))
    fixed = gen.model().spec
    assert (str(mode_of(fixed)), limits_of(fixed)) == ("Fixed", None)
    by_hand = gen.model(replicas=0, scaling={"maxReplicas": 3}).spec
    assert (str(mode_of(by_hand)), limits_of(by_hand)) == ("Off", None)


def test_the_planned_number_is_the_users_then_the_autoscalers_then_that_of_status_then_the_minimum() -> None:
    def of(fixed: int | None, recommended: int | None, remembered: int | None) -> int:
        return replicas(fixed=fixed, minimum=2, maximum=4, recommended=recommended, remembered=remembered)

    assert of(0, 3, 3) == 0
    assert of(9, 3, 3) == 9
    assert of(None, 3, 4) == 3
    assert of(None, None, 4) == 4
    assert of(None, None, 1) == 2
    assert of(None, None, 7) == 4
    assert of(None, None, None) == 2
