"""What the API server makes of every object of the golden plans: it takes them, and gives them back unchanged."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from casava_operator.apply.drift import differs
from casava_operator.place import fleet_of, place
from casava_operator.plan import Plan, plan
from casava_operator.site import parse_site
from casava_operator.spec import parse_file
from casava_wire import labels
from tests.controlplane.support.client import Client

INPUTS = sorted((Path(__file__).parents[1] / "unit" / "plan" / "golden").glob("*.in.yaml"))


@pytest.fixture(params=INPUTS, ids=lambda path: path.name.removesuffix(".in.yaml"))
def planned(request: pytest.FixtureRequest, client: Client) -> Plan:
    given: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    given["model"]["metadata"]["namespace"] = client.namespace
    model = parse_file(given["model"])
    site = parse_site(yaml.safe_dump(given.get("site", {})))
    return plan(model, place(model, fleet_of([]), None), site, replicas=given.get("replicas", 1))


async def test_the_api_server_takes_every_object_and_a_second_apply_changes_nothing(
    client: Client, planned: Plan
) -> None:
    for manifest in planned.objects:
        first = await client.apply(manifest, labels.FIELD_MANAGER)
        second = await client.apply(manifest, labels.FIELD_MANAGER)
        assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
        assert not differs(manifest, second), manifest["kind"]


async def test_the_pod_obeys_the_restricted_security_standard(client: Client, planned: Plan) -> None:
    enforce = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    await client.merge("Namespace", client.namespace, enforce)
    pod = {"apiVersion": "v1", "kind": "Pod", **planned.deployment["spec"]["template"]}
    pod["metadata"] = {**pod["metadata"], "name": "try"}
    pod["spec"] = {key: value for key, value in pod["spec"].items() if key not in _NAMES_OF_OTHERS}
    await client.create(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": pod["spec"]["serviceAccountName"]}}
    )
    assert (await client.create(pod))["metadata"]["name"] == "try"


# Admission looks them up, and nobody has made them here.
_NAMES_OF_OTHERS = ("priorityClassName", "runtimeClassName")
