"""The handlers of ``/v2``. What is not listed in ``routes`` does not exist."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

import grpc
import grpc.aio
import orjson
from aiohttp import web
from tritonclient.grpc import model_config_pb2 as config_pb
from tritonclient.grpc import service_pb2 as pb

from casava_sidecar import beside, http
from casava_sidecar.contracts.bound import OFF
from casava_sidecar.desk import Desk
from casava_sidecar.engine.client import Triton, call_error
from casava_sidecar.engine.watch import Obstacle
from casava_sidecar.errors import ApiError, unavailable
from casava_sidecar.prepare import Preparer
from casava_sidecar.reply import Reply
from casava_sidecar.v2 import generate, infer
from casava_sidecar.v2.proto_json import to_json
from casava_sidecar.v2.signature import Signature, signature
from casava_sidecar.v2.tensors import Gathered
from casava_wire import http as names
from casava_wire import tensors

_JSON: Final = "application/json"
_CALL_SECONDS: Final = 5.0
_HEADERS: Final = {names.GUARANTEE: OFF}  # raw inference: no contract is known here, and the response says so
_EXTENSIONS: Final = frozenset({"binary_tensor_data", "model_configuration", "statistics"})  # those offered here


class OpenInference:
    """Speaks gRPC to Triton for clients of the Open Inference Protocol over HTTP."""

    def __init__(
        self,
        preparer: Preparer,
        desk: Desk,
        bodies: http.Bodies,
        triton: Triton,
        obstacle: Callable[[], Obstacle | None],
    ) -> None:
        self._preparer = preparer
        self._desk = desk
        self._bodies = bodies
        self._triton = triton
        self._obstacle = obstacle

    def routes(self) -> list[web.RouteDef]:
        routes = [
            web.get("/v2", self.server_metadata, allow_head=False),
            web.get("/v2/health/live", self.live, allow_head=False),
            web.get("/v2/health/ready", self.ready, allow_head=False),
        ]
        for model in ("/v2/models/{model}", "/v2/models/{model}/versions/{version:[0-9]{1,9}}"):
            routes += [
                web.get(model, self.metadata, allow_head=False),
                web.get(f"{model}/ready", self.model_ready, allow_head=False),
                web.get(f"{model}/config", self.config, allow_head=False),
                web.get(f"{model}/stats", self.statistics, allow_head=False),
                web.post(f"{model}/infer", self.infer),
                web.post(f"{model}/generate", self.generate),
                web.post(f"{model}/generate_stream", self.generate_stream),
            ]
        return routes

    async def live(self, _: web.Request) -> web.Response:
        answer = await self._call(self._triton.stub.ServerLive, pb.ServerLiveRequest())
        return web.Response(status=200 if answer.live else 503)

    async def ready(self, _: web.Request) -> web.Response:
        obstacle = self._obstacle()
        if obstacle is not None:
            raise unavailable(f"{obstacle.reason}: {obstacle.message}", "not_ready")
        return web.Response()

    async def model_ready(self, request: web.Request) -> web.Response:
        self._model(request)
        return await self.ready(request)

    async def server_metadata(self, _: web.Request) -> web.Response:
        answer = await self._call(self._triton.stub.ServerMetadata, pb.ServerMetadataRequest())
        body = to_json(answer)
        body["extensions"] = [name for name in body["extensions"] if name in _EXTENSIONS]
        return _json(body)

    async def metadata(self, request: web.Request) -> web.Response:
        model, version = self._model(request)
        asked = pb.ModelMetadataRequest(name=model, version=version)
        return _json(to_json(await self._call(self._triton.stub.ModelMetadata, asked)))

    async def config(self, request: web.Request) -> web.Response:
        return _json(to_json(await self._config(*self._model(request))))

    async def statistics(self, request: web.Request) -> web.Response:
        model, version = self._model(request)
        asked = pb.ModelStatisticsRequest(name=model, version=version)
        return _json(to_json(await self._call(self._triton.stub.ModelStatistics, asked)))

    async def infer(self, request: web.Request) -> web.Response:
        model, version = self._model(request)
        async with self._desk.timed() as ticket, self._bodies.read(request) as body:
            length = request.headers.get(infer.LENGTH_HEADER)
            inference = await beside.run(len(body) > beside.LONG, infer.parse, body, length, model, version)
            (await self._signature(model, version)).check(inference.request)
            async with self._desk.turn(ticket):
                gathered, served_version = await self._gather(inference.request)
        text, header_length = infer.render(inference, gathered.outputs(), model, served_version)
        headers = dict(_HEADERS)
        if header_length is not None:
            headers[infer.LENGTH_HEADER] = str(header_length)
        content_type = _JSON if header_length is None else "application/octet-stream"
        return web.Response(body=text, content_type=content_type, headers=headers)

    async def generate(self, request: web.Request) -> web.Response:
        model, version = self._model(request)
        async with self._desk.timed() as ticket, self._bodies.read(request) as body:
            asked = await self._asked(body, model, version)
            async with self._desk.turn(ticket):
                gathered, served_version = await self._gather(asked)
        outputs = ((name, datatype, raw) for name, (datatype, _, raw) in gathered.outputs().items())
        answer = generate.render(outputs, model, served_version, asked.id)
        return web.Response(body=answer, content_type=_JSON, headers=_HEADERS)

    async def generate_stream(self, request: web.Request) -> web.StreamResponse:
        model, version = self._model(request)
        reply = Reply(request, v2_error)
        try:
            async with self._desk.timed() as ticket, self._bodies.read(request) as body:
                asked = await self._asked(body, model, version)
                async with self._desk.turn(ticket), aclosing(self._triton.stream(asked)) as responses:
                    async for response in responses:
                        await reply.start(_HEADERS)
                        outputs = zip(response.outputs, response.raw_output_contents, strict=True)
                        event = generate.render(
                            ((output.name, output.datatype, raw) for output, raw in outputs),
                            model,
                            response.model_version,
                            asked.id,
                        )
                        await reply.write(b"data: " + event + b"\n\n")
        except ApiError as error:
            await reply.fail(error)
        return reply.finished()

    async def _asked(self, body: bytes, model: str, version: str) -> pb.ModelInferRequest:
        signed = await self._signature(model, version)
        return await beside.run(len(body) > beside.LONG, generate.parse, body, signed, model, version)

    def _model(self, request: web.Request) -> tuple[str, str]:
        name = request.match_info["model"]
        self._preparer.check_model(name)
        return name, request.match_info.get("version", "")

    async def _config(self, model: str, version: str) -> config_pb.ModelConfig:
        asked = pb.ModelConfigRequest(name=model, version=version)
        return (await self._call(self._triton.stub.ModelConfig, asked)).config

    async def _signature(self, model: str, version: str) -> Signature:
        self._preparer.ready_model()
        return signature(await self._config(model, version))

    async def _gather(self, asked: pb.ModelInferRequest) -> tuple[Gathered, str]:
        gathered = Gathered(tensors.TEXT_OUTPUT)
        version = ""
        async with aclosing(self._triton.stream(asked)) as responses:
            async for response in responses:
                gathered.add(response)
                version = response.model_version
        return gathered, version

    async def _call(self, method: Callable[..., Awaitable[Any]], message: Any) -> Any:
        try:
            return await method(message, timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:  # the model is there: its name was checked
                raise ApiError(404, "The model has no such version.", code="version_not_found") from None
            raise call_error(error) from None


def v2_error(error: ApiError) -> bytes:
    """A failed stream's last frame, as Triton writes it."""
    return b"data: " + orjson.dumps({"error": error.message}) + b"\n\n"


def _json(body: dict[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type=_JSON)
