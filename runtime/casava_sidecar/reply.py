"""A streamed response on its way out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from aiohttp import web

from casava_sidecar.errors import ApiError
from casava_sidecar.http import FACTS

LAST_WORD_SECONDS: Final = 1.0
KEEP_ALIVE_SECONDS: Final = 15.0  # proxies close a response that is silent for 30 s or more

_COMMENT: Final = b": keep-alive\n\n"  # readers of server-sent events pass over lines that begin with a colon


class Reply:
    """Server-sent events to one client. It starts with the first text, so that an error before that has its status."""

    def __init__(
        self,
        request: web.Request,
        error_frame: Callable[[ApiError], bytes],
        *,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        """``error_frame`` writes an error as the API's clients expect it in a stream."""
        self._request = request
        self._error_frame = error_frame
        self._keep_alive_seconds = keep_alive_seconds
        self._clock = asyncio.get_running_loop().time
        self._written = self._clock()
        self._response: web.StreamResponse | None = None

    @property
    def response(self) -> web.StreamResponse | None:
        """None until it has started."""
        return self._response

    async def start(self, headers: Mapping[str, str]) -> None:
        """Does nothing where it has started."""
        if self._response is not None:
            return
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-cache",
                "X-Accel-Buffering": "no",
                **headers,
            }
        )
        # The headers leave with the first bytes, so that this waits for nobody and cannot be done half.
        await response.prepare(self._request)
        self._response = response

    async def write(self, frames: bytes) -> None:
        """Waits while the client reads more slowly than the engine writes."""
        self._written = self._clock()
        await self.finished().write(frames)

    @contextlib.asynccontextmanager
    async def kept_alive(self, headers: Mapping[str, str]) -> AsyncIterator[None]:
        """While its body has nothing to write, a comment every few seconds keeps proxies from closing the connection.

        The first one starts the response: what goes wrong from then on is told in a frame.
        """
        beating = asyncio.create_task(self._beat(headers), name="keep-alive")
        try:
            yield
        finally:
            beating.cancel()  # and not waited for: from here on it writes nothing

    async def _beat(self, headers: Mapping[str, str]) -> None:
        with contextlib.suppress(ConnectionError):  # a client that is gone ends the handler as well
            while True:
                await asyncio.sleep(self._written + self._keep_alive_seconds - self._clock())
                if self._clock() >= self._written + self._keep_alive_seconds:
                    await self.start(headers)
                    await self.write(_COMMENT)

    async def fail(self, error: ApiError) -> None:
        """One last frame with the error, or the error itself while a status can still be sent.

        A client that does not read is cut off.
        """
        if self._response is None:
            raise error
        self._request[FACTS]["error"] = error.code
        response = self._response
        response.force_close()
        try:
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await response.write(self._error_frame(error))
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()

    def finished(self) -> web.StreamResponse:
        """The response, which must have started."""
        if self._response is None:
            raise RuntimeError("the stream has not started")
        return self._response
