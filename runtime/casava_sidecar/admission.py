"""Who may run now, who waits, who is turned away."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from casava_sidecar.errors import too_busy

MIN_WAITING: Final = 16


class Gate:
    """At most ``max_concurrent`` requests run; as many again, but at least 16, wait in order of arrival."""

    def __init__(self, max_concurrent: int) -> None:
        self.max_concurrent = max_concurrent
        self.max_waiting = max(max_concurrent, MIN_WAITING)
        self.running = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting(self) -> int:
        return len(self._waiters)

    def refuse_when_full(self) -> None:
        """Raises ApiError 429 when one more request could neither run nor wait."""
        if self.running >= self.max_concurrent and len(self._waiters) >= self.max_waiting:
            raise too_busy(retry_after=1)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Runs its body when it is this request's turn. Raises ApiError 429 when the queue is full."""
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    async def idle(self) -> None:
        """Returns when nothing runs and nothing waits."""
        await self._idle.wait()

    async def _enter(self) -> None:
        if self.running < self.max_concurrent and not self._waiters:
            self.running += 1
            self._idle.clear()
            return
        self.refuse_when_full()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # Cancelled in the same tick in which its turn came: the slot was already passed on to it.
            if turn.done() and not turn.cancelled():
                self._leave()
            else:
                with suppress(ValueError):  # whoever left while this one was being cancelled dropped it
                    self._waiters.remove(turn)
            raise

    def _leave(self) -> None:
        # A slot is handed over, never freed and taken again: nobody who arrives in between can overtake the queue.
        while self._waiters:
            turn = self._waiters.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1
        if not self.running:
            self._idle.set()
