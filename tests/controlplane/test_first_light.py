"""From a CasavaModel to its children and its status."""

from tests.controlplane.support.client import Client, until
from tests.controlplane.support.operator import Operator, OperatorFactory
from tests.controlplane.support.play import applied, children, model
from tests.controlplane.support.proxy import FaultProxy


async def test_a_model_gets_all_its_children_and_a_status(client: Client, operator: Operator) -> None:
    assert operator.process.returncode is None
    made = await client.create(model())
    await applied(client)
    found = await children(client)
    kinds = sorted(kind for kind, _ in found)
    assert kinds == ["ConfigMap"] * 3 + [
        "ControllerRevision",
        "Deployment",
        "NetworkPolicy",
        "Service",
        "ServiceAccount",
    ]
    for child in found.values():
        (owner,) = child["metadata"]["ownerReferences"]
        assert owner["uid"] == made["metadata"]["uid"]
        assert owner["controller"] is True
    accepted = await client.condition("chat", "Accepted")
    assert accepted["status"] == "True", accepted


async def test_a_second_reconcile_writes_nothing(client: Client, operators: OperatorFactory, proxy: FaultProxy) -> None:
    await operators.leading()
    await client.create(model(replicas=2, contracts=[{"name": "any", "schema": '{"type": "object"}'}]))
    await applied(client)
    await proxy.quiet()
    before = len(proxy.log)
    # An event that changes nothing that Casava looks at: the model is reconciled once more.
    await client.merge("CasavaModel", "chat", {"metadata": {"labels": {"team": "a"}}})
    await client.merge("Deployment", "chat", {"metadata": {"labels": {"team": "a"}}})
    await proxy.quiet(1.0)
    assert [str(each) for each in proxy.writes(before)] == []


async def test_the_metadata_of_a_model_is_never_written(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    await client.merge("CasavaModel", "chat", {"spec": {"serving": {"maxConcurrent": 3}}})
    await applied(client)
    await client.delete("CasavaModel", "chat")
    await proxy.quiet()
    assert {each.resource for each in proxy.writes() if "casavamodels" in each.resource} == {"casavamodels/status"}
    for each in proxy.writes():
        if each.resource == "casavamodels/status":
            assert set(each.body["metadata"]) == {"name", "namespace", "uid"}


async def test_a_model_deleted_while_nobody_looks_is_left_alone_by_the_next_operator(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    first = await operators.leading()
    await client.create(model())
    await applied(client)
    assert await first.stop() == 0
    await client.delete("CasavaModel", "chat")
    before = len(proxy.log)
    await operators.leading()
    await proxy.quiet()
    assert proxy.writes(before) == []
    # No garbage collector runs here: what is left is what Kubernetes would delete by the owner references.
    assert await until("the children are still there", lambda: children(client))
