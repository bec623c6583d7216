"""Faults of writes: nothing is lost, nothing is done twice."""

import asyncio
from itertools import pairwise

import pytest

from tests.controlplane.support.client import Client, until
from tests.controlplane.support.operator import OperatorFactory
from tests.controlplane.support.play import applied, children, model
from tests.controlplane.support.proxy import Answer, Delay, DropAnswer, FaultProxy


@pytest.mark.parametrize("status", [500, 503, 429, 403])
async def test_a_write_that_fails_for_a_moment_is_repeated(
    client: Client, operators: OperatorFactory, proxy: FaultProxy, status: int
) -> None:
    operator = await operators.leading()
    rule = proxy.break_next(Answer(status), times=2, method="PATCH", path="/deployments/")
    await client.create(model())
    await applied(client)
    assert rule.hits == 2
    assert await operator.metric("casava_operator_queue_retries_total") >= 2
    assert (await client.condition("chat", "Accepted"))["status"] == "True"


async def test_a_retry_waits_as_long_as_the_server_asks(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    # A lone write that fails: events of other children would bring the model back before its time, and rightly so.
    proxy.log.clear()
    proxy.break_next(Answer(429, headers={"Retry-After": "3"}), method="PATCH", path="/services/")
    await client.delete("Service", "chat")
    await until("the Service is back", lambda: client.find("Service", "chat"))
    first, second = [each for each in proxy.log if each.method == "PATCH" and "/services/" in each.path]
    assert second.time - first.time >= 3


async def test_retries_of_a_failing_write_come_at_growing_distances(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    proxy.log.clear()
    rule = proxy.break_next(Answer(500), times=3, method="PATCH", path="/services/")
    await client.delete("Service", "chat")
    await until("the Service is back", lambda: client.find("Service", "chat"))
    times = [each.time for each in proxy.log if each.method == "PATCH" and "/services/" in each.path]
    gaps = [later - former for former, later in pairwise(times)]
    assert rule.hits == 3
    assert len(gaps) == 3
    for gap, least in zip(gaps, (0.45, 0.9, 1.8), strict=True):
        assert gap >= least


async def test_a_failing_model_does_not_hold_back_another(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    proxy.break_next(Answer(500), times=100, method="PATCH", path="/deployments/bad")
    await client.create(model("bad"))
    await client.create(model("good"))
    await applied(client, "good")
    assert await client.find("Deployment", "bad") is None


async def test_a_write_whose_answer_is_lost_changes_nothing_when_repeated(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    rule = proxy.break_next(DropAnswer(), method="PATCH", path="/deployments/")
    await client.create(model())
    await applied(client)
    await proxy.quiet()
    assert rule.hits == 1
    live = await client.get("Deployment", "chat")
    assert live["metadata"]["generation"] == 1
    assert [each["manager"] for each in live["metadata"]["managedFields"]] == ["casava-operator"]


async def test_a_slow_write_holds_up_only_its_own_model(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading()
    proxy.break_next(Delay(4), method="PATCH", path="/deployments/slow")
    await client.create(model("slow"))
    await client.create(model("fast"))
    await applied(client, "fast")
    assert await client.find("Deployment", "slow") is None
    assert (await operator.get("/livez"))[0] == 200
    await applied(client, "slow")


async def test_an_answer_of_409_is_tried_again(client: Client, operators: OperatorFactory, proxy: FaultProxy) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    rule = proxy.break_next(Answer(409), method="PATCH", path="/networkpolicies/")
    await client.merge("NetworkPolicy", "chat-casava", {"spec": {"policyTypes": ["Ingress"]}})

    async def repaired() -> bool:
        found = await client.get("NetworkPolicy", "chat-casava")
        return bool(found["spec"]["policyTypes"] == ["Ingress", "Egress"])

    await until("the policy is repaired", repaired)
    assert rule.hits == 1


async def test_a_child_that_the_api_server_refuses_is_not_deleted_for_it(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    before = await client.get("NetworkPolicy", "chat-casava")
    rule = proxy.break_next(Answer(422), times=100, method="PATCH", path="/networkpolicies/")
    await client.merge("CasavaModel", "chat", {"spec": {"serving": {"allowFrom": [{"podSelector": {}}]}}})

    async def told() -> bool:
        return bool((await client.condition("chat", "Accepted"))["status"] == "False")

    await until("the refusal is in the status", told)
    assert rule.hits >= 2
    after = await client.get("NetworkPolicy", "chat-casava")
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_a_namespace_that_goes_away_is_left_alone(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading()
    await client.create(model())
    await applied(client)
    # Without a namespace controller it stays as it is, and its objects are deleted by the test.
    await client.delete("Namespace", client.namespace)
    before = len(proxy.log)
    await client.delete("Service", "chat")

    async def tried() -> bool:
        return bool(proxy.writes(before))

    await until("the Service is tried once", tried)
    await asyncio.sleep(2)  # several retries, if there were any
    assert [(each.method, each.resource) for each in proxy.writes(before)] == [("PATCH", "services")]
    assert await operator.metric("casava_operator_queue_retries_total") == 0
    assert (await client.condition("chat", "Accepted"))["status"] == "True"
    await client.delete("CasavaModel", "chat")


async def test_an_object_of_somebody_else_is_not_taken_over(client: Client, operators: OperatorFactory) -> None:
    foreign = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "chat"},
        "spec": {"selector": {"app": "mine"}, "ports": [{"name": "http", "port": 80, "targetPort": 1234}]},
    }
    await client.create(foreign)
    await operators.leading()
    await client.create(model())

    async def told() -> bool:
        accepted = await client.condition("chat", "Accepted")
        return accepted.get("reason") == "Conflict" and "Service chat" in accepted["message"]

    await until("the conflict is in the status", told)
    live = await client.get("Service", "chat")
    assert live["spec"]["selector"] == {"app": "mine"}
    assert "ownerReferences" not in live["metadata"]
    await client.delete("Service", "chat")
    await until("the model is made once the name is free", lambda: client.find("Deployment", "chat"))


async def test_a_pod_template_that_the_api_server_refuses_changes_nothing(
    client: Client, operators: OperatorFactory
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    before = await children(client)
    await client.merge(
        "CasavaModel",
        "chat",
        {"spec": {"template": {"engine": {"resources": {"requests": {"example.com/fpga": "1"}}}}}},
    )

    async def told() -> bool:
        accepted = await client.condition("chat", "Accepted")
        return bool(accepted["status"] == "False" and "resources.limits" in accepted["message"])

    await until("the refusal is in the status", told)
    after = await children(client)
    assert {name: each["metadata"]["resourceVersion"] for name, each in after.items()} == {
        name: each["metadata"]["resourceVersion"] for name, each in before.items()
    }
    # What was accepted before is repaired meanwhile.
    await client.delete("Deployment", "chat")
    await until("the Deployment is back", lambda: client.find("Deployment", "chat"))
    live = await client.get("Deployment", "chat")
    assert live["metadata"]["annotations"] == before["Deployment", "chat"]["metadata"]["annotations"]
