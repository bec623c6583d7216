"""``/v1/chat/completions``, ``/v1/completions`` and ``/v1/models``."""

import time
import uuid
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Final

import orjson
from aiohttp import web

from casava_sidecar import beside, http
from casava_sidecar.answer import Answer
from casava_sidecar.api.requests import Ask, parse_chat, parse_completion
from casava_sidecar.api.responses import Head, model_body, models_body
from casava_sidecar.api.sse import completed_frames, error_frame
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
                ask = await beside.run(len(body) > beside.LONG, parse, body)
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
            kept = [text async for text in texts]
        headers, outcome = prepared.headers, answer.outcome
        member = self._ended(request, answer, prepared)
        if outcome is not None:
            headers[names.VERDICT] = outcome.header()
        refusal = outcome.refusal if outcome is not None else None
        text = "".join(kept)
        body = prepared.body(head, text, answer.finish_reason, answer.usage, refusal=refusal, member=member)
        return web.Response(body=orjson.dumps(body), content_type=JSON, headers=headers)

    async def _stream(self, request: web.Request, reply: Reply, answer: Answer, prepared: Prepared, head: Head) -> None:
        frames = prepared.frames(head)
        begin, headers = frames.start(), prepared.headers
        async with reply.kept_alive(headers), aclosing(answer.texts()) as texts:
            async for text in texts:
                frame = begin + frames.text(text)
                begin = b""
                if answer.events:
                    frame += completed_frames(answer.events)
                if frame:
                    await reply.start(headers)
                    await reply.write(frame)
        member = self._ended(request, answer, prepared)
        await reply.start(headers)
        last = begin  # of an answer without any text
        outcome = answer.outcome
        if outcome is not None:
            last += completed_frames(outcome.pointers)
            if outcome.refusal is not None:
                last += frames.refusal(outcome.refusal)
        await reply.write(last + frames.finish(answer.finish_reason, answer.usage, member))

    def _ended(self, request: web.Request, answer: Answer, prepared: Prepared) -> dict[str, Any] | None:
        """What the answer says of its contract, None without one. Raises the ApiError that stands in its place."""
        facts, outcome, bound = request[http.FACTS], answer.outcome, prepared.bound
        facts.update(
            prompt_tokens=answer.usage.prompt,
            completion_tokens=answer.usage.completion,
            finish_reason=answer.finish_reason,
        )
        if outcome is None or bound is None:
            return None
        facts["verdict"] = str(outcome.verdict)
        if outcome.attempts > 1:
            facts.update(attempts=outcome.attempts, generated_tokens=outcome.tokens, seed=outcome.seed)
        self._metrics.contracts.ended(bound, outcome)
        if outcome.error is not None:
            outcome.error.headers.update(prepared.headers)
            raise outcome.error
        return outcome.member(bound)


def _head(ask: Ask) -> Head:
    prefix = "chatcmpl" if ask.is_chat else "cmpl"
    return Head(f"{prefix}-{uuid.uuid4().hex}", ask.model, int(time.time()), ask.is_chat)
