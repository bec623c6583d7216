"""The admin port: probes for the kubelet, metrics for Prometheus, status for the operator."""

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from casava_sidecar.admission import Gate
from casava_sidecar.contracts.bound import bind
from casava_sidecar.contracts.store import ContractStore
from casava_sidecar.drain import Drain
from casava_sidecar.engine.watch import EngineWatch, Obstacle
from casava_sidecar.metrics import Metrics
from casava_wire import net
from casava_wire.config import SidecarConfig
from casava_wire.state import ContractStatus, SidecarStatus


@dataclass(frozen=True, slots=True)
class Admin:
    """Reads the parts, changes none."""

    config: SidecarConfig
    watch: EngineWatch
    store: ContractStore
    gate: Gate
    drain: Drain
    metrics: Metrics

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get(net.LIVE_PATH, self.live),
                web.get(net.READY_PATH, self.ready),
                web.get(net.METRICS_PATH, self.metrics_text),
                web.get(net.STATUS_PATH, self.status),
            ]
        )
        return app

    def obstacle(self) -> Obstacle | None:
        """Why no request may be sent here, the first that holds."""
        if self.drain.draining:
            return Obstacle("Draining", "This replica is going away.")
        if not self.store.loaded:
            return Obstacle("ContractsInvalid", self.store.error or "The contracts were not read yet.")
        return self.watch.obstacle

    async def live(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(self, _: web.Request) -> web.Response:
        obstacle = self.obstacle()
        if obstacle is None:
            return web.Response(text="ok\n")
        return web.Response(status=503, text=f"{obstacle.reason}: {obstacle.message}\n")

    async def metrics_text(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def status(self, _: web.Request) -> web.Response:
        obstacle = self.obstacle()
        model = self.watch.model
        guides = model.info.guides if model else ()
        contracts = tuple(
            ContractStatus.model_validate(
                {
                    "name": named.name,
                    "digest": named.contract.digest,
                    "engine": bind(named.label, named.label, named.contract, guides).engine,
                }
            )
            for named in self.store.served.contracts.values()
        )
        status = SidecarStatus(
            model=self.config.model_name,
            ready=obstacle is None,
            reason=obstacle.reason if obstacle else "",
            message=obstacle.message if obstacle else "",
            draining=self.drain.draining,
            running=self.gate.running,
            waiting=self.gate.waiting,
            max_concurrent=self.gate.max_concurrent,
            contracts=contracts,
            contracts_digest=self.store.served.digest,
            contracts_error=self.store.error,
            engine=await self.watch.state(),
            model_info=model.info if model else None,
        )
        return web.Response(text=status.to_json(), content_type="application/json")
