"""A streamed response on its way out."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from casava_sidecar.errors import ApiError
from casava_sidecar.http import FACTS

LAST_WORD_SECONDS: Final = 1.0


class Reply:
    """Server-sent events to one client. It starts with the first text, so that an error before that has its status."""

    def __init__(self, request: web.Request, error_frame: Callable[[ApiError], bytes]) -> None:
        """``error_frame`` writes an error as the API's clients expect it in a stream."""
        self._request = request
        self._error_frame = error_frame
        self._response: web.StreamResponse | None = None

    @property
    def response(self) -> web.StreamResponse | None:
        """None until it has started."""
        return self._response

    async def start(self, headers: Mapping[str, str]) -> None:
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-cache",
                "X-Accel-Buffering": "no",
                **headers,
            }
        )
        await response.prepare(self._request)
        self._response = response

    async def write(self, frames: bytes) -> None:
        """Waits while the client reads more slowly than the engine writes."""
        await self.finished().write(frames)

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
