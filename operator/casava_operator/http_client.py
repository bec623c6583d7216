"""The one HTTP session to the API server, shared by ``Kube`` and kopf: one connection pool, one way to log in."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import aiohttp

from casava_operator.kubeconfig import Access

TOKEN_REREAD_SECONDS: Final = 30.0  # the kubelet rotates a token long before it expires
_UNAUTHORIZED: Final = 401


class ApiSession:
    """Holds the session. ``renew`` replaces it after kopf has closed it: when it logs in anew, and when it ends.

    The connector outlives the sessions, so that requests of ``Kube`` in flight are not cut by such a login.
    """

    def __init__(self, access: Access, user_agent: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.access = access
        self._user_agent = user_agent
        self._clock = clock
        self._connector = aiohttp.TCPConnector(limit=0, ssl=access.ssl_context())
        self._token = access.token
        self._token_age = -TOKEN_REREAD_SECONDS
        self.session = self._new()

    def renew(self) -> aiohttp.ClientSession:
        """An open session: the present one, or a new one when that has been closed."""
        if self.session.closed:
            self.session = self._new()
        return self.session

    async def close(self) -> None:
        """Close the session and every connection."""
        await self.session.close()
        await self._connector.close()

    def _new(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            headers={"User-Agent": self._user_agent},
            middlewares=(self._authorize,),
        )

    async def _authorize(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        token = await self._fresh_token(reread=False)
        if token is None:
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
