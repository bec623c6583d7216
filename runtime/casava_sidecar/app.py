"""The composition root: makes every part, connects them, and runs them until SIGTERM."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from casava_sidecar import http
from casava_sidecar.admin import Admin
from casava_sidecar.admission import Gate
from casava_sidecar.completions import Completions
from casava_sidecar.contracts.inline import InlineContracts
from casava_sidecar.contracts.store import ContractStore
from casava_sidecar.desk import Desk
from casava_sidecar.drain import Drain, Phase
from casava_sidecar.drain_socket import listen
from casava_sidecar.engine.client import Triton
from casava_sidecar.engine.watch import EngineWatch
from casava_sidecar.metrics import Metrics
from casava_sidecar.prepare import Preparer
from casava_sidecar.reply import LAST_WORD_SECONDS
from casava_sidecar.server import Server
from casava_sidecar.settings import Settings
from casava_sidecar.v2.handlers import OpenInference
from casava_trial import Trials
from casava_wire.config import SidecarConfig

log: Final = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0  # between two looks at the engine and at the contracts
_COME_BACK_SECONDS: Final = 1.0  # a client that goes on at once does so within a round trip
_STARTING_LOOK_SECONDS: Final = 0.2  # while the engine is not ready: start-up is felt


class Sidecar:
    """All parts of one sidecar. Make it inside the event loop."""

    def __init__(self, settings: Settings, config: SidecarConfig) -> None:
        self.settings = settings
        self.metrics = Metrics(config.model_name)
        self.gate = Gate(config.max_concurrent)
        self.metrics.watch_loads(lambda: self.gate.running, lambda: self.gate.waiting, config.max_concurrent)
        self.triton = Triton(settings.triton, config.model_name)
        self.watch = EngineWatch(self.triton, settings.model_info, settings.engine_state)
        compiled = self.metrics.contracts.compile_seconds.observe
        self.trials = Trials()
        self.store = ContractStore(settings.contracts, self.trials, compiled)
        self.inline = InlineContracts(self.trials, compiled)
        self.desk = Desk(self.gate, config.timeout_seconds, self.metrics)
        self.drain = Drain(
            propagation_seconds=config.propagation_seconds,
            drain_seconds=config.drain_timeout_seconds,
            idle=self._quiet,
            on_finishing=self._close_idle_connections,
            on_timeout=self._end_all,
        )
        self.envelope = http.Envelope(self.drain, self.metrics)
        preparer = Preparer(config.model_name, self.watch, self.store, self.inline)
        bodies = http.Bodies()
        app = web.Application(middlewares=[self.envelope.middleware()], client_max_size=http.BODY_BYTES)
        app.on_response_prepare.append(self.envelope.on_prepare)
        admin = Admin(config, self.watch, self.store, self.gate, self.drain, self.metrics)
        app.add_routes(Completions(preparer, self.desk, bodies, self.triton, self.metrics).routes())
        app.add_routes(OpenInference(preparer, self.desk, bodies, self.triton, admin.obstacle).routes())
        self.api = Server(app)
        self.admin = Server(admin.application())

    async def run(self) -> None:
        """Serves until a drain that SIGTERM began or confirmed is done."""
        terminated = asyncio.Event()
        loop = asyncio.get_running_loop()

        def terminate() -> None:
            self.drain.begin()
            terminated.set()

        loop.add_signal_handler(signal.SIGTERM, terminate)
        async with self._listening(), _repeating(self._look):
            await terminated.wait()
            await self.drain.reached(Phase.DONE)
        log.info("stopped")

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        try:
            admin = await self.admin.start(self.settings.host, self.settings.admin_port)
            api = await self.api.start(self.settings.host, self.settings.port)
            drain_socket = await listen(self.settings.drain_socket, self.drain)
            log.info("listening", extra={"api": api, "admin": admin})
            try:
                yield
            finally:
                drain_socket.close()
        finally:
            await self.api.stop()
            await self.admin.stop()
            self.inline.close()
            await asyncio.to_thread(self.trials.close)
            await self.triton.close()

    async def _look(self) -> float:
        await self.store.refresh()
        await self.watch.refresh()
        return _LOOK_SECONDS if self.watch.obstacle is None else _STARTING_LOOK_SECONDS

    def _close_idle_connections(self) -> None:
        self.api.close_idle(self.envelope.busy | self.envelope.owed)

    async def _quiet(self) -> None:
        """Nothing runs or waits, and clients that were not told to leave had the time to come back once."""
        await self.gate.idle()
        while self.envelope.owed:
            await asyncio.sleep(_COME_BACK_SECONDS)
            await self.gate.idle()
            self.envelope.owed.clear()

    async def _end_all(self) -> None:
        self.desk.end_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * LAST_WORD_SECONDS):
                await self.gate.idle()


@contextlib.asynccontextmanager
async def _repeating(look: Callable[[], Awaitable[float]]) -> AsyncIterator[None]:
    async def forever() -> None:
        while True:
            try:
                pause = await look()
            except Exception:
                # One look that fails must not end the looking: the next one may succeed.
                log.exception("look failed")
                pause = _LOOK_SECONDS
            await asyncio.sleep(pause)

    task = asyncio.create_task(forever(), name="look")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def read_config(path: Path) -> SidecarConfig:
    """Raises OSError or pydantic's ValidationError."""
    return SidecarConfig.model_validate_json(path.read_bytes())


async def serve(settings: Settings) -> int:
    """The process's exit status: 0 after a drain, 1 when it cannot listen, 2 for settings that cannot be used."""
    try:
        config = read_config(settings.config)
    except (OSError, ValidationError) as error:
        log.error("the settings cannot be used", extra={"path": str(settings.config), "error": str(error)})  # noqa: TRY400
        return 2
    # Two at once: more would gain nothing in Python, and what long bodies are read into is many times their size.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2, "beside"))
    try:
        await Sidecar(settings, config).run()
    except OSError as error:
        log.error("cannot listen", extra={"error": str(error)})  # noqa: TRY400
        return 1
    return 0
