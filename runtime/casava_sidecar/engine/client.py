"""The gRPC connection to Triton on loopback.

The generated stubs, not tritonclient's high-level client: that one costs a thread and a numpy array per token.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

import grpc
import grpc.aio
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as stubs

from casava_sidecar.errors import SERVER_ERROR, ApiError, bad_request, unavailable
from casava_wire import tensors as names

_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_OPTIONS: Final = (
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.enable_http_proxy", 0),
    # A restarted Triton is back in well under a second: never wait long to look.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
_UNREACHABLE: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})


class Triton:
    """One model of one Triton. Make it and close it inside the event loop."""

    def __init__(self, target: str, model: str) -> None:
        """``target`` is host:port of Triton's gRPC endpoint."""
        self._channel = grpc.aio.insecure_channel(target, options=_OPTIONS)
        self.stub = stubs.GRPCInferenceServiceStub(self._channel)
        self.model = model

    async def close(self) -> None:
        await self._channel.close()

    async def ready(self, timeout_seconds: float) -> bool:
        """Whether the model answers requests now."""
        request = pb.ModelReadyRequest(name=self.model)
        try:
            answer = await self.stub.ModelReady(request, timeout=timeout_seconds)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.ready)

    async def stream(self, request: pb.ModelInferRequest) -> AsyncGenerator[pb.ModelInferResponse, None]:
        """The responses to one request. Closing the iterator early cancels the generation in the engine.

        Raises ApiError: 400 for what the engine does not take, 503 when it cannot be reached, 502 when it failed.
        """
        call = self.stub.ModelStreamInfer()
        try:
            await call.write(request)
            told = False
            while (response := await call.read()) is not grpc.aio.EOF:
                if response.error_message:
                    raise engine_error(response.error_message)
                yield response.infer_response
                if not told:
                    # Only now: to tell Triton that nothing follows is one more round trip before the first token.
                    await call.done_writing()
                    told = True
            await _ended(call)
        except grpc.aio.AioRpcError as error:
            raise call_error(error) from None
        except asyncio.InvalidStateError:
            raise call_error(None) from None
        finally:
            call.cancel()


async def _ended(call: "grpc.aio.StreamStreamCall[pb.ModelInferRequest, pb.ModelStreamInferResponse]") -> None:
    """Read ends with EOF too when the stream broke: only the status tells."""
    if await call.code() is not grpc.StatusCode.OK:
        raise unavailable("The engine stopped while it answered.", "engine_unavailable")


def engine_error(text: str) -> ApiError:
    """An error that the engine wrote into the stream."""
    for mark, code in ((names.ERROR_CONTEXT, "context_length_exceeded"), (names.ERROR_INVALID, "invalid_value")):
        _, found, rest = text.partition(mark)
        if found:
            return bad_request(_sentence(mark + rest), None, code)
    # What the engine says of its own failure may quote what it worked on.
    return ApiError(502, "The engine failed while it answered.", kind=SERVER_ERROR, code="engine_error")


def call_error(error: grpc.aio.AioRpcError | None) -> ApiError:
    """A call that broke: the engine is gone, or it does not understand."""
    if error is None or error.code() in _UNREACHABLE:
        return unavailable("The engine cannot be reached: it starts, or it is restarted.", "engine_unavailable")
    if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
        return bad_request(_sentence(error.details() or "Triton refused the request."), None, "invalid_value")
    return ApiError(502, "The engine failed while it answered.", kind=SERVER_ERROR, code="engine_error")


def _sentence(text: str) -> str:
    text = text.strip()[:500]
    return text[:1].upper() + text[1:]
