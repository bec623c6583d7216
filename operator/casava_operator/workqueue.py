"""A queue of keys: each is worked on by at most one worker at a time, and never lost while it is dirty."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

BACKOFF_BASE: Final = 0.5  # seconds after the first failure
BACKOFF_LIMIT: Final = 300.0  # seconds

log = logging.getLogger(__name__)

K = TypeVar("K")


@dataclass(frozen=True)
class Outcome:
    """What a worker says of a key: ``requeue_after`` seconds (None: only when it changes), or that it failed.

    A failed key comes back after its backoff, which grows while it goes on failing; ``requeue_after`` is then the
    least delay.
    """

    requeue_after: float | None = None
    failed: bool = False


class Meter(Protocol):
    """What the queue tells its metrics."""

    def queue_added(self) -> None: ...
    def queue_depth(self, waiting: int, running: int) -> None: ...
    def queue_retried(self) -> None: ...


def backoff(failures: int, jitter: Callable[[], float]) -> float:
    """Seconds to wait after the n-th failure in a row: 0.5, 1, 2 ... 300, times the jitter."""
    return min(BACKOFF_BASE * 2.0 ** min(failures - 1, 20), BACKOFF_LIMIT) * jitter()


def spread() -> float:
    """Factor of 0.9 to 1.1, so that keys which failed together do not come back together."""
    return random.uniform(0.9, 1.1)  # noqa: S311 -- no secret


class WorkQueue(Generic[K]):
    """Keys to work on. ``add`` may be called from any coroutine of the loop; it never waits and never fails."""

    def __init__(
        self,
        *,
        workers: int,
        meter: Meter,
        jitter: Callable[[], float] = spread,
    ) -> None:
        self._count = workers
        self._meter = meter
        self._jitter = jitter
        self._ready: deque[K] = deque()
        self._dirty: set[K] = set()  # in _ready, or to be put there when its worker is done
        self._running: dict[K, float] = {}  # since when, on the loop's clock
        self._failures: dict[K, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._wakeup = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, key: K) -> None:
        """Work on the key soon. One that is waiting already is not added twice; one that is being worked on is
        worked on once more."""
        if self._stopping or key in self._dirty:
            return
        self._meter.queue_added()
        self._dirty.add(key)
        if key not in self._running:
            self._ready.append(key)
            self._wakeup.set()
        self._report()

    def add_after(self, key: K, delay: float) -> None:
        """Work on the key in ``delay`` seconds, or earlier: of several times asked for, the soonest counts."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        former = self._timers.get(key)
        if self._stopping or (former is not None and former.when() <= due):
            return
        if former is not None:
            former.cancel()
        self._timers[key] = loop.call_at(due, self._due, key)

    def start(self, work: Callable[[K], Awaitable[Outcome]]) -> None:
        """Start the workers. Keys may have been added before."""
        self._tasks = [asyncio.create_task(self._worker(work), name=f"queue worker {n}") for n in range(self._count)]

    async def stop(self, grace: float) -> bool:
        """Take no more keys; give those that are being worked on ``grace`` seconds. True when all were finished."""
        self._stopping = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._wakeup.set()
        if not self._tasks:
            return True
        _, late = await asyncio.wait(self._tasks, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return not late

    def oldest_running(self) -> float:
        """Seconds for which the slowest worker has been on its key; 0 when none works."""
        if not self._running:
            return 0.0
        return asyncio.get_running_loop().time() - min(self._running.values())

    def _due(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _report(self) -> None:
        self._meter.queue_depth(len(self._ready), len(self._running))

    async def _worker(self, work: Callable[[K], Awaitable[Outcome]]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._ready and not self._stopping:
                self._wakeup.clear()
                await self._wakeup.wait()
            if self._stopping:
                return
            key = self._ready.popleft()
            self._dirty.discard(key)
            self._running[key] = loop.time()
            self._report()
            try:
                outcome = await work(key)
            except Exception:
                log.exception("a bug: the work on a key failed unexpectedly", extra={"key": str(key)})
                outcome = Outcome(failed=True)
            finally:
                del self._running[key]
            self._done(key, outcome)

    def _done(self, key: K, outcome: Outcome) -> None:
        if key in self._dirty:
            self._ready.append(key)
            self._wakeup.set()
        if outcome.failed:
            self._failures[key] = self._failures.get(key, 0) + 1
            delay = max(backoff(self._failures[key], self._jitter), outcome.requeue_after or 0.0)
            self._meter.queue_retried()
            self.add_after(key, delay)
        else:
            self._failures.pop(key, None)
            # What is true now decides when to look again, not what a former run asked for.
            if timer := self._timers.pop(key, None):
                timer.cancel()
            if outcome.requeue_after is not None:
                self.add_after(key, outcome.requeue_after)
        self._report()
