import asyncio

import pytest

from casava_sidecar.admission import Gate
from casava_sidecar.errors import ApiError


class Visitor:
    """One request: enters the gate, notes it, and leaves when told."""

    def __init__(self, gate: Gate, name: int, entered: list[int]) -> None:
        self.go = asyncio.Event()
        self.task = asyncio.create_task(self._visit(gate, name, entered))

    async def _visit(self, gate: Gate, name: int, entered: list[int]) -> None:
        async with gate.slot():
            entered.append(name)
            await self.go.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def visitors(gate: Gate, count: int) -> tuple[list[Visitor], list[int]]:
    entered: list[int] = []
    made = []
    for name in range(count):
        made.append(Visitor(gate, name, entered))
        await settle()
    return made, entered


@pytest.mark.parametrize(("running", "waiting"), [(1, 16), (16, 16), (64, 64)])
def test_as_many_wait_as_may_run_but_at_least_sixteen(running: int, waiting: int) -> None:
    assert Gate(running).max_waiting == waiting


async def test_waiters_enter_in_order_of_arrival() -> None:
    gate = Gate(2)
    made, entered = await visitors(gate, 6)
    assert entered == [0, 1]
    assert (gate.running, gate.waiting) == (2, 4)
    for visitor in made:
        visitor.go.set()
        await settle()
    assert entered == list(range(6))
    assert (gate.running, gate.waiting) == (0, 0)
    await gate.idle()


async def test_nobody_overtakes_one_whose_turn_came_in_the_same_moment() -> None:
    gate = Gate(1)
    made, entered = await visitors(gate, 2)
    made[0].go.set()
    late = Visitor(gate, 9, entered)
    await settle()
    assert entered == [0, 1]
    for visitor in (*made, late):
        visitor.go.set()
    await settle()
    assert entered == [0, 1, 9]


async def test_one_too_many_is_turned_away_with_a_time_to_come_back() -> None:
    gate = Gate(1)
    made, _ = await visitors(gate, 17)
    with pytest.raises(ApiError) as caught:
        async with gate.slot():
            pass
    assert caught.value.status == 429
    assert caught.value.headers["Retry-After"] == "1"
    with pytest.raises(ApiError):
        gate.refuse_when_full()
    for visitor in made:
        visitor.go.set()
    await settle()
    await gate.idle()
    gate.refuse_when_full()


async def test_a_waiter_that_leaves_is_forgotten() -> None:
    gate = Gate(1)
    made, entered = await visitors(gate, 3)
    made[1].task.cancel()
    await settle()
    assert gate.waiting == 1
    made[0].go.set()
    await settle()
    assert entered == [0, 2]


async def test_a_slot_is_not_lost_on_one_who_leaves_in_the_moment_of_its_turn() -> None:
    gate = Gate(1)
    made, entered = await visitors(gate, 3)
    made[0].go.set()
    await asyncio.sleep(0)  # its turn is set, its task has not run yet
    made[1].task.cancel()
    await settle()
    assert entered[-1] == 2
    made[2].go.set()
    await settle()
    assert (gate.running, gate.waiting) == (0, 0)
