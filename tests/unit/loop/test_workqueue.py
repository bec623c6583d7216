"""The queue: no key twice at once, none lost, bounded workers, growing distances between retries."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_operator.workqueue import BACKOFF_LIMIT, Outcome, WorkQueue, backoff, spread
from tests.unit.loop.virtual import run


@dataclass
class Meter:
    """Counts what the queue tells."""

    adds: int = 0
    retries: int = 0
    depths: list[tuple[int, int]] = field(default_factory=list)

    def queue_added(self) -> None:
        self.adds += 1

    def queue_retried(self) -> None:
        self.retries += 1

    def queue_depth(self, waiting: int, running: int) -> None:
        self.depths.append((waiting, running))


def queue(workers: int = 2, meter: Meter | None = None) -> WorkQueue[str]:
    return WorkQueue(workers=workers, meter=meter or Meter(), jitter=lambda: 1.0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.floats(0, 3),  # seconds until the next step
        st.floats(0, 4),  # seconds that the work takes
        st.booleans(),  # whether the first try of it fails
    ),
    max_size=25,
)


@given(STEPS, st.integers(1, 3))
def test_no_key_is_worked_on_twice_at_once_and_none_is_lost(
    steps: list[tuple[str, float, float, bool]], workers: int
) -> None:
    running: set[str] = set()
    begun: dict[str, float] = {}
    asked: dict[str, float] = {}
    takes = {key: length for key, _, length, _ in steps}
    fails = {key for key, _, _, failing in steps if failing}

    async def work(key: str) -> Outcome:
        assert key not in running
        running.add(key)
        assert len(running) <= workers
        begun[key] = asyncio.get_running_loop().time()
        await asyncio.sleep(takes[key])
        running.discard(key)
        if key in fails:
            fails.discard(key)
            return Outcome(failed=True)
        return Outcome()

    async def play() -> None:
        tested = queue(workers)
        tested.start(work)
        for key, pause, _, _ in steps:
            tested.add(key)
            asked[key] = asyncio.get_running_loop().time()
            await asyncio.sleep(pause)
        await asyncio.sleep(1000)
        assert not tested._dirty
        assert not tested._running
        await tested.stop(0)

    run(play())
    assert begun.keys() == asked.keys()
    for key, at in asked.items():
        assert begun[key] >= at, "a key was added after its last work had begun"


def test_a_key_that_waits_is_not_added_twice() -> None:
    meter = Meter()
    worked: list[str] = []

    async def work(key: str) -> Outcome:
        worked.append(key)
        return Outcome()

    async def play() -> None:
        tested = queue(meter=meter)
        for _ in range(5):
            tested.add("a")
        tested.start(work)
        await asyncio.sleep(1)
        await tested.stop(0)

    run(play())
    assert worked == ["a"]
    assert meter.adds == 1


def test_a_key_added_during_its_work_is_worked_on_once_more() -> None:
    worked: list[float] = []

    async def play() -> None:
        tested = queue()

        async def work(key: str) -> Outcome:
            worked.append(asyncio.get_running_loop().time())
            if len(worked) == 1:
                tested.add(key)
                tested.add(key)
            await asyncio.sleep(1)
            return Outcome()

        tested.start(work)
        tested.add("a")
        await asyncio.sleep(10)
        await tested.stop(0)

    run(play())
    assert worked == [0, 1]


def test_a_failing_key_comes_back_at_growing_distances_and_is_forgiven_on_success() -> None:
    worked: list[float] = []

    async def work(_: str) -> Outcome:
        worked.append(asyncio.get_running_loop().time())
        return Outcome(failed=len(worked) != 4)

    async def play() -> None:
        tested = queue()
        tested.start(work)
        tested.add("a")
        await asyncio.sleep(5)
        tested.add("a")
        await asyncio.sleep(0.6)
        await tested.stop(0)

    run(play())
    assert worked == [0, 0.5, 1.5, 3.5, 5, 5.5]


def test_a_retry_waits_at_least_as_long_as_asked() -> None:
    worked: list[float] = []

    async def work(_: str) -> Outcome:
        worked.append(asyncio.get_running_loop().time())
        return Outcome(requeue_after=7, failed=len(worked) == 1)

    async def play() -> None:
        tested = queue()
        tested.start(work)
        tested.add("a")
        await asyncio.sleep(13)
        await tested.stop(0)

    run(play())
    assert worked == [0, 7]


def test_the_soonest_of_several_times_counts_and_a_newer_outcome_replaces_it() -> None:
    worked: list[float] = []

    async def work(_: str) -> Outcome:
        worked.append(asyncio.get_running_loop().time())
        return Outcome(requeue_after=100 if len(worked) == 1 else None)

    async def play() -> None:
        tested = queue()
        tested.start(work)
        tested.add("a")
        await asyncio.sleep(1)
        tested.add_after("a", 20)
        tested.add_after("a", 10)
        tested.add_after("a", 50)
        await asyncio.sleep(300)
        await tested.stop(0)

    run(play())
    assert worked == [0, 11]


def test_a_bug_in_the_work_ends_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    worked: list[str] = []

    async def work(key: str) -> Outcome:
        worked.append(key)
        if key == "bad":
            raise KeyError(key)
        return Outcome()

    async def play() -> None:
        tested = queue(workers=1)
        tested.start(work)
        tested.add("bad")
        tested.add("good")
        await asyncio.sleep(0.1)
        await tested.stop(0)

    run(play())
    assert worked == ["bad", "good"]
    assert "a bug" in caplog.text


@pytest.mark.parametrize(("takes", "grace", "clean"), [(1, 2, True), (5, 2, False)])
def test_stopping_waits_for_the_work_in_flight_but_not_for_ever(takes: float, grace: float, *, clean: bool) -> None:
    finished: list[str] = []

    async def work(key: str) -> Outcome:
        await asyncio.sleep(takes)
        finished.append(key)
        return Outcome()

    async def play() -> tuple[bool, float]:
        loop = asyncio.get_running_loop()
        tested = queue(workers=1)
        tested.start(work)
        tested.add("a")
        tested.add("never begun")
        await asyncio.sleep(0)
        began = loop.time()
        answer = await tested.stop(grace)
        tested.add("too late")
        return answer, loop.time() - began

    answer, took = run(play())
    assert answer is clean
    assert took <= grace
    assert finished == (["a"] if clean else [])


def test_the_slowest_work_in_flight_is_told() -> None:
    async def work(_: str) -> Outcome:
        await asyncio.sleep(30)
        return Outcome()

    async def play() -> list[float]:
        tested = queue()
        tested.start(work)
        told = [tested.oldest_running()]
        tested.add("a")
        await asyncio.sleep(2)
        tested.add("b")
        await asyncio.sleep(3)
        told.append(tested.oldest_running())
        await tested.stop(0)
        return told

    assert run(play()) == [0, 5]


@given(st.integers(1, 10_000))
def test_distances_grow_up_to_a_limit(failures: int) -> None:
    assert backoff(failures, lambda: 1.0) == min(0.5 * 2 ** min(failures - 1, 30), BACKOFF_LIMIT)
    assert backoff(failures, lambda: 1.0) <= backoff(failures + 1, lambda: 1.0)


def test_jitter_keeps_near_one() -> None:
    assert all(0.9 <= spread() <= 1.1 for _ in range(200))
