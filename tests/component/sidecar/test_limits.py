"""Who runs, who waits, who is turned away, and what a client that leaves leaves behind."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.component.engine_process import EngineProcess, wait_for
from tests.component.sidecar import raw
from tests.component.sidecar.long_answers import LONG, held_slot, wait_engine_idle
from tests.component.sidecar.sidecar_process import SidecarProcess

LONG_FORMAT = {"response_format": {"type": "contract", "name": "long"}}
SHORT: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}


@pytest.fixture(scope="module")
def narrow(engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SidecarProcess]:
    """One request at a time."""
    root = tmp_path_factory.mktemp("narrow")
    process = SidecarProcess(root, grpc_port=engine.grpc_port, shared_dir=engine.shared_dir, maxConcurrent=1)
    process.write_contracts({"long": LONG})
    try:
        yield process.start().wait_ready()
    finally:
        process.stop()


@pytest.fixture(scope="module")
def hasty(engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SidecarProcess]:
    """One request at a time, each two seconds at most."""
    root = tmp_path_factory.mktemp("hasty")
    process = SidecarProcess(
        root, grpc_port=engine.grpc_port, shared_dir=engine.shared_dir, maxConcurrent=1, timeoutSeconds=2
    )
    process.write_contracts({"long": LONG})
    try:
        yield process.start().wait_ready()
    finally:
        process.stop()


def wait_waiting(sidecar: SidecarProcess, count: int) -> None:
    wait_for(lambda: sidecar.status().waiting == count, f"{count} requests wait", seconds=20)


async def test_requests_wait_in_order_of_arrival_and_one_too_many_is_told_when_to_come_back(
    narrow: SidecarProcess,
) -> None:
    order: list[int] = []
    with narrow.client() as holder:
        async with narrow.async_client() as client:

            async def ask(number: int) -> None:
                await client.chat.completions.create(**SHORT)
                order.append(number)

            with held_slot(holder):
                waiting = []
                for number in range(16):
                    waiting.append(asyncio.create_task(ask(number)))
                    await asyncio.to_thread(wait_waiting, narrow, number + 1)
                status = narrow.status()
                assert (status.running, status.waiting, status.max_concurrent) == (1, 16, 1)
                assert narrow.metric("casava_requests_in_flight") == 17
                with pytest.raises(openai.RateLimitError) as caught:
                    await client.chat.completions.create(**SHORT)
                assert int(caught.value.response.headers["retry-after"]) >= 1
                assert caught.value.code == "queue_full"
            await asyncio.gather(*waiting)
    assert order == list(range(16))


def test_a_client_that_leaves_cancels_its_generation_in_the_engine(
    engine: EngineProcess, narrow: SidecarProcess
) -> None:
    before = narrow.metric("casava_cancellations_total", reason="client")
    with narrow.client() as client, held_slot(client):
        assert narrow.status().running == 1
    wait_for(lambda: narrow.status().running == 0, "the slot is free", seconds=10)
    wait_engine_idle(engine)
    assert narrow.metric("casava_cancellations_total", reason="client") == before + 1


async def test_a_client_that_leaves_the_queue_gives_its_place_to_another(narrow: SidecarProcess) -> None:
    with narrow.client() as holder:
        async with narrow.async_client() as client:
            with held_slot(holder):
                leaving = asyncio.create_task(client.chat.completions.create(**SHORT))
                await asyncio.to_thread(wait_waiting, narrow, 1)
                leaving.cancel()
                await asyncio.to_thread(wait_waiting, narrow, 0)
            answer = await client.chat.completions.create(**SHORT)
    assert answer.choices


def test_the_time_limit_counts_from_arrival_waiting_included(engine: EngineProcess, hasty: SidecarProcess) -> None:
    with hasty.client(max_retries=2) as client, held_slot(client):
        begin = time.monotonic()
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(**SHORT | {"max_tokens": 4000, "extra_body": LONG_FORMAT})
        assert time.monotonic() - begin < 6, "504 is not tried again"
    assert caught.value.status_code == 504
    assert caught.value.code == "timeout"
    assert caught.value.response.headers["x-should-retry"] == "false"
    wait_engine_idle(engine)


def test_a_stream_that_runs_out_of_time_ends_with_an_error_and_without_a_finish_reason(
    engine: EngineProcess, hasty: SidecarProcess
) -> None:
    before = hasty.metric("casava_cancellations_total", reason="timeout")
    finish: list[str | None] = []
    with hasty.client() as client, held_slot(client) as stream, pytest.raises(openai.APIError) as caught:
        finish.extend(chunk.choices[0].finish_reason for chunk in stream)
    assert caught.value.code == "timeout"
    assert set(finish) <= {None}
    assert hasty.metric("casava_cancellations_total", reason="timeout") == before + 1
    wait_engine_idle(engine)


def test_a_stream_that_shows_nothing_before_its_verdict_runs_out_of_time_with_a_status(
    engine: EngineProcess, hasty: SidecarProcess
) -> None:
    request = SHORT | {"max_tokens": 4000, "extra_body": LONG_FORMAT | {"casava": {"release": "complete"}}}
    with hasty.client(max_retries=2) as client, pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**request, stream=True)
    assert (caught.value.status_code, caught.value.code) == (504, "timeout")
    wait_engine_idle(engine)


def test_a_client_that_does_not_read_is_cut_off_at_its_time_limit(engine: EngineProcess, hasty: SidecarProcess) -> None:
    body = json.dumps({**SHORT, "max_tokens": 4000, "stream": True, **LONG_FORMAT}).encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.connect(("127.0.0.1", hasty.port))
        connection.sendall(raw.request("POST", "/v1/chat/completions", body))
        wait_for(lambda: hasty.status().running == 1, "it runs", seconds=10)
        wait_for(lambda: hasty.status().running == 0, "it was ended", seconds=10)
    wait_engine_idle(engine)
    assert hasty.ready()
