"""The harness: one API server for all tests of this folder, a fresh namespace for each."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml

from tests.controlplane.support import server as servers
from tests.controlplane.support.client import ApiError, Client, until
from tests.controlplane.support.operator import Operator, OperatorFactory
from tests.controlplane.support.proxy import FaultProxy
from tests.controlplane.support.server import ApiServer

OPERATOR_USER = "casava-operator"
OPERATOR_TOKEN = "token-of-the-operator"
CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="session")
def bare_api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """etcd and kube-apiserver, nothing in them."""
    server = servers.start(tmp_path_factory.mktemp("apiserver"), users={OPERATOR_TOKEN: OPERATOR_USER})
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def api_server(bare_api_server: ApiServer) -> ApiServer:
    """The API server with the CRDs in it."""
    asyncio.run(install_crds(bare_api_server))
    return bare_api_server


async def install_crds(server: ApiServer) -> None:
    """Apply the CRDs and wait until both kinds are served."""
    async with Client(server, "default") as client:
        for path in sorted(CRDS.glob("*.yaml")):
            await client.apply(yaml.safe_load(path.read_text(encoding="utf-8")))

        async def served() -> bool:
            try:
                for kind in ("CasavaModel", "OutputContract"):
                    await client.list(kind)
            except ApiError:
                return False
            return True

        await until("the CRDs are served", served)


@pytest.fixture
async def client(api_server: ApiServer) -> AsyncIterator[Client]:
    """A client straight to the API server, with a fresh namespace."""
    namespace = f"test-{uuid.uuid4().hex[:10]}"
    async with Client(api_server, namespace) as made:
        await made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        yield made


@pytest.fixture
async def proxy(api_server: ApiServer) -> AsyncIterator[FaultProxy]:
    """The address that the operator gets."""
    async with FaultProxy(api_server) as made:
        yield made


@pytest.fixture
async def operators(
    api_server: ApiServer, client: Client, proxy: FaultProxy, tmp_path: Path
) -> AsyncIterator[OperatorFactory]:
    """Starts operators as processes, behind the proxy, for the test's namespace; ends those still running."""
    factory = OperatorFactory(api_server, client.namespace, proxy, tmp_path)
    try:
        yield factory
    finally:
        await factory.stop_all()


@pytest.fixture
async def operator(operators: OperatorFactory) -> Operator:
    """One operator that leads."""
    return await operators.leading()
