"""How much slower than a bare client is the operator? ``python -m bench.operator [--models N] [--no-fsync]``.

A real etcd and API server on loopback. The bare client writes the very same objects, in the same order and with the
same number of writes at once, and does nothing else: no watch, no decision. Ratios are of one run on one machine.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from casava_operator.apply import WRITES_AT_ONCE
from casava_operator.kube.resources import resource_of
from casava_operator.place import Placement
from casava_operator.plan import plan
from casava_operator.site import Site
from casava_operator.spec import parse
from tests.controlplane.support import server as servers
from tests.controlplane.support.client import Client, until
from tests.controlplane.support.server import ApiServer, free_port

ROOT = Path(__file__).parents[2]
MANAGER = "casava-operator"
IDLE_SECONDS = 30


def model(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "casava.dev/v1alpha1",
        "kind": "CasavaModel",
        "metadata": {"name": name},
        "spec": {
            "model": {"source": "file:///models/tiny.gguf"},
            "contracts": [{"name": "invoice", "schema": json.dumps({"type": "object", "required": ["total"]})}],
        },
    }


class Bare:
    """Writes what the operator would write, and nothing else."""

    def __init__(self, server: ApiServer, namespace: str, session: aiohttp.ClientSession, status: Any) -> None:
        self._url = server.url
        self._namespace = namespace
        self._session = session
        self._status = status
        self._writes = asyncio.Semaphore(WRITES_AT_ONCE)

    async def make(self, name: str) -> None:
        """A CasavaModel, its children as the operator orders them, its status."""
        path = f"/apis/casava.dev/v1alpha1/namespaces/{self._namespace}/casavamodels"
        stored = await self._write("POST", path, model(name), "application/json")
        planned = plan(parse(stored), Placement(), Site(), replicas=1)
        others = [each for each in planned.objects if each["kind"] != "Deployment"]
        await asyncio.gather(*(self._apply(each) for each in others))
        await self._apply(planned.deployment)
        body = {"apiVersion": "casava.dev/v1alpha1", "kind": "CasavaModel", "status": self._status}
        body["metadata"] = {"name": name, "namespace": self._namespace}
        await self._write("PATCH", f"{path}/{name}/status?fieldManager={MANAGER}&force=true", body)

    async def _apply(self, body: dict[str, Any]) -> None:
        path = resource_of(body).path(self._namespace, body["metadata"]["name"])
        await self._write("PATCH", f"{path}?fieldManager={MANAGER}&force=true", body)

    async def _write(self, method: str, path: str, body: Any, kind: str = "application/apply-patch+yaml") -> Any:
        async with (
            self._writes,
            self._session.request(
                method, self._url + path, data=json.dumps(body), headers={"Content-Type": kind}
            ) as answer,
        ):
            text = await answer.text()
            if not answer.ok:
                raise RuntimeError(text)
            return json.loads(text)


class Watch:
    """When each Deployment of a namespace was seen, and each model's first status."""

    def __init__(self) -> None:
        self.deployments: dict[str, float] = {}
        self.judged: dict[str, float] = {}
        self.changed = asyncio.Event()

    async def follow(self, session: aiohttp.ClientSession, url: str, path: str) -> None:
        async with session.get(f"{url}{path}?watch=true", timeout=aiohttp.ClientTimeout(total=None)) as answer:
            buffer = b""
            async for chunk in answer.content.iter_any():
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    self._seen(json.loads(line)["object"])

    def _seen(self, body: dict[str, Any]) -> None:
        name, now = body["metadata"]["name"], time.perf_counter()
        if body["kind"] == "Deployment":
            self.deployments.setdefault(name, now)
        elif body.get("status", {}).get("conditions"):
            self.judged.setdefault(name, now)
        self.changed.set()

    async def wait(self, done: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not done():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def watching(session: aiohttp.ClientSession, server: ApiServer, namespace: str) -> AsyncIterator[Watch]:
    watch = Watch()
    paths = (f"/apis/apps/v1/namespaces/{namespace}/deployments",
             f"/apis/casava.dev/v1alpha1/namespaces/{namespace}/casavamodels")  # fmt: skip
    tasks = [asyncio.create_task(watch.follow(session, server.url, path)) for path in paths]
    try:
        yield watch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def operator(server: ApiServer, folder: Path, namespace: str) -> AsyncIterator[tuple[int, int]]:
    """(pid, port) of an operator that works."""
    config, port, log = server.kubeconfig(folder / "kubeconfig"), free_port(), folder / "operator.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "casava_operator", "run", f"--kubeconfig={config}", f"--namespace={namespace}",
            f"--lease-namespace={namespace}", f"--listen=127.0.0.1:{port}", "--log-level=warning",
            stdout=file, stderr=file,
        )  # fmt: skip
    try:

        async def works() -> bool:
            return await metric(port, "casava_operator_leader") == 1

        await until("the operator leads", works, timeout=60)
        await asyncio.sleep(2)
        yield process.pid, port
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
        sys.stdout.write(log.read_text(encoding="utf-8"))


async def metric(port: int, prefix: str) -> float:
    """The sum of a metric's lines that begin so."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/metrics") as answer,
        ):
            lines = (await answer.text()).splitlines()
            return sum(float(each.split()[-1]) for each in lines if each.startswith(prefix))
    except aiohttp.ClientError:
        return 0.0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


async def timed(work: Awaitable[None]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.operator")
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--no-fsync", action="store_true", help="etcd without fsync: faster than any real one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = servers.start(Path(folder), fsync=not arguments.no_fsync)
        try:
            await measure(server, Path(folder), arguments.models, fsync=not arguments.no_fsync)
        finally:
            server.stop()


async def measure(server: ApiServer, folder: Path, count: int, *, fsync: bool) -> None:
    context = ssl.create_default_context(cafile=str(server.ca_file))
    async with (
        Client(server, "default") as client,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0),
            headers={"Authorization": f"Bearer {server.token}"},
        ) as session,
    ):
        for path in sorted((ROOT / "crds").glob("*.yaml")):
            await client.apply(yaml.safe_load(path.read_text(encoding="utf-8")))
        await asyncio.sleep(2)
        for namespace in ("operator", "bare"):
            await client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        mine = Client(server, "operator")
        mine._session = client._session
        print(f"etcd with fsync: {fsync}; {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}")
        async with operator(server, folder, "operator") as (pid, port), watching(session, server, "operator") as watch:
            await one_at_a_time(server, session, mine, watch)
            await all_at_once(server, session, mine, watch, count)
            await drift(mine, watch)
            await idle(pid, port, count)


async def one_at_a_time(server: ApiServer, session: aiohttp.ClientSession, mine: Client, watch: Watch) -> None:
    """CR to all children, alternating between operator and bare client."""
    await mine.create(model("warm"))
    await watch.wait(lambda: "warm" in watch.judged, 30)
    status = (await mine.get("CasavaModel", "warm"))["status"]
    bare, ours, theirs = Bare(server, "bare", session, status), [], []
    for number in range(30):
        name = f"one-{number}"
        started = time.perf_counter()
        await mine.create(model(name))
        await watch.wait(lambda name=name: name in watch.judged, 30)  # type: ignore[misc]
        ours.append(watch.judged[name] - started)
        theirs.append(await timed(bare.make(name)))
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"one at a time: operator {a * 1e3:.1f} ms, bare {b * 1e3:.1f} ms: ratio {a / b:.2f} (at most 1.5)")


async def all_at_once(
    server: ApiServer, session: aiohttp.ClientSession, mine: Client, watch: Watch, count: int
) -> None:
    """Many CRs at once, until the last one is judged."""
    status = (await mine.get("CasavaModel", "warm"))["status"]
    bare = Bare(server, "bare", session, status)

    async def make_bare() -> None:
        await asyncio.gather(*(bare.make(f"many-{number}") for number in range(count)))

    async def make_ours() -> None:
        limit = asyncio.Semaphore(WRITES_AT_ONCE)

        async def create(number: int) -> None:
            async with limit:
                await mine.create(model(f"many-{number}"))

        await asyncio.gather(*(create(number) for number in range(count)))
        await watch.wait(lambda: sum(name.startswith("many-") for name in watch.judged) == count, 1200)

    a = await timed(make_ours())
    b = await timed(make_bare())
    print(f"{count} at once: operator {a:.1f} s, bare {b:.1f} s: ratio {a / b:.2f} (at most 1.5)")


async def drift(mine: Client, watch: Watch) -> None:
    """A Deployment is edited by hand; seconds until it is as before."""
    took = []
    for number in range(20):
        name = f"one-{number}"
        started = time.perf_counter()
        await mine.merge("Deployment", name, {"spec": {"replicas": 9}})

        async def repaired(name: str = name) -> bool:
            return bool((await mine.get("Deployment", name))["spec"]["replicas"] == 1)

        while not await repaired():  # noqa: ASYNC110 -- it polls the API server
            await asyncio.sleep(0.002)
        took.append(time.perf_counter() - started)
    assert watch.deployments
    print(f"drift repaired: p50 {statistics.median(took) * 1e3:.0f} ms, worst {max(took) * 1e3:.0f} ms (below 300 ms)")


async def idle(pid: int, port: int, count: int) -> None:
    """What it costs to hold that many models that are not Ready."""
    await asyncio.sleep(5)
    before, used = await metric(port, "casava_operator_api_requests_total"), cpu_seconds(pid)
    leases = await metric(port, 'casava_operator_api_requests_total{code="200",resource="leases"')
    await asyncio.sleep(IDLE_SECONDS)
    after, spent = await metric(port, "casava_operator_api_requests_total"), cpu_seconds(pid) - used
    lease_writes = await metric(port, 'casava_operator_api_requests_total{code="200",resource="leases"') - leases
    others = after - before - lease_writes
    print(
        f"idle with {count} models: {spent / IDLE_SECONDS:.2%} of a core (below 1 %), {rss_megabytes(pid):.0f} MB "
        f"(below 150), {lease_writes:.0f} Lease writes, {others:.0f} other requests in {IDLE_SECONDS} s"
    )


if __name__ == "__main__":
    asyncio.run(main())
