"""The operator's own HTTP: probes for the kubelet and metrics for Prometheus, on one port.

``/readyz`` says that the process can serve, not that it leads: standbys that were not Ready would deadlock a rolling
update. ``/livez`` fails when the event loop lags or a reconcile does not end.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from casava_wire import net

LAG_LIMIT: Final = 5.0  # seconds
RECONCILE_LIMIT: Final = 300.0  # seconds: many times the longest bounded request
_TICK: Final = 0.5


class Health:
    """What the probes look at."""

    def __init__(self, oldest_running: Callable[[], float] = lambda: 0.0) -> None:
        self.oldest_running = oldest_running
        self._ticked = asyncio.get_running_loop().time()

    async def tick(self) -> None:
        """Run as a task: the beat whose absence shows that the loop lags."""
        loop = asyncio.get_running_loop()
        while True:
            self._ticked = loop.time()
            await asyncio.sleep(_TICK)

    def problems(self) -> list[str]:
        """Why the process should be restarted; empty when all is well."""
        found = []
        lag = asyncio.get_running_loop().time() - self._ticked - _TICK
        if lag > LAG_LIMIT:
            found.append(f"the event loop lags by {lag:.1f} s")
        if (oldest := self.oldest_running()) > RECONCILE_LIMIT:
            found.append(f"a reconcile has been running for {oldest:.0f} s")
        return found


@contextlib.asynccontextmanager
async def serve(host: str, port: int, health: Health, registry: CollectorRegistry) -> AsyncIterator[None]:
    """Listen while the context is open."""

    async def live(_: web.Request) -> web.Response:
        problems = health.problems()
        return web.Response(status=500 if problems else 200, text="\n".join(problems) or "ok")

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get(net.LIVE_PATH, live)
    app.router.add_get(net.READY_PATH, ready)
    app.router.add_get(net.METRICS_PATH, metrics)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
