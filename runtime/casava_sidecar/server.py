"""aiohttp's server within bounds: of connections, of headers, of the time a client may take."""

import asyncio
from collections.abc import Container
from typing import Any, Final

from aiohttp import web

MAX_CONNECTIONS: Final = 2048
_BACKLOG: Final = 512
_IDLE_SECONDS: Final = 75.0  # more than the proxies in front keep a connection: they close it first
_HEADER_BYTES: Final = 8190  # of one header, and of the request line
_HEADERS: Final = 64
_LINGER_SECONDS: Final = 5.0  # in which an oversized body is read and thrown away, so that its client sees the 413
_STOP_SECONDS: Final = 5.0


class Server:
    """One port. ``idle_seconds``: between two requests, and for all of a request's headers to arrive."""

    def __init__(self, app: web.Application, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        # A handler is cancelled when its client leaves: that is what cancels the generation.
        self._runner = web.AppRunner(
            app,
            handler_cancellation=True,
            access_log=None,
            shutdown_timeout=_STOP_SECONDS,
            keepalive_timeout=idle_seconds,
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
            max_headers=_HEADERS,
            lingering_time=_LINGER_SECONDS,
            auto_decompress=False,
        )
        self._listener: asyncio.Server | None = None

    async def start(self, host: str | None, port: int) -> int:
        """The port, chosen by the kernel where ``port`` is 0. Raises OSError where it is taken."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._connection, host, port, backlog=_BACKLOG)
        return int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        await self._runner.cleanup()

    def close_idle(self, busy: Container[Any]) -> None:
        """Closes connections on which no request runs: a client that would use one later goes elsewhere at once."""
        server = self._runner.server
        for connection in server.connections if server is not None else ():
            if connection not in busy:
                connection.force_close()

    def _connection(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        if server is None or len(server.connections) >= MAX_CONNECTIONS:
            return _TurnedAway()
        return server()


class _TurnedAway(asyncio.Protocol):
    """A connection beyond the limit."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.write(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            transport.close()
