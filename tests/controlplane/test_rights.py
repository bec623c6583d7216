"""The rights that the chart grants: enough for all that the operator does, and not one more."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from e2e.cluster.tools import tool
from tests.controlplane.conftest import OPERATOR_TOKEN, OPERATOR_USER
from tests.controlplane.support.client import Client, until
from tests.controlplane.support.operator import OperatorFactory
from tests.controlplane.support.play import applied, children, model
from tests.controlplane.support.proxy import FaultProxy, resources
from tests.unit.spec.contracts import contract

CHART = Path(__file__).parents[2] / "charts" / "casava"


def rendered() -> list[dict[str, Any]]:
    """The chart's roles, as helm renders them."""
    command = [str(tool("helm")), "template", "casava", str(CHART), "--namespace", "casava-system"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return [each for each in yaml.safe_load_all(text) if each and each["kind"] in {"ClusterRole", "Role"}]


def of_the_operator(roles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules of the role for everything and of that for the lease; roles for users are not the operator's."""
    return [
        rule
        for role in roles
        if role["metadata"]["name"] in {"casava-operator", "casava-operator-lease"}
        for rule in role["rules"]
    ]


def granted(rules: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for rule in rules:
        for kind in rule.get("resources", []):
            for verb in rule["verbs"]:
                yield verb, kind


async def test_the_operator_needs_every_right_that_the_chart_grants_and_no_other(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    rules = of_the_operator(rendered())
    name = f"{OPERATOR_USER}-{client.namespace}"
    # The name of the lease is the same in every namespace; the roles are bound for this test alone.
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}}
    await client.create({**role, "rules": rules})
    subject = {"kind": "User", "name": OPERATOR_USER, "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    binding = {"kind": "ClusterRoleBinding", "metadata": {"name": name}, "subjects": [subject], "roleRef": reference}
    await client.create({**role, **binding})

    operator = await operators.leading(token=OPERATOR_TOKEN)
    await client.create(model(replicas=2))
    await applied(client)
    # Each kind of child is deleted by the operator once: what is no longer planned, and what is replaced.
    for kind, child in await children(client):
        labels = {"app.kubernetes.io/managed-by": "casava", "casava.dev/model": "chat"}
        live = await client.get(kind, child)
        extra = {name: value for name, value in live.items() if name not in {"status", "metadata"}}
        extra.get("spec", {}).pop("clusterIP", None)
        extra.get("spec", {}).pop("clusterIPs", None)
        owners = live["metadata"]["ownerReferences"]
        extra["metadata"] = {"name": f"extra-{child}"[:60], "labels": labels, "ownerReferences": owners}
        await client.create({**extra, "kind": kind})

    async def pruned() -> bool:
        names = {name for kind, name in await children(client) if kind != "ControllerRevision"}
        return not any(name.startswith("extra-") for name in names)

    await until("what is not planned is pruned", pruned)
    for number in range(1, 8):
        await client.merge("CasavaModel", "chat", {"spec": {"serving": {"maxConcurrent": number}}})
        await applied(client)
    await client.create(contract())

    async def described() -> bool:
        return "status" in await client.get("OutputContract", "invoice-v3")

    await until("the contract has its status", described)
    bad = {"spec": {"contracts": [{"name": "bad", "schema": '{"type": "no such type"}'}]}}
    for _ in range(2):  # an Event, and the same Event once more
        await client.merge("CasavaModel", "chat", bad)
        await applied(client)
        await client.merge("CasavaModel", "chat", {"spec": {"contracts": []}})
        await applied(client)
    await proxy.quiet()
    assert await operator.stop() == 0  # which gives the lease back
    used = resources(proxy.log)
    # An apply of what is not there yet needs the right to create.
    used |= {("create", each.resource) for each in proxy.log if "force" in each.query and "/" not in each.resource}
    wanted = set(granted(rules))
    assert used - wanted == set()
    assert wanted - used == set(), "granted and never used"


async def test_events_tell_transitions_once(client: Client, operators: OperatorFactory) -> None:
    await operators.leading()
    await client.create(model(contracts=[{"name": "bad", "schema": '{"type": "no such type"}'}]))

    async def told() -> list[dict[str, Any]]:
        return [each for each in await client.list("Event") if each["regarding"]["name"] == "chat"]

    async def both() -> list[dict[str, Any]] | None:  # they are posted one after the other
        found = await told()
        return found if {each["reason"] for each in found} == {"InvalidSpec", "NotAccepted"} else None

    events = await until("Events tell the refusal", both)
    refusal = next(each for each in events if each["reason"] == "InvalidSpec")
    assert refusal["type"] == "Warning"
    assert "spec.contracts[0]" in refusal["note"]
    await client.merge("CasavaModel", "chat", {"metadata": {"labels": {"seen": "again"}}})
    await client.create(model("other"))
    await applied(client, "other")
    assert len(await told()) == len(events)


async def test_the_operator_answers_probes_and_tells_metrics(client: Client, operators: OperatorFactory) -> None:
    operator = await operators.leading()
    await client.create(model())
    await applied(client)
    assert await operator.get("/livez") == (200, "ok")
    assert await operator.get("/readyz") == (200, "ok")
    assert (await operator.get("/other"))[0] == 404
    assert await operator.metric('casava_operator_reconcile_seconds_count{result="ok"}') >= 1
    assert await operator.metric('casava_operator_models{condition="Accepted",status="True"}') == 1
    assert await operator.metric("casava_operator_leader") == 1
    name = '"namespace": "' + client.namespace + '", "name": "chat"'
    assert any('"applied Deployment chat"' in line and name in line for line in operator.log.splitlines())
