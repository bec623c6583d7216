"""HTTP to the API server: ``Kube`` and kopf share one connection pool and one way to log in."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import aiohttp
from yarl import URL

from casava_operator.kube.access import Access

TOKEN_REREAD_SECONDS: Final = 30.0  # the kubelet rotates a token long before it expires
_UNAUTHORIZED: Final = 401


class ApiSession:
    """Holds the connector and the sessions over it.

    kopf gets a session of its own each time it logs in, because it closes that when a login fails and when it ends:
    requests of ``Kube`` must not be cut by either.
    """

    def __init__(self, access: Access, user_agent: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.access = access
        self._origin = URL(access.server).origin()
        self._user_agent = user_agent
        self._clock = clock
        self._connector = aiohttp.TCPConnector(limit=0, ssl=access.ssl_context())
        self._token = access.token
        self._token_age = -TOKEN_REREAD_SECONDS
        self._kopfs: aiohttp.ClientSession | None = None
        self.session = self._new()

    def for_kopf(self, listing: Callable[[str], None], watching: Callable[[str], None]) -> aiohttp.ClientSession:
        """A new session, which tells the path of each listing that begins and of each watch that is open."""

        async def note(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
            query, path = request.url.query, request.url.path
            if "limit" in query and "continue" not in query:
                listing(path)
            response = await handler(request)
            if "watch" in query and response.ok:
                watching(path)
            return response

        self._kopfs = self._new(note)
        return self._kopfs

    async def close(self) -> None:
        """Close the sessions and every connection."""
        for session in (self.session, self._kopfs):
            if session is not None:
                await session.close()
        await self._connector.close()

    def _new(self, *more: aiohttp.ClientMiddlewareType) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            headers={"User-Agent": self._user_agent},
            middlewares=(self._authorize, *more),
        )

    async def _authorize(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        token = await self._fresh_token(reread=False)
        if token is None or request.url.origin() != self._origin:  # a redirect must not carry the token elsewhere
            return await handler(request)
        request.headers["Authorization"] = f"Bearer {token}"
        response = await handler(request)
        if response.status != _UNAUTHORIZED:
            return response
        newer = await self._fresh_token(reread=True)
        if newer == token:
            return response
        response.release()
        request.headers["Authorization"] = f"Bearer {newer}"
        return await handler(request)

    async def _fresh_token(self, *, reread: bool) -> str | None:
        path = self.access.token_file
        if path and (reread or self._clock() - self._token_age >= TOKEN_REREAD_SECONDS):
            self._token = (await asyncio.to_thread(path.read_text, encoding="ascii")).strip()
            self._token_age = self._clock()
        return self._token
