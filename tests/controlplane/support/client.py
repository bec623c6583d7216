"""The tests' own hand on the API server: straight to it, never through the fault proxy or the operator's code."""

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from tests.controlplane.support.server import ApiServer

Manifest = dict[str, Any]
T = TypeVar("T")

PLURALS = {
    "CasavaModel": ("casava.dev/v1alpha1", "casavamodels"),
    "OutputContract": ("casava.dev/v1alpha1", "outputcontracts"),
    "Deployment": ("apps/v1", "deployments"),
    "ReplicaSet": ("apps/v1", "replicasets"),
    "ControllerRevision": ("apps/v1", "controllerrevisions"),
    "Pod": ("v1", "pods"),
    "Node": ("v1", "nodes"),
    "Namespace": ("v1", "namespaces"),
    "Service": ("v1", "services"),
    "ServiceAccount": ("v1", "serviceaccounts"),
    "ConfigMap": ("v1", "configmaps"),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
    "Lease": ("coordination.k8s.io/v1", "leases"),
    "Event": ("events.k8s.io/v1", "events"),
    "ClusterRole": ("rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": ("rbac.authorization.k8s.io/v1", "clusterrolebindings"),
    "CustomResourceDefinition": ("apiextensions.k8s.io/v1", "customresourcedefinitions"),
}


class ApiError(Exception):
    """An answer of 400 or above."""

    def __init__(self, status: int, body: Manifest) -> None:
        super().__init__(f"{status}: {body.get('message')}")
        self.status = status
        self.body = body


class Client:
    """Verbs by kind and name; waits by polling."""

    def __init__(self, server: ApiServer, namespace: str) -> None:
        self._server = server
        self.namespace = namespace
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        context = ssl.create_default_context(cafile=str(self._server.ca_file))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0),
            headers={"Authorization": f"Bearer {self._server.token}", "User-Agent": "casava-tests"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session
        await self._session.close()
        await asyncio.sleep(0.05)  # aborted TLS transports close their sockets in later turns of the loop

    def path(self, kind: str, name: str = "", subresource: str = "", namespace: str | None = "") -> str:
        """URL path; ``namespace`` "" is the test's own, None means all or cluster-wide."""
        version, plural = PLURALS[kind]
        within = self.namespace if namespace == "" else namespace
        if kind in {"Node", "Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}:
            within = None
        parts = ["/api" if version == "v1" else "/apis", version]
        parts += ["namespaces", within] if within else []
        return "/".join([*parts, plural, *([name] if name else []), *([subresource] if subresource else [])])

    async def call(self, method: str, path: str, body: Manifest | None = None, content_type: str = "") -> Manifest:
        """One request. Raises ApiError for 400 and above."""
        assert self._session
        headers = {"Content-Type": content_type or "application/json"}
        data = None if body is None else json.dumps(body)
        async with self._session.request(method, self._server.url + path, data=data, headers=headers) as response:
            text = await response.text()
            answer: Manifest = json.loads(text) if text.startswith("{") else {"message": text}
            if response.status >= 400:
                raise ApiError(response.status, answer)
            return answer

    async def get(self, kind: str, name: str) -> Manifest:
        return await self.call("GET", self.path(kind, name))

    async def find(self, kind: str, name: str) -> Manifest | None:
        try:
            return await self.get(kind, name)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, kind: str, selector: str = "") -> list[Manifest]:
        answer = await self.call("GET", self.path(kind) + (f"?labelSelector={selector}" if selector else ""))
        items: list[Manifest] = answer["items"]
        return items

    async def create(self, body: Manifest) -> Manifest:
        return await self.call("POST", self.path(body["kind"]), body)

    async def apply(self, body: Manifest, manager: str = "casava-tests", *, force: bool = True) -> Manifest:
        path = self.path(body["kind"], body["metadata"]["name"]) + f"?fieldManager={manager}&force={str(force).lower()}"
        return await self.call("PATCH", path, body, "application/apply-patch+yaml")

    async def merge(self, kind: str, name: str, patch: Manifest, subresource: str = "") -> Manifest:
        return await self.call("PATCH", self.path(kind, name, subresource), patch, "application/merge-patch+json")

    async def delete(self, kind: str, name: str) -> None:
        await self.call("DELETE", self.path(kind, name), {"gracePeriodSeconds": 0, "propagationPolicy": "Background"})

    async def condition(self, name: str, kind: str = "Ready") -> Manifest:
        """A condition of a CasavaModel; empty while it is not there."""
        model = await self.get("CasavaModel", name)
        conditions: list[Manifest] = model.get("status", {}).get("conditions", [])
        return next((each for each in conditions if each["type"] == kind), {})


async def until(what: str, probe: Callable[[], Awaitable[T | None]], timeout: float = 15.0) -> T:  # noqa: ASYNC109
    """The first truthy answer of ``probe``. Fails the test with ``what`` was waited for."""
    deadline = time.monotonic() + timeout
    while True:
        answer = await probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}; last seen: {answer!r}")
        await asyncio.sleep(0.03)
