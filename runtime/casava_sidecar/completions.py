"""``/v1/chat/completions``, ``/v1/completions`` and ``/v1/models``."""

import time
import uuid
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import orjson
from aiohttp import web

from casava_sidecar import http
from casava_sidecar.answer import Answer
from casava_sidecar.api.requests import Ask, parse_chat, parse_completion
from casava_sidecar.api.responses import Head, completion_body, model_body, models_body
from casava_sidecar.api.sse import Frames, error_frame
from casava_sidecar.desk import Desk
from casava_sidecar.engine.client import Triton
from casava_sidecar.errors import ApiError
from casava_sidecar.metrics import Metrics
from casava_sidecar.prepare import Prepared, Preparer
from casava_sidecar.reply import Reply
from casava_wire import http as names

JSON: Final = "application/json"


class Completions:
    """The handlers of OpenAI's API."""

    def __init__(self, preparer: Preparer, desk: Desk, bodies: http.Bodies, triton: Triton, metrics: Metrics) -> None:
        self._preparer = preparer
        self._desk = desk
        self._bodies = bodies
        self._triton = triton
        self._metrics = metrics

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/chat/completions", self.chat),
            web.post("/v1/completions", self.completion),
            web.get("/v1/models", self.models, allow_head=False),
            web.get("/v1/models/{model}", self.model, allow_head=False),
        ]

    async def chat(self, request: web.Request) -> web.StreamResponse:
        return await self._complete(request, parse_chat)

    async def completion(self, request: web.Request) -> web.StreamResponse:
        return await self._complete(request, parse_completion)

    async def models(self, _: web.Request) -> web.Response:
        model = self._preparer.ready_model()
        return web.Response(body=orjson.dumps(models_body(model.info.name, model.created)), content_type=JSON)

    async def model(self, request: web.Request) -> web.Response:
        self._preparer.check_model(request.match_info["model"])
        model = self._preparer.ready_model()
        return web.Response(body=orjson.dumps(model_body(model.info.name, model.created)), content_type=JSON)

    async def _complete(self, request: web.Request, parse: Callable[[bytes], Ask]) -> web.StreamResponse:
        reply = Reply(request, error_frame)
        try:
            async with self._desk.timed() as ticket, self._bodies.read(request) as body:
                ask = parse(body)
                prepared = await self._preparer.prepare(ask)
                async with self._desk.turn(ticket):
                    answer = Answer(prepared, request[http.REQUEST_ID], self._triton, ticket, self._metrics)
                    head = _head(ask)
                    if ask.stream:
                        await self._stream(request, reply, answer, prepared, head)
                    else:
                        return await self._whole(request, answer, prepared, head)
        except ApiError as error:
            await reply.fail(error)
        return reply.finished()

    async def _whole(self, request: web.Request, answer: Answer, prepared: Prepared, head: Head) -> web.Response:
        async with aclosing(answer.texts()) as texts:
            async for _ in texts:
                pass
        _note(request, answer)
        headers = prepared.headers
        judged = await answer.judged()
        if judged is not None:
            request[http.FACTS]["verdict"] = headers[names.VERDICT] = str(judged.verdict)
            if judged.error is not None:
                judged.error.headers.update(headers)
                raise judged.error
        body = completion_body(head, answer.text, answer.finish_reason, answer.usage)
        return web.Response(body=orjson.dumps(body), content_type=JSON, headers=headers)

    async def _stream(self, request: web.Request, reply: Reply, answer: Answer, prepared: Prepared, head: Head) -> None:
        frames = Frames(head, include_usage=prepared.ask.include_usage)
        begin = frames.start()
        async with aclosing(answer.texts()) as texts:
            async for text in texts:
                if reply.response is None:
                    await reply.start(prepared.headers)
                    await reply.write(begin + frames.text(text))
                else:
                    await reply.write(frames.text(text))
        _note(request, answer)
        if reply.response is None:  # an answer without any text
            await reply.start(prepared.headers)
            await reply.write(begin)
        judged = await answer.judged()
        member = None
        if judged is not None and prepared.bound is not None:
            request[http.FACTS]["verdict"] = str(judged.verdict)
            if judged.error is not None:
                raise judged.error
            member = prepared.bound.stream_member(judged.verdict)
        await reply.write(frames.finish(answer.finish_reason, answer.usage, member))


def _head(ask: Ask) -> Head:
    prefix = "chatcmpl" if ask.is_chat else "cmpl"
    return Head(f"{prefix}-{uuid.uuid4().hex}", ask.model, int(time.time()), ask.is_chat)


def _note(request: web.Request, answer: Answer) -> None:
    request[http.FACTS].update(
        prompt_tokens=answer.usage.prompt,
        completion_tokens=answer.usage.completion,
        finish_reason=answer.finish_reason,
    )
