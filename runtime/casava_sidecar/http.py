"""What every request goes through: an id, a log line, a body within bounds, errors in the shape of its API."""

import asyncio
import logging
import re
import traceback
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
from aiohttp import web

from casava_sidecar.drain import Drain
from casava_sidecar.errors import SERVER_ERROR, ApiError, no_room, unavailable
from casava_sidecar.metrics import Metrics

log: Final = logging.getLogger(__name__)

BODY_BYTES: Final = 4 * 1024 * 1024
BODIES_BYTES: Final = 32 * 1024 * 1024  # of all requests together; what is made of them takes several times as much
_BODY_SECONDS: Final = 30.0  # for a client to send its body
_ID_HEADER: Final = "x-request-id"
_ID: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_CLIENT_GONE: Final = 499
_CLOSE: Final = "close"

REQUEST_ID: Final = web.RequestKey("request_id", str)
FACTS: Final = web.RequestKey("facts", dict[str, Any])  # what handlers add to the log line. Never a prompt or an answer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Bodies:
    """Reads bodies, and bounds the memory that all requests together take by theirs. ``left``: bytes of the budget."""

    def __init__(self, budget: int = BODIES_BYTES) -> None:
        self.left = budget

    @asynccontextmanager
    async def read(self, request: web.Request) -> AsyncIterator[bytes]:
        """The body, at most BODY_BYTES. It counts until the context ends, since prompts that wait are made of it.

        Raises ApiError: 413, 415 for an encoding, 408 for a body that does not come, 429 where there is no room for it.
        """
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise ApiError(415, "Compressed bodies are not accepted.", code="unsupported_encoding")
        if (request.content_length or 0) > BODY_BYTES:
            raise _too_large()
        held = self._hold(_to_come(request))
        try:
            body = await _read(request)
            held += self._hold(len(body) - held)
            yield body
        finally:
            self.left += held

    def _hold(self, size: int) -> int:
        if size > self.left:
            raise no_room(retry_after=1)
        self.left -= size
        return size


def _to_come(request: web.Request) -> int:
    """Bytes that the body may still take."""
    if request.content.is_eof():
        return 0
    return BODY_BYTES if request.content_length is None else request.content_length


async def _read(request: web.Request) -> bytes:
    try:
        if request.content.is_eof():  # it came with the headers, as small ones do
            return await request.read()
        async with asyncio.timeout(_BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    except TimeoutError:
        raise ApiError(408, f"The body did not arrive within {_BODY_SECONDS:g} s.", code="body_timeout") from None


def _too_large() -> ApiError:
    return ApiError(413, f"The body is larger than {BODY_BYTES} bytes.", code="request_too_large")


async def _refuse(_request: web.Request) -> web.StreamResponse:
    raise unavailable("This replica is going away: try again.", "shutting_down")


class Envelope:
    """The middleware around every handler of the API."""

    def __init__(self, drain: Drain, metrics: Metrics) -> None:
        self._drain = drain
        self._metrics = metrics
        self.busy: set[Any] = set()  # connections with a request on them
        # Connections whose client does not know yet that it should leave: their last response, a stream, began before
        # the drain. Closing one at the stream's end would meet the request that a pooled client sends at that moment.
        self.owed: set[Any] = set()

    def middleware(self) -> Any:
        @web.middleware
        async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._handle(request, handler)

        return envelope

    async def on_prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Signal handler: runs before any response's headers are sent, of a stream too."""
        response.headers[_ID_HEADER] = request.get(REQUEST_ID, "")
        response.headers["Server"] = "casava"
        if self._drain.draining:
            response.force_close()
            response.headers["Connection"] = _CLOSE

    async def _handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get(_ID_HEADER, "")
        request[REQUEST_ID] = given if _ID.fullmatch(given) else uuid.uuid4().hex
        facts: dict[str, Any] = {}
        request[FACTS] = facts
        begin = asyncio.get_running_loop().time()
        status = _CLIENT_GONE
        connection = request.protocol
        self.busy.add(connection)
        refused = self._drain.refusing and connection not in self.owed
        self.owed.discard(connection)
        try:
            response = await self._answer(request, _refuse if refused else handler)
            status = response.status
            if self._drain.draining and response.prepared and response.headers.get("Connection") != _CLOSE:
                self.owed.add(connection)
            return response
        finally:
            self.busy.discard(connection)
            route = _route(request)
            self._metrics.requests.labels(route, str(status)).inc()
            facts["seconds"] = round(asyncio.get_running_loop().time() - begin, 4)
            log.info(
                "request",
                extra={"request_id": request[REQUEST_ID], "route": route, "status": status, **facts},
            )

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            request[FACTS]["error"] = error.code
            return error_response(request, error)
        except web.HTTPException as error:
            if error.status < 400:  # noqa: PLR2004 - a redirect is no error
                raise
            return error_response(request, _of_router(error))
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: a client gets an answer and the log says where
            # Where, but not the exception's own text: that may quote a request.
            frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-6:]]
            log.error(  # noqa: TRY400
                "unexpected error",
                extra={"request_id": request[REQUEST_ID], "type": type(error).__name__, "frames": frames},
            )
            internal = ApiError(500, "An unexpected error. The log has it.", kind=SERVER_ERROR, code="internal_error")
            return error_response(request, internal)


def error_response(request: web.Request, error: ApiError) -> web.Response:
    """In the shape of the API that was asked: OpenAI's, or the Open Inference Protocol's ``{"error": "..."}``."""
    is_v2 = request.path == "/v2" or request.path.startswith("/v2/")
    body = {"error": error.message} if is_v2 else error.body()
    return web.Response(
        status=error.status, body=orjson.dumps(body), content_type="application/json", headers=error.headers
    )


def _of_router(error: web.HTTPException) -> ApiError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return ApiError(
            405, f"Method not allowed. Allowed: {allowed}.", code="method_not_allowed", headers={"Allow": allowed}
        )
    if error.status == 404:  # noqa: PLR2004
        return ApiError(404, "There is nothing at this path.", code="not_found")
    return ApiError(error.status, error.reason, code="http_error")


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "other"
