"""Children stay as planned, whoever touches them and whatever the newest spec says."""

from typing import Any

import pytest

from tests.controlplane.support.client import Client, Manifest, until
from tests.controlplane.support.operator import OperatorFactory
from tests.controlplane.support.play import applied, children, model
from tests.controlplane.support.proxy import FaultProxy

EDITS: dict[str, tuple[str, Any]] = {
    "Deployment": ("chat", {"spec": {"replicas": 7, "template": {"spec": {"enableServiceLinks": True}}}}),
    "Service": ("chat", {"spec": {"selector": {"app": "other"}}}),
    "NetworkPolicy": ("chat-casava", {"spec": {"policyTypes": ["Ingress"]}}),
    "ConfigMap": ("chat-contracts", {"data": {"contracts.json": "{}"}}),
    "ServiceAccount": ("chat-casava", {"automountServiceAccountToken": True}),
    "PodDisruptionBudget": ("chat-casava", {"spec": {"maxUnavailable": None, "minAvailable": 1}}),
    "ControllerRevision": ("", {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}),
}


def essence(body: Manifest) -> Manifest:
    """What a plan decides of an object, without what the server counts."""
    kept = {name: value for name, value in body.items() if name not in {"metadata", "status"}}
    if body["kind"] == "Service":
        kept["spec"] = {name: value for name, value in body["spec"].items() if not name.startswith("clusterIP")}
    metadata = body["metadata"]
    return {**kept, "labels": metadata.get("labels"), "owners": metadata.get("ownerReferences")}


@pytest.mark.parametrize("how", ["edited", "deleted"])
async def test_a_child_changed_by_hand_is_repaired(client: Client, operators: OperatorFactory, how: str) -> None:
    await operators.leading()
    await client.create(model(replicas=2))
    await applied(client)
    before = await children(client)
    for kind, (known, edit) in EDITS.items():
        name = known or next(name for each, name in before if each == kind)
        if how == "edited":
            await client.merge(kind, name, edit)
        else:
            await client.delete(kind, name)

    async def repaired() -> bool:
        now = await children(client)
        return {name: essence(each) for name, each in now.items()} == {
            name: essence(each) for name, each in before.items()
        }

    await until(f"every child that was {how} is as before", repaired)


async def test_a_field_that_somebody_adds_to_a_child_is_left_alone(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    await proxy.quiet()
    before = len(proxy.log)
    mesh = {"spec": {"template": {"metadata": {"annotations": {"mesh.example/inject": "true"}}}}}
    await client.merge("Deployment", "chat", mesh)
    await proxy.quiet()
    assert [each for each in proxy.writes(before) if each.resource == "deployments"] == []
    live = await client.get("Deployment", "chat")
    assert live["spec"]["template"]["metadata"]["annotations"]["mesh.example/inject"] == "true"


async def test_a_deployment_deleted_at_three_replicas_returns_with_three(
    client: Client, operators: OperatorFactory
) -> None:
    await operators.leading()
    await client.create(model(scaling={"minReplicas": 1, "maxReplicas": 5}))
    await applied(client)
    await client.merge("CasavaModel", "chat", {"spec": {"replicas": 3}})

    async def three() -> Manifest | None:
        live = await client.find("Deployment", "chat")
        return live if live and live["spec"]["replicas"] == 3 else None

    first = await until("three replicas are asked for", three)
    await client.delete("Deployment", "chat")

    async def again() -> bool:
        live = await three()
        return live is not None and live["metadata"]["uid"] != first["metadata"]["uid"]

    await until("it is back with three", again)


async def test_the_number_of_replicas_in_status_survives_a_restart_and_a_deletion(
    client: Client, operators: OperatorFactory
) -> None:
    first = await operators.leading()
    await client.create(model(scaling={"minReplicas": 1, "maxReplicas": 5, "target": {"inFlight": 4}}))
    await applied(client)
    assert await first.stop() == 0
    # As an operator would have left it that had scaled up before it ended.
    await client.merge("CasavaModel", "chat", {"status": {"scaling": {"desired": 3, "mode": "Auto"}}}, "status")
    await client.delete("Deployment", "chat")
    await operators.leading()

    async def three() -> bool:
        live = await client.find("Deployment", "chat")
        return live is not None and int(live["spec"]["replicas"]) == 3

    await until("it is back with three", three)


async def test_the_scale_subresource_sets_the_number_of_replicas(client: Client, operators: OperatorFactory) -> None:
    await operators.leading()
    await client.create(model(scaling={"minReplicas": 1, "maxReplicas": 5}))
    await applied(client)
    await client.merge("CasavaModel", "chat", {"spec": {"replicas": 4}}, "scale")

    async def four() -> bool:
        live = await client.get("Deployment", "chat")
        found = await client.get("CasavaModel", "chat")
        return bool(live["spec"]["replicas"] == 4 and found["status"]["scaling"]["mode"] == "Off")

    await until("four replicas, and the autoscaler is off", four)


BAD: dict[str, Any] = {"spec": {"contracts": [{"name": "bad", "schema": '{"type": "no such type"}'}]}}


async def test_while_a_spec_is_refused_the_last_accepted_one_is_repaired_also_after_a_restart(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    first = await operators.leading()
    await client.create(model(replicas=2, serving={"maxConcurrent": 5}))
    await applied(client)
    await proxy.quiet()
    before = await children(client)
    await client.merge("CasavaModel", "chat", {**BAD, "spec": {**BAD["spec"], "serving": {"maxConcurrent": 9}}})

    async def refused() -> bool:
        accepted = await client.condition("chat", "Accepted")
        return accepted["status"] == "False" and "spec.contracts[0]" in accepted["message"]

    await until("the spec is refused", refused)
    await proxy.quiet()
    assert {name: each["metadata"]["resourceVersion"] for name, each in (await children(client)).items()} == {
        name: each["metadata"]["resourceVersion"] for name, each in before.items()
    }
    assert await first.stop() == 0
    await client.delete("Deployment", "chat")
    await client.delete("ConfigMap", "chat-contracts")
    await operators.leading()

    async def repaired() -> bool:
        now = await children(client)
        return {name: essence(each) for name, each in now.items()} == {
            name: essence(each) for name, each in before.items()
        }

    await until("all children of the last accepted spec are back", repaired)
    assert (await client.condition("chat", "Accepted"))["status"] == "False"


async def test_a_spec_that_was_never_accepted_has_no_children(client: Client, operators: OperatorFactory) -> None:
    await operators.leading()
    await client.create(model(**BAD["spec"]))

    async def refused() -> bool:
        return (await client.condition("chat", "Accepted")).get("status") == "False"

    await until("the spec is refused", refused)
    assert await children(client) == {}


async def test_a_gpu_that_nobody_knows_is_neither_applied_nor_kept(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model(serving={"maxConcurrent": 5}))
    await applied(client)
    await proxy.quiet()
    before = await children(client)
    await client.merge("CasavaModel", "chat", {"spec": {"placement": [{"gpu": ["H999"], "count": 1}]}})

    async def told() -> bool:
        return bool((await client.condition("chat", "Placed"))["status"] == "False")

    await until("the GPU is refused", told)
    await proxy.quiet()
    after = await children(client)
    assert {name: each["metadata"]["resourceVersion"] for name, each in after.items()} == {
        name: each["metadata"]["resourceVersion"] for name, each in before.items()
    }


async def test_five_accepted_specs_are_kept(client: Client, operators: OperatorFactory) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    for number in range(1, 8):
        await client.merge("CasavaModel", "chat", {"spec": {"serving": {"maxConcurrent": number}}})
        await applied(client)

    async def five() -> bool:
        found = await client.list("ControllerRevision", "casava.dev/model=chat")
        return sorted(each["revision"] for each in found) == [4, 5, 6, 7, 8]

    await until("the newest five are kept", five)


async def test_settings_that_a_pod_still_mounts_are_kept_until_it_is_gone(
    client: Client, operators: OperatorFactory
) -> None:
    await operators.leading()
    await client.create(model())
    deployment = await applied(client)
    template = deployment["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "chat-old", "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    }
    await client.create(pod)
    mounted = {each["configMap"]["name"] for each in template["spec"]["volumes"] if "configMap" in each}
    await client.merge("CasavaModel", "chat", {"spec": {"serving": {"maxConcurrent": 3, "timeout": "9s"}}})
    await applied(client)

    async def names() -> set[str]:
        return {each["metadata"]["name"] for each in await client.list("ConfigMap", "casava.dev/model=chat")}

    assert mounted < await names()
    await client.delete("Pod", "chat-old")

    async def pruned() -> bool:
        now = await names()
        return len(now) == 3 and not mounted - {"chat-contracts"} & now

    await until("what nothing mounts is pruned", pruned)


async def test_a_disruption_budget_goes_with_the_second_replica(client: Client, operators: OperatorFactory) -> None:
    await operators.leading()
    await client.create(model(replicas=2))
    await applied(client)
    assert await client.find("PodDisruptionBudget", "chat-casava") is not None
    await client.merge("CasavaModel", "chat", {"spec": {"replicas": 1}})

    async def gone() -> bool:
        return await client.find("PodDisruptionBudget", "chat-casava") is None

    await until("it is pruned", gone)


async def test_a_model_made_again_under_its_name_waits_for_the_children_of_the_former_one(
    client: Client, operators: OperatorFactory
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    former = await children(client)
    await client.delete("CasavaModel", "chat")
    made = await client.create(model())
    # No garbage collector runs here; the test plays it.
    for kind, name in former:
        await client.delete(kind, name)

    async def all_new() -> bool:
        now = await children(client)
        owners = {each["metadata"]["ownerReferences"][0]["uid"] for each in now.values()}
        return len(now) == len(former) and owners == {made["metadata"]["uid"]}

    await until("the children belong to the new one", all_new)
