"""Leaving without losing a request: the preStop hook, SIGTERM, and what clients see meanwhile."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from tests.component.engine_process import EngineProcess, wait_for
from tests.component.sidecar import raw
from tests.component.sidecar.long_answers import LONG, held_slot, read_all, wait_engine_idle
from tests.component.sidecar.sidecar_process import SidecarProcess

CHAT = "/v1/chat/completions"
HELLO: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}
Make = Callable[..., SidecarProcess]


@pytest.fixture
def make(engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Sidecars of a test's own: each is drained once."""
    made: list[SidecarProcess] = []

    def start(**config: Any) -> SidecarProcess:
        root = tmp_path_factory.mktemp("drain")
        process = SidecarProcess(root, grpc_port=engine.grpc_port, shared_dir=engine.shared_dir, **config)
        made.append(process)
        process.write_contracts({"long": LONG})
        return process.start().wait_ready()

    yield start
    for process in made:
        process.stop()


def ended(sidecar: SidecarProcess) -> int:
    """The exit status, without another signal."""
    assert sidecar.process is not None
    return sidecar.process.wait(20)


def wait_phase(sidecar: SidecarProcess, phase: str) -> None:
    wait_for(lambda: any(event["phase"] == phase for event in sidecar.events("drain")), phase, seconds=20)


def test_a_drain_serves_then_refuses_then_ends_and_loses_nothing(make: Make) -> None:
    sidecar = make(propagationSeconds=3, maxConcurrent=1)
    with sidecar.client() as client, held_slot(client) as stream:
        hook = sidecar.drain()
        wait_phase(sidecar, "propagating")
        assert not sidecar.ready()
        assert sidecar.status().draining
        assert hook.poll() is None, "the hook must hold SIGTERM back while traffic moves away"
        # Still served, the metadata at once; and whoever comes by a pooled connection is sent elsewhere.
        answer = raw.get(sidecar.port, "/v1/models")
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert hook.wait(20) == 0
        refused = raw.post(sidecar.port, CHAT, HELLO)
        assert refused.status == 503
        assert refused.headers["connection"] == "close"
        assert refused.json()["error"]["code"] == "shutting_down"
        sidecar.terminate()
        next(iter(stream))
        assert sidecar.process is not None
        assert sidecar.process.poll() is None, "a stream still runs"
    assert ended(sidecar) == 0


def test_a_request_that_waits_when_the_drain_begins_is_answered(make: Make) -> None:
    sidecar = make(maxConcurrent=1)

    async def scenario() -> Any:
        with sidecar.client() as holder:
            async with sidecar.async_client() as client:
                with held_slot(holder):
                    queued = asyncio.create_task(client.chat.completions.create(**HELLO))
                    await asyncio.to_thread(wait_for, lambda: sidecar.status().waiting == 1, "it waits", 20)
                    sidecar.terminate()
                    await asyncio.to_thread(wait_phase, sidecar, "finishing")
                return (await queued).choices[0].message.content

    assert asyncio.run(scenario())
    assert ended(sidecar) == 0


def test_what_outlasts_the_drain_timeout_is_told_so_and_ends_in_the_engine(engine: EngineProcess, make: Make) -> None:
    sidecar = make(drainTimeoutSeconds=1)
    with sidecar.client() as client, held_slot(client) as stream:
        sidecar.terminate()
        with pytest.raises(openai.APIError) as caught:
            read_all(stream)
    assert caught.value.code == "shutting_down"
    assert ended(sidecar) == 0
    wait_engine_idle(engine)


def test_an_idle_pooled_connection_is_closed_before_requests_are_refused(make: Make) -> None:
    sidecar = make()
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=20) as pooled:
        pooled.sendall(raw.request("GET", "/v1/models"))
        assert raw.receive(pooled).status == 200
        hook = sidecar.drain()
        assert pooled.recv(1) == b"", "closed by the sidecar"
        assert hook.wait(20) == 0


@pytest.mark.parametrize(("propagation", "phase"), [(20, "propagating"), (0.3, "finishing")])
def test_a_client_whose_stream_began_before_the_drain_may_come_back_once(
    make: Make, propagation: float, phase: str
) -> None:
    """The stream's headers could not say `Connection: close`, so its client sends the next request the same way."""
    sidecar = make(propagationSeconds=propagation)
    body = json.dumps(HELLO | {"stream": True, "max_tokens": 60}).encode()
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=20) as connection:
        connection.sendall(raw.request("POST", CHAT, body))
        head = connection.recv(65536)
        assert head.startswith(b"HTTP/1.1 200")
        sidecar.terminate()
        wait_phase(sidecar, phase)
        while b"data: [DONE]" not in head or not head.endswith(b"0\r\n\r\n"):
            head += connection.recv(65536)
        connection.sendall(raw.request("POST", CHAT, json.dumps(HELLO).encode()))
        answer = raw.receive(connection)
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert connection.recv(1) == b""
    assert sidecar.process is not None
    sidecar.process.kill()
    sidecar.process.wait()


def test_an_idle_sidecar_ends_as_soon_as_traffic_has_moved_away(make: Make) -> None:
    sidecar = make(propagationSeconds=0.3, drainTimeoutSeconds=60)
    begin = time.monotonic()
    assert sidecar.stop() == 0
    assert time.monotonic() - begin < 20


def test_the_hook_fails_when_no_sidecar_listens(make: Make) -> None:
    sidecar = make()
    assert sidecar.stop() == 0
    hook = sidecar.drain()
    assert hook.wait(20) == 1
