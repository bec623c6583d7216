"""Work that would hold up all streams, done in a thread beside the event loop."""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

LONG: Final = 16 * 1024  # bytes that are read in Python: a few milliseconds

ArgumentsT = ParamSpec("ArgumentsT")
ResultT = TypeVar("ResultT")


async def run(
    long: bool,
    work: Callable[ArgumentsT, ResultT],
    *arguments: ArgumentsT.args,
    **more: ArgumentsT.kwargs,
) -> ResultT:
    """What ``work`` gives. A thread costs about 0.1 ms: only what is ``long`` is worth it.

    A cancelled caller does not wait for it: the work goes on to its end, and nobody sees what it gives.
    """
    return await asyncio.to_thread(work, *arguments, **more) if long else work(*arguments, **more)
