"""The prober against real HTTP servers on loopback."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from casava_operator.keys import Key, Manifest
from casava_operator.metrics import Metrics
from casava_operator.observe.facts import Probe
from casava_operator.probe import MAX_ANSWER, Prober
from casava_wire.state import SidecarStatus
from tests.unit.judge import gen

KEY = Key("team", "chat")
PLAN = gen.planned(gen.model())
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Sidecar:
    """A server that answers what it is told to; counts what it was asked."""

    port: int = 0
    status: SidecarStatus = field(default_factory=lambda: gen.answer(PLAN))
    asked: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)
    handler: Handler | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        self.seen.append({name.lower(): value for name, value in request.headers.items()})
        if self.handler is not None:
            return await self.handler(request)
        return web.Response(text=self.status.to_json(), content_type="application/json")


@asynccontextmanager
async def sidecar(host: str = "127.0.0.1", port: int = 0, handler: Handler | None = None) -> AsyncIterator[Sidecar]:
    found = Sidecar(handler=handler)
    app = web.Application()
    app.router.add_get("/status", found.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    found.port = runner.addresses[0][1]
    try:
        yield found
    finally:
        await runner.cleanup()


@dataclass
class Bench:
    """A running prober and the keys that it added."""

    prober: Prober
    changed: asyncio.Queue[Key]

    def watch(self, *pods: Manifest, scaled: bool = False, digest: str = PLAN.contracts_digest) -> None:
        self.prober.watch(KEY, pods, scaled=scaled, contracts_digest=digest)

    async def next_change(self) -> Key:
        async with asyncio.timeout(10):
            return await self.changed.get()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 -- nobody tells of a server's counters
                await asyncio.sleep(0.005)

    @property
    def probe(self) -> Probe:
        return self.prober.probes["uid-chat-1"]


@asynccontextmanager
async def running(port: int, clock: Callable[[], float] = time.monotonic) -> AsyncIterator[Bench]:
    """The jitter scales every interval: tests need not wait for seconds."""
    changed: asyncio.Queue[Key] = asyncio.Queue()
    prober = Prober(changed.put_nowait, Metrics(), port=port, jitter=lambda: 0.01, clock=clock)
    task = asyncio.create_task(prober.run())
    try:
        yield Bench(prober, changed)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def pod(name: str = "chat-1", *, ready: bool = True, address: str = "127.0.0.1") -> Manifest:
    return gen.pod(name, ready=ready, podIP=address)


async def test_a_pod_whose_label_names_another_model_by_now_is_that_models_alone() -> None:
    other = Key(KEY.namespace, "other")
    async with sidecar() as server, running(server.port) as bench:
        bench.watch(pod())
        assert await bench.next_change() == KEY
        bench.prober.watch(other, [pod()], scaled=False, contracts_digest=PLAN.contracts_digest)
        assert await bench.next_change() == other
        bench.watch()
        assert "uid-chat-1" in bench.prober.probes
        bench.prober.forget(other)
        assert "uid-chat-1" not in bench.prober.probes


async def test_a_ready_pod_is_asked_once_and_then_left_alone() -> None:
    async with sidecar() as server, running(server.port) as bench:
        bench.watch(pod())
        assert await bench.next_change() == KEY
        assert bench.probe.status == server.status
        bench.watch(pod())  # the same again asks nothing
        bench.watch(pod("chat-1"), pod("chat-2"))
        assert await bench.next_change() == KEY  # the second pod has been asked meanwhile
        assert server.asked == 2


async def test_changing_loads_wake_nobody_and_are_kept_fresh() -> None:
    async with sidecar() as server, running(server.port) as bench:
        bench.watch(pod(), scaled=True)
        await bench.next_change()
        server.status = gen.answer(PLAN, running=7, waiting=2)
        await bench.until(lambda: bench.probe.status is not None and bench.probe.status.running == 7)
        first = bench.probe.at
        await bench.until(lambda: bench.probe.at > first)
        assert bench.changed.empty()


async def test_a_change_of_facts_wakes_the_model() -> None:
    async with sidecar() as server, running(server.port) as bench:
        server.status = gen.answer(PLAN, ready=False, model_info=None)
        bench.watch(pod(ready=False))
        await bench.next_change()
        server.status = gen.answer(PLAN)
        await bench.next_change()
        assert bench.probe.status == server.status


async def test_newly_wanted_contracts_are_asked_for_until_they_are_there() -> None:
    async with sidecar() as server, running(server.port) as bench:
        bench.watch(pod())
        await bench.next_change()
        bench.watch(pod(), digest="sha256:newer")
        await bench.until(lambda: server.asked > 3)
        server.status = gen.answer(PLAN, contracts_digest="sha256:newer")
        await bench.next_change()
        asked = server.asked
        await asyncio.sleep(0.1)
        assert server.asked == asked


async def test_one_missed_answer_leaves_the_last_one_standing_with_its_age() -> None:
    async with sidecar() as server, running(server.port) as bench:
        bench.watch(pod(), scaled=True)
        await bench.next_change()
        failures = 0

        async def fail_twice(_: web.Request) -> web.StreamResponse:
            nonlocal failures
            failures += 1
            if failures == 2:
                server.handler = None
            return web.Response(status=503)

        server.handler = fail_twice
        before = bench.probe
        await bench.until(lambda: failures == 2)
        assert bench.probe.status == before.status
        await bench.until(lambda: bench.probe.at > before.at)
        assert bench.changed.empty()


async def crash(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    raise asyncio.CancelledError


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    raise AssertionError


async def huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b" " * MAX_ANSWER)
    except ConnectionError:
        return response


async def elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/other")


async def other_model(_: web.Request) -> web.StreamResponse:
    return web.Response(text=gen.answer(PLAN, model="other").to_json())


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (hang, "it did not answer within 1 s"),
        (huge, f"its answer is larger than {MAX_ANSWER} bytes"),
        (elsewhere, "it answered 302"),
        (other_model, "it answers for another model"),
        (crash, "the connection broke"),
    ],
)
async def test_whatever_a_pod_does_becomes_an_error_that_stays_the_same(handler: Handler, error: str) -> None:
    async with sidecar() as server, running(server.port) as bench:
        server.handler = handler
        bench.watch(pod(ready=False))
        await bench.next_change()
        assert (bench.probe.status, bench.probe.error) == (None, error)
        await bench.until(lambda: server.asked > 1)
        assert bench.changed.empty()


async def test_a_pod_that_does_not_listen_is_an_error_too() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        port = listening.getsockname()[1]
    async with running(port) as bench:
        bench.watch(pod(ready=False))
        await bench.next_change()
        assert bench.probe.error == "it refused the connection"


async def test_a_hanging_pod_keeps_no_other_waiting() -> None:
    async with (
        sidecar() as server,
        sidecar("127.0.0.2", server.port, hang) as hanging,
        running(server.port) as bench,
    ):
        bench.watch(pod("chat-0", address="127.0.0.2"), pod())
        await bench.next_change()
        assert bench.probe.status == server.status
        await bench.until(lambda: hanging.asked == 1)
        assert "uid-chat-0" not in bench.prober.probes


async def test_an_ipv6_pod_is_asked() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with sidecar("::1") as server, running(server.port) as bench:
        bench.watch(pod(address="::1"))
        await bench.next_change()
        assert bench.probe.status == server.status


async def test_a_pod_gets_no_credentials_and_no_cookie_back() -> None:
    async with sidecar() as server, running(server.port) as bench:

        async def bake(_: web.Request) -> web.StreamResponse:
            response = web.Response(text=server.status.to_json())
            response.set_cookie("track", "me")
            return response

        server.handler = bake
        bench.watch(pod(), scaled=True)
        await bench.until(lambda: server.asked > 2)
        assert all("authorization" not in headers and "cookie" not in headers for headers in server.seen)


async def test_a_pod_or_a_model_that_is_gone_is_forgotten() -> None:
    async with sidecar() as server, running(server.port) as bench:
        bench.watch(pod("a"), pod("b"), scaled=True)
        await bench.until(lambda: set(bench.prober.probes) == {"uid-a", "uid-b"})
        bench.watch(pod("b"), scaled=True)
        assert set(bench.prober.probes) == {"uid-b"}
        bench.prober.forget(KEY)
        assert not bench.prober.probes
        await asyncio.sleep(0.1)
        asked = server.asked
        await asyncio.sleep(0.1)
        assert server.asked == asked
        assert not bench.prober.probes


async def test_it_stops_at_once_while_pods_hang() -> None:
    async with sidecar() as server, running(server.port) as bench:
        server.handler = hang
        bench.watch(*(pod(f"p{index}") for index in range(50)))
        await bench.until(lambda: server.asked > 0)
    assert not [task for task in asyncio.all_tasks() if "visit" in repr(task)]


async def test_facts_that_stay_bad_settle_and_say_so_once() -> None:
    ahead = 0.0
    async with sidecar(handler=elsewhere) as server, running(server.port, lambda: time.monotonic() + ahead) as bench:
        bench.watch(pod(ready=False))
        await bench.next_change()
        assert [probe.settled for probe in bench.prober.probes.values()] == [False]
        ahead = 31.0
        await bench.next_change()
        assert [probe.settled for probe in bench.prober.probes.values()] == [True]
        asked = server.asked
        await bench.until(lambda: server.asked > asked + 3)
        assert bench.changed.empty()
