"""A stream that has nothing to show for a while, read by OpenAI's own client over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import pytest
from aiohttp import ClientSession, web

from casava_sidecar.api.responses import Head, Usage
from casava_sidecar.api.sse import Frames, error_frame
from casava_sidecar.drain import Drain
from casava_sidecar.errors import ApiError
from casava_sidecar.http import Envelope
from casava_sidecar.metrics import Metrics
from casava_sidecar.reply import Reply
from casava_sidecar.server import Server

COMMENT = b": keep-alive\n\n"
FAILURE = ApiError(502, "broken", code="contract_violation")


async def nothing() -> None:
    pass


@asynccontextmanager
async def serving(*, silent: float, held: bool, fails: bool = False) -> AsyncIterator[str]:
    """The address of a server whose stream is ``held`` until a comment was sent, and then says "Hello"."""

    begun = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        begun.clear()
        reply = Reply(request, error_frame, keep_alive_seconds=silent)
        frames = Frames(Head("chatcmpl-1", "m", 0, True), include_usage=False)
        try:
            async with reply.kept_alive({"Casava-Guarantee": "all"}):
                if held:
                    await begun.wait()
                if fails:
                    raise FAILURE
                await reply.start({"Casava-Guarantee": "all"})
                await reply.write(frames.start() + frames.text("Hello"))
            await reply.write(frames.finish("stop", Usage(), {"verdict": "valid"}))
        except ApiError as error:
            await reply.fail(error)
        return reply.finished()

    async def prepared(_request: web.Request, _response: web.StreamResponse) -> None:
        begun.set()

    drain = Drain(propagation_seconds=0, drain_seconds=0, idle=nothing, on_finishing=lambda: None, on_timeout=nothing)
    app = web.Application(middlewares=[Envelope(drain, Metrics("m")).middleware()])
    app.add_routes([web.post("/v1/chat/completions", handle)])
    app.on_response_prepare.append(prepared)
    server = Server(app)
    try:
        yield f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}/v1"
    finally:
        await server.stop()


async def raw(address: str) -> tuple[int, bytes]:
    async with ClientSession() as session, session.post(f"{address}/chat/completions") as response:
        assert response.headers.get("Casava-Guarantee", "all") == "all"
        return response.status, await response.read()


async def said(address: str) -> str:
    text = ""
    async with openai.AsyncOpenAI(base_url=address, api_key="none", max_retries=2) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        async for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    return text


async def test_who_waits_for_a_held_stream_gets_comments_that_clients_pass_over() -> None:
    async with serving(silent=0.01, held=True) as address:
        status, body = await raw(address)
        assert (status, body.startswith(COMMENT)) == (200, True)
        assert body.endswith(b"data: [DONE]\n\n")
        assert await said(address) == "Hello"


async def test_a_stream_that_says_something_has_no_comments() -> None:
    async with serving(silent=60, held=False) as address:
        assert COMMENT not in (await raw(address))[1]


async def test_an_error_has_its_status_unless_a_comment_went_before() -> None:
    async with serving(silent=60, held=False, fails=True) as address:
        assert (await raw(address))[0] == FAILURE.status
    async with serving(silent=0.01, held=True, fails=True) as address:
        status, body = await raw(address)
        assert (status, body.startswith(COMMENT), body.endswith(error_frame(FAILURE))) == (200, True, True)
        with pytest.raises(openai.APIError, match="broken"):
            await said(address)
