"""The time, the turn and the end of every request that reaches the engine, whatever API it came by."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from casava_sidecar.admission import Gate
from casava_sidecar.errors import ApiError, timed_out, unavailable
from casava_sidecar.metrics import Metrics


@dataclass(slots=True)
class Ticket:
    """One request on its way. ``arrival`` is on the event loop's clock, in seconds."""

    arrival: float
    generating: bool = False  # the engine works on it: its end before time is a cancellation


class Desk:
    """Lets requests in, at most ``timeout_seconds`` each from their arrival, and ends them all when it must."""

    def __init__(self, gate: Gate, timeout_seconds: float, metrics: Metrics) -> None:
        self._gate = gate
        self._timeout_seconds = timeout_seconds
        self._metrics = metrics
        self._deadlines: set[asyncio.Timeout] = set()
        self._ended = False

    @asynccontextmanager
    async def timed(self) -> AsyncIterator[Ticket]:
        """Ends its body in time. Raises ApiError: 504 at the deadline, 503 when all was ended, 429 at once."""
        self._gate.refuse_when_full()  # before the body is read: a crowd that is turned away must cost little
        ticket = Ticket(asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout_at(ticket.arrival + self._timeout_seconds) as deadline:
                self._deadlines.add(deadline)
                try:
                    yield ticket
                finally:
                    self._deadlines.discard(deadline)
        except TimeoutError:
            self._cancelled(ticket, "drain" if self._ended else "timeout")
            raise self._late() from None
        except (asyncio.CancelledError, ConnectionError):
            self._cancelled(ticket, "client")
            raise

    @asynccontextmanager
    async def turn(self, ticket: Ticket) -> AsyncIterator[None]:
        """Runs its body when it is this request's turn. Raises ApiError 429."""
        async with self._gate.slot():
            ticket.generating = True
            yield
            ticket.generating = False

    def end_all(self) -> None:
        """Ends every request now: the drain timeout is over."""
        self._ended = True
        now = asyncio.get_running_loop().time()
        for deadline in self._deadlines:
            if not deadline.expired():
                deadline.reschedule(now)

    def _late(self) -> ApiError:
        if self._ended:
            return unavailable("This replica is going away and the answer was not done in time.", "shutting_down")
        return timed_out(self._timeout_seconds)

    def _cancelled(self, ticket: Ticket, reason: str) -> None:
        if ticket.generating:
            self._metrics.cancellations.labels(reason).inc()
