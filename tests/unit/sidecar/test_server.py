"""The HTTP server against clients that take their time, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from casava_sidecar.drain import Drain
from casava_sidecar.http import BODY_BYTES, Bodies, Envelope
from casava_sidecar.metrics import Metrics
from casava_sidecar.server import Server

HOST = "127.0.0.1"


async def nothing() -> None:
    pass


@asynccontextmanager
async def serving(bodies: Bodies, *, idle_seconds: float = 60) -> AsyncIterator[tuple[int, asyncio.Semaphore]]:
    """The port of a server that reads each body and answers once it is released."""
    go = asyncio.Semaphore(0)

    async def handle(request: web.Request) -> web.Response:
        async with bodies.read(request) as body, go:
            return web.Response(text=str(len(body)))

    drain = Drain(propagation_seconds=0, drain_seconds=0, idle=nothing, on_finishing=lambda: None, on_timeout=nothing)
    app = web.Application(middlewares=[Envelope(drain, Metrics("m")).middleware()], client_max_size=BODY_BYTES)
    app.add_routes([web.post("/", handle)])
    server = Server(app, idle_seconds=idle_seconds)
    try:
        yield await server.start(HOST, 0), go
    finally:
        go.release()
        await server.stop()


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def post(self, size: int, *, sent: int | None = None) -> None:
        """A request with a body of ``size`` bytes, of which ``sent`` are sent."""
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
        self.writer.write(head.encode() + b"x" * (size if sent is None else sent))

    async def status(self) -> int:
        async with asyncio.timeout(30):
            head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1])

    async def rest(self) -> bytes:
        """All that comes until the server closes; what was sent meanwhile makes that a reset."""
        async with asyncio.timeout(30):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def settled(bodies: Bodies, left: int) -> None:
    """Waits until the server has come to read, or to give up, what was sent: only its ledger tells."""
    async with asyncio.timeout(30):
        while bodies.left != left:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_headers_that_trickle_do_not_hold_a_connection() -> None:
    async with serving(Bodies(), idle_seconds=0.3) as (port, _), connected(port) as client:
        client.writer.write(b"POST / HTTP/1.1\r\n")

        async def trickle() -> None:
            for number in range(10_000):
                client.writer.write(b"X-%d: y\r\n" % number if number < 20 else b"")
                await asyncio.sleep(0.05)

        sending = asyncio.create_task(trickle())
        try:
            assert await client.rest() == b""
        finally:
            sending.cancel()


async def test_a_connection_that_says_nothing_is_closed() -> None:
    async with serving(Bodies(), idle_seconds=0.1) as (port, _), connected(port) as client:
        assert await client.rest() == b""


async def test_a_request_that_takes_longer_than_a_connection_may_idle_is_answered() -> None:
    async with serving(Bodies(), idle_seconds=0.1) as (port, go), connected(port) as client:
        client.post(3)
        await asyncio.sleep(0.3)
        go.release()
        assert await client.status() == 200


async def test_bodies_that_are_to_come_and_that_wait_count_against_one_budget() -> None:
    bodies = Bodies(budget=1000)
    async with serving(bodies) as (port, go), connected(port) as one, connected(port) as two, connected(port) as three:
        one.post(600, sent=10)  # announced, not there yet
        await settled(bodies, 400)
        two.post(300)
        await settled(bodies, 100)
        three.post(200, sent=10)
        assert await three.status() == 429
        one.writer.write(b"x" * 590)
        go.release()
        go.release()
        assert [await one.status(), await two.status()] == [200, 200]
        await settled(bodies, 1000)


async def test_a_client_that_leaves_in_the_middle_of_its_body_gives_its_room_back() -> None:
    bodies = Bodies(budget=1000)
    async with serving(bodies) as (port, _):
        async with connected(port) as client:
            client.post(600, sent=10)
            await settled(bodies, 400)
        await settled(bodies, 1000)


@pytest.mark.parametrize("extra", [0, 1])
async def test_a_small_body_in_chunks_counts_as_what_it_is(extra: int) -> None:
    bodies = Bodies(budget=5)
    async with serving(bodies) as (port, go), connected(port) as client:
        go.release()
        text = b"x" * (5 + extra)
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)
        client.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        assert await client.status() == (429 if extra else 200)
        await settled(bodies, 5)
