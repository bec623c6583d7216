"""A reverse proxy in front of the API server that breaks what the operator gets, and writes down what it asked for."""

import asyncio
import json
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.controlplane.support.server import ApiServer

READS = {"GET", "HEAD", "OPTIONS"}
_HOP_BY_HOP = {"transfer-encoding", "content-length", "content-encoding", "connection", "keep-alive"}


@dataclass(frozen=True)
class Asked:
    """One request of the operator."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    time: float

    @property
    def watch(self) -> bool:
        return self.query.get("watch") == "true"

    @property
    def write(self) -> bool:
        return self.method not in READS

    @property
    def resource(self) -> str:
        """``deployments``, ``casavamodels/status``: as RBAC writes it."""
        parts = re.sub(r"^/(api/v1|apis/[^/]+/[^/]+)/?", "", self.path).split("/")
        if parts[0] == "namespaces" and len(parts) > 2:
            parts = parts[2:]
        return parts[0] + (f"/{parts[2]}" if len(parts) > 2 else "")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """Answer in the API server's stead."""

    status: int
    message: str = "injected"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delay:
    """Forward, but hold the answer back for that long."""

    seconds: float


@dataclass(frozen=True)
class DropAnswer:
    """Forward the request, then cut the connection instead of answering."""


@dataclass
class Rule:
    """Breaks the next ``times`` requests that match."""

    action: Answer | Delay | DropAnswer
    method: str = ""
    path: str = ""  # regular expression, searched
    watch: bool | None = None
    times: int = 1_000_000
    hits: int = 0

    def matches(self, asked: Asked) -> bool:
        return (
            self.hits < self.times
            and (not self.method or asked.method == self.method)
            and re.search(self.path, asked.path) is not None
            and (self.watch is None or asked.watch == self.watch)
        )


class Stream:
    """One open watch, seen from the operator's side."""

    def __init__(self, asked: Asked, response: web.StreamResponse, request: web.BaseRequest) -> None:
        self.asked = asked
        self._response = response
        self._request = request
        self.done = asyncio.Event()

    async def send(self, data: bytes) -> None:
        """Bytes of the proxy's own."""
        await self._response.write(data)

    async def error(self, code: int, reason: str = "Expired") -> None:
        """An ERROR event inside the stream, which then ends."""
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
        await self.send(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
        self.done.set()

    async def half_frame(self) -> None:
        """The beginning of an event."""
        await self.send(b'{"type":"MODIFIED","object":{"metadata":{"na')

    def end(self) -> None:
        """A clean end."""
        self.done.set()

    def abort(self) -> None:
        """A reset connection."""
        if self._request.transport is not None:
            self._request.transport.abort()
        self.done.set()


class FaultProxy:
    """Plain HTTP on loopback towards the operator, TLS towards the API server. Credentials pass through."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self.rules: list[Rule] = []
        self.log: list[Asked] = []
        self.streams: set[Stream] = set()
        self._releases: dict[str, asyncio.Event] = {}
        self._port = 0

    async def __aenter__(self) -> Self:
        context = ssl.create_default_context(cafile=str(self._server.ca_file))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0), auto_decompress=False
        )
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in list(self.streams):
            stream.abort()
        await self._runner.cleanup()
        await self._session.close()
        await asyncio.sleep(0.05)  # aborted TLS transports close their sockets in later turns of the loop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def accept(self) -> None:
        """Listen, on the same port as before."""
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    async def refuse(self) -> None:
        """Refuse connections, and cut those that are open."""
        await self._site.stop()
        for connection in list(self._runner.server.connections if self._runner.server else []):
            connection.force_close()
            if connection.transport is not None:
                connection.transport.abort()

    def break_next(self, action: Answer | Delay | DropAnswer, times: int = 1, **match: Any) -> Rule:
        """Break the next requests that match ``method``, ``path`` (regular expression) and ``watch``."""
        rule = Rule(action, times=times, **match)
        self.rules.append(rule)
        return rule

    def watches(self, resource: str) -> list[Stream]:
        """The open watches of a resource, such as ``configmaps``."""
        return [each for each in self.streams if each.asked.resource == resource]

    def hold(self, resource: str) -> None:
        """Keep back the watch events of a resource from now on."""
        self._released(resource).clear()

    def release(self, resource: str) -> None:
        """Let the watch events of a resource through again."""
        self._released(resource).set()

    def _released(self, resource: str) -> asyncio.Event:
        if resource not in self._releases:
            self._releases[resource] = asyncio.Event()
            self._releases[resource].set()
        return self._releases[resource]

    def writes(self, since: int = 0) -> list[Asked]:
        """What was written, but for the Lease and Events."""
        return [each for each in self.log[since:] if each.write and each.resource not in {"leases", "events"}]

    async def quiet(self, seconds: float = 0.7, limit: float = 20.0) -> None:
        """Wait until nothing but the Lease has been written for that long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        while True:
            last = max((each.time for each in self.log if each.write and each.resource != "leases"), default=0.0)
            if loop.time() - last >= seconds:
                return
            if loop.time() > deadline:
                raise AssertionError(f"still writing after {limit} s: {[str(each) for each in self.log[-5:]]}")
            await asyncio.sleep(0.05)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        asked = Asked(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            body=json.loads(raw) if raw else None,
            time=asyncio.get_running_loop().time(),
        )
        self.log.append(asked)
        rule = next((each for each in self.rules if each.matches(asked)), None)
        if rule is not None:
            rule.hits += 1
            if isinstance(rule.action, Answer):
                return _status(rule.action)
            if isinstance(rule.action, Delay):
                await asyncio.sleep(rule.action.seconds)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP | {"host"}}
        async with self._session.request(
            request.method,
            self._server.url + request.path_qs,
            data=raw or None,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as upstream:
            if asked.watch and upstream.status == 200:
                return await self._stream(asked, request, upstream)
            body = await upstream.read()
            if rule is not None and isinstance(rule.action, DropAnswer):
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()
            kept = {name: value for name, value in upstream.headers.items() if name.lower() not in _HOP_BY_HOP}
            if encoding := upstream.headers.get("Content-Encoding"):
                kept["Content-Encoding"] = encoding
            return web.Response(status=upstream.status, body=body, headers=kept)

    async def _stream(
        self, asked: Asked, request: web.BaseRequest, upstream: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        kept = {name: value for name, value in upstream.headers.items() if name.lower() not in _HOP_BY_HOP}
        if encoding := upstream.headers.get("Content-Encoding"):
            kept["Content-Encoding"] = encoding
        response = web.StreamResponse(status=200, headers=kept)
        response.enable_chunked_encoding()
        await response.prepare(request)
        stream = Stream(asked, response, request)
        self.streams.add(stream)
        pump = asyncio.create_task(self._pump(stream, upstream))
        done = asyncio.create_task(stream.done.wait())
        try:
            await asyncio.wait({pump, done}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.streams.discard(stream)
            for task in (pump, done):
                task.cancel()
            await asyncio.gather(pump, done, return_exceptions=True)
        return response

    async def _pump(self, stream: Stream, upstream: aiohttp.ClientResponse) -> None:
        async for chunk in upstream.content.iter_any():
            await self._released(stream.asked.resource).wait()
            await stream.send(chunk)


def _status(answer: Answer) -> web.Response:
    reasons = {403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired", 429: "TooManyRequests"}
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": answer.message,
        "reason": reasons.get(answer.status, "InternalError"),
        "code": answer.status,
    }
    return web.json_response(body, status=answer.status, headers=answer.headers)


def resources(log: Iterable[Asked]) -> set[tuple[str, str]]:
    """(verb, resource) as RBAC names them."""
    verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    return {
        (
            verbs.get(each.method) or ("watch" if each.watch else "get" if _named(each) else "list"),
            each.resource,
        )
        for each in log
        if re.match(r"^/(api/v1|apis/[^/]+/[^/]+)/.", each.path)
    }


def _named(asked: Asked) -> bool:
    parts = re.sub(r"^/(api/v1|apis/[^/]+/[^/]+)/?", "", asked.path).split("/")
    return len(parts) in {2, 4}
