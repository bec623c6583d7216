"""An operator meets a CRD that is newer than itself, or none at all."""

import copy

import yaml

from tests.controlplane.conftest import CRDS, install_crds
from tests.controlplane.support.client import Client, until
from tests.controlplane.support.operator import OperatorFactory
from tests.controlplane.support.play import applied, model
from tests.controlplane.support.proxy import FaultProxy
from tests.controlplane.support.server import ApiServer


async def test_a_crd_with_one_more_defaulted_field_causes_no_write(
    api_server: ApiServer, client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    await proxy.quiet()
    crd = yaml.safe_load((CRDS / "casavamodels.yaml").read_text(encoding="utf-8"))
    newer = copy.deepcopy(crd)
    serving = newer["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["serving"]
    serving["properties"]["novelty"] = {"type": "string", "default": "shiny", "description": "From the future."}
    serving.setdefault("default", {})
    try:
        await client.apply(newer)

        async def seen() -> bool:
            found = await client.get("CasavaModel", "chat")
            return bool(found["spec"].get("serving", {}).get("novelty") == "shiny")

        await until("the default is served", seen)
        before = len(proxy.log)
        await client.merge("CasavaModel", "chat", {"metadata": {"labels": {"touched": "yes"}}})
        await proxy.quiet(1.0)
        assert [str(each) for each in proxy.writes(before)] == []
        await operators.started[0].kill()
        await client.delete("Lease", "casava-operator")
        before = len(proxy.log)
        await operators.leading()
        await proxy.quiet(1.0)
        assert [str(each) for each in proxy.writes(before)] == []
    finally:
        await install_crds(api_server)


async def test_an_operator_installed_before_its_crd_waits_for_it(
    api_server: ApiServer, client: Client, operators: OperatorFactory
) -> None:
    await client.delete("CustomResourceDefinition", "casavamodels.casava.dev")
    try:

        async def gone() -> bool:
            return await client.find("CustomResourceDefinition", "casavamodels.casava.dev") is None

        await until("the CRD is gone", gone)
        operator = await operators.start()

        async def waiting() -> bool:
            return "install the CRD" in operator.log

        await until("the operator says what it waits for", waiting)
        assert (await operator.get("/readyz"))[0] == 200
    finally:
        await install_crds(api_server)
    await client.create(model())
    await applied(client)


async def test_a_crd_that_is_deleted_ends_the_process_and_the_next_one_waits(
    api_server: ApiServer, client: Client, operators: OperatorFactory
) -> None:
    operator = await operators.leading("--watch-retries=1")
    await client.delete("CustomResourceDefinition", "casavamodels.casava.dev")
    try:
        assert await operator.ended(timeout=60) not in {0, None}
        second = await operators.start()
        await until("the next one leads", second.leads)
    finally:
        await install_crds(api_server)
    await client.create(model())
    await applied(client)
    assert second.process.returncode is None
