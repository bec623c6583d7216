"""OutputContracts beside models: references are resolved once, and nothing that serves depends on the object."""

import asyncio
import json
from typing import Any

from tests.controlplane.support.client import Client, Manifest, until
from tests.controlplane.support.operator import OperatorFactory
from tests.controlplane.support.play import applied, model
from tests.controlplane.support.proxy import FaultProxy
from tests.unit.spec.contracts import contract

OBJECT = '{"type": "object", "properties": {"n": {"type": "%s"}}, "required": ["n"], "additionalProperties": false}'


def refers(*references: str, **spec: Any) -> Manifest:
    contracts = [{"name": each.partition("@")[0], "contractRef": each} for each in references]
    return model(contracts=contracts, **spec)


async def served(client: Client) -> list[tuple[str, int, str]]:
    """What the pods of the model would read: name, version and text of each contract."""
    file = await client.get("ConfigMap", "chat-contracts")
    entries = json.loads(file["data"]["contracts.json"])["contracts"]
    return [(each["name"], each["version"], each["schemaText"]) for each in entries]


async def accepted(client: Client, reason: str) -> Manifest:
    async def said() -> Manifest | None:
        found = await client.condition("chat", "Accepted")
        return found if found.get("reason") == reason else None

    return await until(f"Accepted says {reason}", said)


async def status_of(client: Client, name: str, member: str, value: Any) -> Manifest:
    """The status of an OutputContract when that member has that value."""

    async def said() -> Manifest | None:
        status: Manifest = (await client.get("OutputContract", name)).get("status", {})
        return status if status.get(member) == value else None

    return await until(f"{member} of {name} is {value}", said)


async def test_a_model_waits_for_its_contract_and_both_say_so_and_then_nothing_is_written(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    first = await operators.leading()
    await client.create(refers("invoice@3"))
    refused = await accepted(client, "InvalidSpec")
    assert "spec.contracts[0].contractRef: there is no OutputContract invoice-v3" in refused["message"]
    assert await client.find("Deployment", "chat") is None

    await client.create(contract(schema=OBJECT % "integer"))
    await applied(client)
    await accepted(client, "Accepted")
    assert await served(client) == [("invoice", 3, OBJECT % "integer")]
    status = await status_of(client, "invoice-v3", "usedBy", ["chat"])
    assert (status["reference"], status["satisfiable"], status["usedByCount"]) == ("invoice@3", "yes", 1)
    assert {each["type"]: each["status"] for each in status["conditions"]} == {"Accepted": "True", "Ready": "True"}

    await proxy.quiet()
    before = len(proxy.log)
    assert await first.stop() == 0
    await operators.leading()
    await proxy.quiet()
    written = [each for each in proxy.writes(before) if each.resource != "leases"]
    assert [(each.method, each.path) for each in written] == []


async def test_a_contract_that_is_deleted_or_replaced_changes_nothing_that_serves(
    client: Client, operators: OperatorFactory
) -> None:
    first = await operators.leading()
    await client.create(contract(schema=OBJECT % "integer"))
    await client.create(refers("invoice@3"))
    await applied(client)
    before = await client.get("ConfigMap", "chat-contracts")

    await client.delete("OutputContract", "invoice-v3")
    said = await accepted(client, "ContractDeleted")
    assert said["status"] == "True"
    assert "invoice@3" in said["message"]
    # A restart, an edit of something else, and the loss of the file: the accepted spec has the text.
    assert await first.stop() == 0
    await client.delete("ConfigMap", "chat-contracts")
    await operators.leading()
    await client.merge("CasavaModel", "chat", {"spec": {"serving": {"maxConcurrent": 3}}})
    await applied(client)
    await until("the file is back", lambda: client.find("ConfigMap", "chat-contracts"))
    assert (await client.get("ConfigMap", "chat-contracts"))["data"] == before["data"]
    assert (await client.condition("chat", "Accepted"))["reason"] == "ContractDeleted"

    await client.create(contract(schema=OBJECT % "string"))
    said = await accepted(client, "ContractReplaced")
    assert "make the next version" in said["message"]
    assert await served(client) == [("invoice", 3, OBJECT % "integer")]


async def test_a_new_version_is_compared_and_taken_when_the_model_refers_to_it(
    client: Client, operators: OperatorFactory
) -> None:
    await operators.leading()
    await client.create(contract(schema=OBJECT % "integer"))
    await client.create(refers("invoice@3"))
    await applied(client)
    await client.create(contract(version=4, schema=OBJECT % "number"))

    async def compared() -> Manifest | None:
        status: Manifest = (await client.get("OutputContract", "invoice-v4")).get("status", {})
        return status.get("compatibility")

    compatibility = await until("the versions are compared", compared)
    assert compatibility["former"] == "invoice@3"
    assert (compatibility["accepts"], compatibility["readable"]) == ("yes", "no")
    assert await served(client) == [("invoice", 3, OBJECT % "integer")]

    await client.merge(
        "CasavaModel", "chat", {"spec": {"contracts": [{"name": "invoice", "contractRef": "invoice@4"}]}}
    )
    await applied(client)
    assert await served(client) == [("invoice", 4, OBJECT % "number")]
    await status_of(client, "invoice-v3", "usedByCount", 0)
    await status_of(client, "invoice-v4", "usedBy", ["chat"])


async def test_a_refused_contract_says_where_and_the_former_spec_serves_on(
    client: Client, operators: OperatorFactory
) -> None:
    await operators.leading()
    await client.create(contract(schema=OBJECT % "integer"))
    await client.create(refers("invoice@3"))
    await applied(client)
    await client.create(contract(version=4, schema=OBJECT % "strin"))
    status = await status_of(client, "invoice-v4", "reference", "invoice@4")
    assert status["problem"]["pointer"] == "/properties/n/type"
    assert {each["reason"] for each in status["conditions"]} == {"ContractRefused"}

    await client.merge(
        "CasavaModel", "chat", {"spec": {"contracts": [{"name": "invoice", "contractRef": "invoice@4"}]}}
    )
    refused = await accepted(client, "InvalidSpec")
    assert "spec.contracts[0].contractRef: invoice@4 is refused: #/properties/n/type" in refused["message"]
    assert await served(client) == [("invoice", 3, OBJECT % "integer")]


async def test_hostile_contracts_do_not_hold_up_a_model(client: Client, operators: OperatorFactory) -> None:
    operator = await operators.leading()
    doubling = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    hostile = json.dumps({"$ref": "#/$defs/d0", "$defs": {**doubling, "d40": {}}})
    for number in range(1, 9):
        await client.create(contract("hostile", number, schema=hostile))
        await client.create(contract("slow", number, type="regex", schema="(a{1,900}b?){1,900}" * number))
    await client.create(model())
    await applied(client)
    assert (await operator.get("/livez"))[0] == 200
    for name in ("hostile-v1", "slow-v8"):
        status = await status_of(client, name, "reference", name.replace("-v", "@"))
        assert {each["status"] for each in status["conditions"]} == {"False"}
        assert status["problem"]["code"].startswith(("limit.", "schema."))
    await asyncio.sleep(0)
