"""The composition root: what is made once, in which order it starts, and in which order it stops."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

import kopf

from casava_operator.contracts.examiner import Examiner
from casava_operator.contracts.reconcile import ContractReconciler
from casava_operator.errors import Transient
from casava_operator.events import EventRecorder
from casava_operator.health import Health
from casava_operator.health import serve as serve_health
from casava_operator.keys import ContractKey, Work
from casava_operator.kube import Kube
from casava_operator.kube.access import Access
from casava_operator.kube.resources import CASAVA_MODEL, OUTPUT_CONTRACT, Resource
from casava_operator.kube.session import ApiSession
from casava_operator.leader import Elector, LeadershipLost, Timing
from casava_operator.metrics import Metrics
from casava_operator.probe import Prober
from casava_operator.reconcile import Reconciler
from casava_operator.scale import Rules
from casava_operator.scale.autoscaler import Autoscaler
from casava_operator.site import Site
from casava_operator.watch import handlers
from casava_operator.watch.store import Store
from casava_operator.watch.sweep import Sweeper
from casava_operator.workqueue import Outcome, WorkQueue
from casava_trial import Trials

DRAIN_SECONDS: Final = 10.0  # for reconciles in flight when the process is asked to stop
EVENTS_SECONDS: Final = 1.0  # for Events that are still queued then
CRD_CHECK_SECONDS: Final = 2.0
EXIT_LOST: Final = 3  # exit status when leadership is lost

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What the command line and the environment say."""

    access: Access
    site: Site
    namespaces: tuple[str, ...]  # empty: all
    identity: str
    lease_namespace: str
    lease_name: str
    host: str
    port: int
    workers: int = 16
    watch_retries: int = 8
    elect: bool = True
    timing: Timing = field(default_factory=Timing)


async def run(options: Options) -> int:
    """Run until SIGTERM or SIGINT. The exit status: 0 after a signal, never 0 otherwise."""
    stop = asyncio.Event()
    _handle_signals(stop)
    metrics = Metrics()
    api = ApiSession(options.access, f"casava-operator/{version('casava')}")
    kube = Kube(api, metrics.api_request)
    health = Health()
    try:
        async with serve_health(options.host, options.port, health, metrics.registry), _background(health.tick()):
            elector = Elector(
                kube,
                namespace=options.lease_namespace,
                name=options.lease_name,
                identity=options.identity,
                timing=options.timing,
            )
            if options.elect and not await _or_stop(elector.acquire(), stop):
                return 0
            metrics.leading(True)
            # Renewing goes on while the last reconciles finish: whoever takes over must not meet them.
            async with _background(_renew(elector)) if options.elect else contextlib.nullcontext():
                status = await _lead(options, api, kube=kube, metrics=metrics, health=health, stop=stop)
            await elector.release()
            metrics.leading(False)
            return status
    finally:
        await api.close()


async def _lead(
    options: Options, api: ApiSession, *, kube: Kube, metrics: Metrics, health: Health, stop: asyncio.Event
) -> int:
    """Everything that only the leader does."""
    if not await _or_stop(_until_served(kube), stop):
        return 0
    store = Store()
    queue: WorkQueue[Work] = WorkQueue(workers=options.workers, meter=metrics)
    health.oldest_running = queue.oldest_running
    clock = asyncio.get_running_loop().time
    prober = Prober(queue.add, metrics)
    autoscaler = Autoscaler(
        lambda: prober.probes,
        queue.add,
        metrics,
        rules=Rules(stabilisation=options.site.autoscaling.stabilization_seconds),
    )
    events = EventRecorder(kube, instance=options.identity, dropped=metrics.events_dropped, clock=clock)
    sweeper = Sweeper(kube, store, queue.add, metrics, options.namespaces)
    examiner = Examiner(Trials())
    models = Reconciler(
        kube=kube,
        store=store,
        site=options.site,
        prober=prober,
        autoscaler=autoscaler,
        examiner=examiner,
        events=events,
        metrics=metrics,
        add=queue.add,
        now=_now,
    )
    contracts = ContractReconciler(kube=kube, store=store, examiner=examiner, events=events, metrics=metrics, now=_now)

    async def reconcile(key: Work) -> Outcome:
        return await (contracts(key) if isinstance(key, ContractKey) else models(key))

    watches = handlers.Watches(options.namespaces, sweeper.ask)

    async def begin() -> None:
        # Read everything only once every watch is open: what is deleted from then on is told.
        await watches.all_open.wait()
        await sweeper.fill()
        keys, named = sorted(store.keys()), sorted(store.references.contracts())
        log.info("everything is listed, reconciling begins", extra={"models": len(keys), "contracts": len(named)})
        everything: list[Work] = [*keys, *named]
        for key in everything:
            queue.add(key)
        queue.start(reconcile)

    async with (
        _background(events.run()),
        _background(prober.run()),
        _background(autoscaler.run()),
        _background(sweeper.run()),
        _background(begin()),
    ):
        try:
            return await _watch(options, handlers.registry(api, store, queue.add, watches), stop)
        finally:
            if not await queue.stop(DRAIN_SECONDS):
                log.warning("reconciles in flight were cut off after %g s", DRAIN_SECONDS)
            await examiner.close()
            await events.flush(EVENTS_SECONDS)


async def _watch(options: Options, registry: kopf.OperatorRegistry, stop: asyncio.Event) -> int:
    """Run kopf until asked to stop. When it ends by itself, a watch was lost for good: the process must end too.

    After a fault kopf takes long to wind down, and waits for a login that nobody gives it. Nothing of what it would
    tidy is of use to the next process, so it is left as it is and goes with this one.
    """
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=handlers.settings(options.watch_retries),
        namespaces=options.namespaces,
        clusterwide=not options.namespaces,
        standalone=True,
        stop_flag=stop,
    )
    _handle_signals(stop)  # kopf has put its own handlers in their place
    ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        return 0
    for task in ended:
        log.error("watching ended: the process ends, and a new one lists everything anew: %s", task.exception())
    return 1


async def _renew(elector: Elector) -> None:
    try:
        await elector.hold()
    except LeadershipLost as error:
        # Somebody else may act from now on, and nothing fences us off: not one more request may leave.
        log.critical("leadership is lost, the process ends at once: %s", error)
        for handler in logging.getLogger().handlers:
            handler.flush()
        sys.stderr.flush()
        os._exit(EXIT_LOST)


async def _until_served(kube: Kube) -> None:
    """Wait for the CRDs: they may be installed after the operator."""
    told: set[Resource] = set()
    for resource in (CASAVA_MODEL, OUTPUT_CONTRACT):
        while True:
            try:
                if await kube.served(resource):
                    break
            except Transient as error:
                log.warning("the API server does not answer: %s", error)
            if resource not in told:
                log.warning("the kind %s is not served: install the CRD; waiting for it", resource.kind)
                told.add(resource)
            await asyncio.sleep(CRD_CHECK_SECONDS)


def _now() -> datetime:
    return datetime.now(UTC)


async def _or_stop(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> bool:
    """Await ``work``; False when asked to stop first."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    await task
    return True


@contextlib.asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run ``work`` while the context is open. If it fails, so does the process."""
    task = asyncio.create_task(work)
    task.add_done_callback(_fail_with)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _fail_with(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("a part of the operator has died, the process ends", exc_info=error)
        os._exit(1)


def _handle_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def asked(number: signal.Signals) -> Callable[[], None]:
        def handler() -> None:
            log.info("asked to stop by %s", number.name)
            stop.set()

        return handler

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked(number))
