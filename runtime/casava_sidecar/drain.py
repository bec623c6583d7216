"""Leaving without losing a request.

Phases, in order:

SERVING      nothing special.
PROPAGATING  the endpoint is being taken out of the cluster's tables. Readiness is off and every response closes its
             connection, so that pooled clients move away; whoever still comes is served.
FINISHING    new requests get 503; what runs and waits ends within the drain timeout.
DONE         nothing runs any more, or the timeout has ended what still ran.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Final

log: Final = logging.getLogger(__name__)


class Phase(IntEnum):
    SERVING = 0
    PROPAGATING = 1
    FINISHING = 2
    DONE = 3


class Drain:
    """Begins once, from the preStop hook or from SIGTERM, whichever is first; the other changes nothing."""

    def __init__(
        self,
        *,
        propagation_seconds: float,
        drain_seconds: float,
        idle: Callable[[], Awaitable[None]],
        on_finishing: Callable[[], None],
        on_timeout: Callable[[], Awaitable[None]],
    ) -> None:
        """``idle`` returns when nothing runs or waits; ``on_timeout`` ends what still does."""
        self._propagation_seconds = propagation_seconds
        self._drain_seconds = drain_seconds
        self._idle = idle
        self._on_finishing = on_finishing
        self._on_timeout = on_timeout
        self._phase = Phase.SERVING
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @property
    def phase(self) -> Phase:
        return self._phase

    @property
    def draining(self) -> bool:
        return self._phase is not Phase.SERVING

    @property
    def refusing(self) -> bool:
        """Whether a new request gets 503."""
        return self._phase >= Phase.FINISHING

    def begin(self) -> None:
        if self._task is None:
            self._phase = Phase.PROPAGATING
            self._task = asyncio.create_task(self._run(), name="drain")

    async def reached(self, phase: Phase) -> None:
        """Returns once the drain is at ``phase`` or past it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._phase >= phase)

    async def _run(self) -> None:
        log.info("drain", extra={"phase": "propagating", "seconds": self._propagation_seconds})
        await asyncio.sleep(self._propagation_seconds)
        await self._enter(Phase.FINISHING)
        self._on_finishing()
        try:
            async with asyncio.timeout(self._drain_seconds):
                await self._idle()
        except TimeoutError:
            log.warning("drain timeout: ending what still runs", extra={"seconds": self._drain_seconds})
            await self._on_timeout()
        await self._enter(Phase.DONE)

    async def _enter(self, phase: Phase) -> None:
        async with self._changed:
            self._phase = phase
            self._changed.notify_all()
        log.info("drain", extra={"phase": phase.name.lower()})
