"""Requests and their errors, against a small HTTP server that answers as an API server would."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from casava_operator.errors import Conflict, Transient
from casava_operator.kube.access import Access
from casava_operator.kube.client import Bug, Forbidden, Kube, NotFound, Refused, Terminating
from casava_operator.kube.resources import CASAVA_MODEL, CONFIG_MAP, LEASE
from casava_operator.kube.session import ApiSession

Answers = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers with what the test puts into ``answer``; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.bodies: list[str] = []
        self.answer: Answers = self._nothing
        self.url = ""

    async def _nothing(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.text())
        return await self.answer(request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def kube(server: Server) -> AsyncIterator[tuple[Kube, list[tuple[str, str, str]]]]:
    counted: list[tuple[str, str, str]] = []
    api = ApiSession(Access(server=server.url, token="t"), "tests")
    yield Kube(api, lambda *each: counted.append(each)), counted
    await api.close()


def says(
    status: int, *, reason: str = "", message: str = "m", headers: dict[str, str] | None = None, **more: Any
) -> Answers:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"reason": reason, "message": message, **more}, status=status, headers=headers)

    return answer


MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ns"}, "data": {"a": "b"}}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Refused),
        (401, Transient),
        (403, Forbidden),
        (404, NotFound),
        (405, Bug),
        (408, Transient),
        (409, Conflict),
        (410, Transient),
        (415, Bug),
        (422, Refused),
        (429, Transient),
        (500, Transient),
        (503, Transient),
        (504, Transient),
    ],
)
async def test_each_status_has_its_error(
    server: Server, kube: tuple[Kube, list[tuple[str, str, str]]], status: int, error: type[Exception]
) -> None:
    server.answer = says(status, reason="Why", message="the sentence")
    with pytest.raises(error, match="the sentence") as raised:
        await kube[0].apply(CONFIG_MAP, MAP)
    assert type(raised.value) is error
    assert kube[1] == [("patch", "configmaps", str(status))]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (says(429, headers={"Retry-After": "7"}), 7.0),
        (says(503, details={"retryAfterSeconds": 5}), 5.0),
        (says(500), None),
        (says(429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), None),
    ],
)
async def test_the_delay_that_the_server_asks_for_is_kept(
    server: Server, kube: tuple[Kube, list[tuple[str, str, str]]], answer: Answers, seconds: float | None
) -> None:
    server.answer = answer
    with pytest.raises(Transient) as raised:
        await kube[0].apply(CONFIG_MAP, MAP)
    assert raised.value.retry_after == seconds


async def test_an_apply_is_a_forced_patch_under_the_name_of_its_manager(
    server: Server, kube: tuple[Kube, list[tuple[str, str, str]]]
) -> None:
    await kube[0].apply(CONFIG_MAP, MAP)
    await kube[0].apply(CONFIG_MAP, MAP, force=False, dry_run=True)
    await kube[0].apply_status(CASAVA_MODEL, {"metadata": {"name": "m", "namespace": "ns"}, "status": {}})
    first, second, third = server.asked
    assert first.method == "PATCH"
    assert first.path == "/api/v1/namespaces/ns/configmaps/c"
    assert first.content_type == "application/apply-patch+yaml"
    assert dict(first.query) == {"fieldManager": "casava-operator", "force": "true"}
    assert dict(second.query) == {"fieldManager": "casava-operator", "force": "false", "dryRun": "All"}
    assert third.path == "/apis/casava.dev/v1alpha1/namespaces/ns/casavamodels/m/status"
    assert kube[1][-1] == ("patch", "casavamodels/status", "200")


async def test_what_is_not_there_is_none_and_deleting_it_is_no_error(
    server: Server, kube: tuple[Kube, list[tuple[str, str, str]]]
) -> None:
    server.answer = says(404)
    assert await kube[0].get(LEASE, "ns", "l") is None
    assert await kube[0].delete(CONFIG_MAP, "ns", "c", "u") is False
    server.answer = says(409)  # another object has taken the name
    assert await kube[0].delete(CONFIG_MAP, "ns", "c", "u") is False
    assert '"uid":"u"' in server.bodies[-1]


async def test_a_listing_goes_on_to_the_last_page_and_names_the_kind_of_each_item(
    server: Server, kube: tuple[Kube, list[tuple[str, str, str]]]
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        more = "continue" not in request.query
        name = "a" if more else "b"
        return web.json_response(
            {
                "metadata": {"resourceVersion": "5", **({"continue": "x"} if more else {})},
                "items": [{"metadata": {"name": name}}],
            }
        )

    server.answer = answer
    items = [item async for page in kube[0].pages(CONFIG_MAP, "ns", "a=b") for item in page.items]
    assert [item["metadata"]["name"] for item in items] == ["a", "b"]
    assert {(item["apiVersion"], item["kind"]) for item in items} == {("v1", "ConfigMap")}
    assert dict(server.asked[0].query) == {"limit": "500", "labelSelector": "a=b"}
    assert "resourceVersion" not in server.asked[0].query, "a cache may be behind"


async def test_an_object_is_found_by_listing(server: Server, kube: tuple[Kube, list[tuple[str, str, str]]]) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        found = [{"metadata": {"name": "c"}}] if request.query["fieldSelector"] == "metadata.name=c" else []
        return web.json_response({"metadata": {}, "items": found})

    server.answer = answer
    found = await kube[0].find(CONFIG_MAP, "ns", "c")
    assert found == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    assert await kube[0].find(CONFIG_MAP, "ns", "d") is None


async def test_an_answer_that_is_no_json_and_a_refused_connection_are_transient(
    server: Server, kube: tuple[Kube, list[tuple[str, str, str]]]
) -> None:
    async def page(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>", status=200)

    server.answer = page
    with pytest.raises(Transient):
        await kube[0].get(LEASE, "ns", "l")
    api = ApiSession(Access(server="http://127.0.0.1:1"), "tests")
    with pytest.raises(Transient, match="get leases"):
        await Kube(api).get(LEASE, "ns", "l")
    await api.close()


async def test_long_messages_are_cut(server: Server, kube: tuple[Kube, list[tuple[str, str, str]]]) -> None:
    server.answer = says(500, message="x" * 100_000)
    with pytest.raises(Transient) as raised:
        await kube[0].get(LEASE, "ns", "l")
    assert len(str(raised.value)) <= 1000


async def test_a_rotated_token_is_read_again_when_it_is_refused_and_now_and_then(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("old\n", encoding="ascii")
    good = {"Bearer old"}

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=200 if request.headers["Authorization"] in good else 401)

    server.answer = answer
    now = 0.0
    api = ApiSession(Access(server=server.url, token_file=file), "tests", clock=lambda: now)
    kube = Kube(api)
    await kube.get(LEASE, "ns", "l")
    file.write_text("new\n", encoding="ascii")
    await kube.get(LEASE, "ns", "l")
    assert len(server.asked) == 2, "an accepted token is not read again at once"
    good = {"Bearer new"}
    await kube.get(LEASE, "ns", "l")
    assert [each.headers["Authorization"] for each in server.asked[2:]] == ["Bearer old", "Bearer new"]
    file.write_text("newest\n", encoding="ascii")
    now = 31.0
    good = {"Bearer newest"}
    await kube.get(LEASE, "ns", "l")
    assert server.asked[-1].headers["Authorization"] == "Bearer newest"
    good = set()
    with pytest.raises(Transient):
        await kube.get(LEASE, "ns", "l")
    await api.close()


async def test_a_refusal_for_a_namespace_that_goes_away_has_its_own_error(
    server: Server, kube: tuple[Kube, list[tuple[str, str, str]]]
) -> None:
    server.answer = says(403, reason="Forbidden", details={"causes": [{"reason": "NamespaceTerminating"}]})
    with pytest.raises(Terminating):
        await kube[0].apply(CONFIG_MAP, MAP)


async def test_a_redirect_carries_the_token_to_no_other_server(server: Server) -> None:
    api = ApiSession(Access(server=server.url, token="t"), "tests")
    elsewhere = server.url.replace("127.0.0.1", "localhost")

    async def away(request: web.Request) -> web.StreamResponse:
        if request.url.host == "localhost":
            return web.json_response({})
        raise web.HTTPFound(f"{elsewhere}/stolen")

    server.answer = away
    async with api.session.get(f"{server.url}/api") as answer:
        await answer.read()
    assert [each.path for each in server.asked] == ["/api", "/stolen"]
    assert [each.headers.get("Authorization") for each in server.asked] == ["Bearer t", None]
    await api.close()


async def test_kopf_gets_a_new_session_that_tells_of_listings_and_open_watches(server: Server) -> None:
    listed: list[str] = []
    watched: list[str] = []
    api = ApiSession(Access(server=server.url, token="t"), "tests")
    first = api.for_kopf(listed.append, watched.append)
    for query in ("?limit=500", "?limit=500&continue=x", "?watch=true", ""):
        async with first.get(f"{server.url}/api/v1/pods{query}") as answer:
            await answer.read()
    assert (listed, watched) == (["/api/v1/pods"], ["/api/v1/pods"])
    server.answer = says(500)
    async with first.get(f"{server.url}/api/v1/pods?watch=true") as answer:
        await answer.read()
    assert len(watched) == 1, "a refused watch is not open"
    await first.close()
    second = api.for_kopf(listed.append, watched.append)
    assert not second.closed
    assert not api.session.closed
    await api.close()
