"""What a watch does not show: objects that vanished while it was broken, and a store that is behind."""

import pytest

from tests.controlplane.support.client import Client, until
from tests.controlplane.support.operator import OperatorFactory
from tests.controlplane.support.play import applied, children, model
from tests.controlplane.support.proxy import FaultProxy


async def test_a_child_deleted_while_the_watch_was_blind_is_found_by_the_sweep(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading()
    await client.create(model())
    first = await applied(client)
    await proxy.quiet(0.3)
    stream = proxy.watches("deployments")[0]
    proxy.hold("deployments")
    await client.delete("Deployment", "chat")
    # History is lost: the watch lists anew, and a listing does not show what is gone. ``chat`` is now a ghost.
    await client.create(model("other"))
    await until("another Deployment is there", lambda: client.find("Deployment", "other"))
    await stream.error(410)
    proxy.release("deployments")

    async def back() -> bool:
        live = await client.find("Deployment", "chat")
        return live is not None and live["metadata"]["uid"] != first["metadata"]["uid"]

    await until("the deleted child is made anew", back)
    assert await operator.metric('casava_operator_ghosts_swept_total{kind="Deployment"}') == 1
    assert await operator.metric("casava_operator_watch_relists_total") >= 1


async def test_a_store_that_is_behind_neither_repeats_nor_undoes_a_write(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    await proxy.quiet(0.3)
    kinds = ("deployments", "configmaps", "controllerrevisions", "services", "networkpolicies", "serviceaccounts")
    for kind in kinds:
        proxy.hold(kind)
    before = len(proxy.log)
    await client.merge("CasavaModel", "chat", {"spec": {"serving": {"maxConcurrent": 3}}})
    await applied(client)
    # Reconciled again, while no event of what was written has come yet.
    await client.merge("CasavaModel", "chat", {"metadata": {"labels": {"seen": "again"}}})
    await proxy.quiet()
    for kind in kinds:
        proxy.release(kind)
    await proxy.quiet()
    patched = [
        str(each)
        for each in proxy.writes(before)
        if each.method == "PATCH" and "/status" not in each.path and "dryRun" not in each.query
    ]
    assert len(patched) == len(set(patched)), "something was written twice"
    live = await client.get("Deployment", "chat")
    mounted = {each["configMap"]["name"] for each in live["spec"]["template"]["spec"]["volumes"] if "configMap" in each}
    assert mounted <= {name for kind, name in await children(client) if kind == "ConfigMap"}


@pytest.mark.parametrize("kind", ["Service", "Deployment"])
async def test_a_child_that_lost_its_label_is_found_again_and_watched_as_before(
    client: Client, operators: OperatorFactory, proxy: FaultProxy, kind: str
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    label = "app.kubernetes.io/managed-by"

    async def labelled() -> bool:
        return bool((await client.get(kind, "chat"))["metadata"]["labels"].get(label) == "casava")

    for _ in range(2):
        await client.merge(kind, "chat", {"metadata": {"labels": {label: None}}})
        await until("the label is back", labelled)
    await proxy.quiet()
    await client.merge(kind, "chat", {"metadata": {"labels": {"casava.dev/model": "other"}}})

    async def repaired() -> bool:
        return bool((await client.get(kind, "chat"))["metadata"]["labels"]["casava.dev/model"] == "chat")

    await until("a change by hand is repaired", repaired)


async def test_models_changed_and_deleted_while_the_operator_was_away_are_caught_up_with(
    client: Client, operators: OperatorFactory
) -> None:
    first = await operators.leading()
    await client.create(model("changed"))
    await client.create(model("deleted"))
    await applied(client, "changed")
    await applied(client, "deleted")
    await first.kill()
    await client.delete("Lease", "casava-operator")
    await client.merge("CasavaModel", "changed", {"spec": {"replicas": 2}})
    await client.delete("CasavaModel", "deleted")
    await client.create(model("made"))
    await client.delete("Service", "changed")
    await operators.leading()
    await applied(client, "made")
    await applied(client, "changed")
    assert (await client.get("Deployment", "changed"))["spec"]["replicas"] == 2
    assert await client.find("Service", "changed") is not None
