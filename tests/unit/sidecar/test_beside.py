import threading

import pytest

from casava_sidecar import beside


def place(answer: int) -> tuple[int, threading.Thread]:
    return answer, threading.current_thread()


async def test_what_is_long_leaves_the_event_loop_to_the_others() -> None:
    here = threading.current_thread()
    assert await beside.run(False, place, answer=1) == (1, here)
    answer, there = await beside.run(True, place, 2)
    assert (answer, there is here) == (2, False)


@pytest.mark.parametrize("long", [False, True])
async def test_errors_reach_the_caller_from_everywhere(long: bool) -> None:
    with pytest.raises(ZeroDivisionError):
        await beside.run(long, divmod, 1, 0)
