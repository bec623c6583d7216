"""What the API server says to a CasavaModel, right or wrong, by the CRD alone."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from casava_operator.plan.config import contracts_config_map
from casava_operator.spec import parse
from casava_wire.config import ContractSet
from tests.controlplane.support.client import ApiError, Client
from tests.unit.spec.specs import EVERYTHING, MINIMAL, WRONG, Wrong, body

EXAMPLES = [
    yaml.safe_load(path.read_text()) for path in sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
]
_SAID_BY_CEL = [wrong for wrong in WRONG if not wrong.only_operator]


@pytest.mark.parametrize("wrong", _SAID_BY_CEL, ids=lambda wrong: wrong.sentence.replace(" ", "-"))
async def test_a_wrong_spec_is_refused_with_field_and_fix(client: Client, wrong: Wrong) -> None:
    with pytest.raises(ApiError) as refused:
        await client.create(body(wrong.spec))
    assert refused.value.status == 422
    said = refused.value.body["message"]
    assert wrong.path in said
    assert wrong.says in said


@pytest.mark.parametrize("name", ["x" * 64, "7b", "a.b"], ids=["too-long", "beginning-with-a-digit", "with-a-dot"])
async def test_a_name_that_no_service_can_have_is_refused(client: Client, name: str) -> None:
    with pytest.raises(ApiError, match="the name is also that of a Service"):
        await client.create(body(MINIMAL, name))


async def test_an_unknown_field_is_refused_under_strict_validation(client: Client) -> None:
    unknown = body({**MINIMAL, "replica": 3})
    with pytest.raises(ApiError, match=r'unknown field "spec\.replica"'):
        await client.call("POST", client.path("CasavaModel") + "?fieldValidation=Strict", unknown)
    stored = await client.call("POST", client.path("CasavaModel") + "?fieldValidation=Warn", unknown)
    assert "replica" not in stored["spec"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["metadata"]["name"])
async def test_an_example_is_taken_under_strict_validation(client: Client, example: dict[str, Any]) -> None:
    stored = await client.call("POST", client.path("CasavaModel") + "?fieldValidation=Strict", example)
    assert parse(stored).spec == parse(example).spec


async def test_every_field_is_stored_as_written(client: Client) -> None:
    stored = await client.create(body(EVERYTHING))
    assert stored["spec"] == EVERYTHING


async def test_the_smallest_spec_gets_the_defaults_that_the_operator_has_too(client: Client) -> None:
    stored = await client.create(body(MINIMAL))
    assert stored["spec"] == {
        **MINIMAL,
        "engine": {"backend": "auto", "threads": "auto"},
        "scaling": {"minReplicas": 1},
        "serving": {"maxConcurrent": 8, "timeout": "120s", "drainTimeout": "120s"},
    }
    assert parse(stored).spec == parse(body(MINIMAL)).spec


async def test_key_order_and_long_numbers_of_a_schema_reach_the_file_of_the_sidecar(
    client: Client,
) -> None:
    text = 'title: zebra\nproperties:\n  b: {"const": 12345678901234567890123}\n  a: {"const": 1.10}\n'
    await client.apply(body({**MINIMAL, "contracts": [{"name": "exact", "schema": text}]}))
    stored = parse(await client.get("CasavaModel", "invoices"))
    assert stored.spec.contracts[0].schema_text == text
    await client.apply(contracts_config_map(stored))
    mounted = await client.get("ConfigMap", "invoices-contracts")
    read = ContractSet.model_validate_json(mounted["data"]["contracts.json"])
    assert [contract.schema_text for contract in read.contracts] == [text]


async def test_contracts_of_two_appliers_are_merged_by_name(client: Client) -> None:
    await client.apply(body({**MINIMAL, "contracts": [{"name": "a", "schema": "{}"}]}), "first")
    await client.apply(body({"contracts": [{"name": "b", "schema": "{}"}]}), "second")
    stored = await client.get("CasavaModel", "invoices")
    assert [contract["name"] for contract in stored["spec"]["contracts"]] == ["a", "b"]


async def test_the_scale_subresource_sets_replicas_and_shows_the_selector(client: Client) -> None:
    await client.create(body(MINIMAL))
    await client.merge("CasavaModel", "invoices", {"spec": {"replicas": 2}}, "scale")
    assert (await client.get("CasavaModel", "invoices"))["spec"]["replicas"] == 2
    status = {"replicas": 1, "selector": "casava.dev/model=invoices"}
    await client.merge("CasavaModel", "invoices", {"status": status}, "status")
    scale = await client.call("GET", client.path("CasavaModel", "invoices", "scale"))
    assert scale["status"] == status


async def test_the_columns_tell_the_story(client: Client) -> None:
    await client.create(body(MINIMAL))
    status = {
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "reason": "ImagePullFailed",
                "message": "m",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
        ],
        "engine": {"backend": "llama-cpp"},
        "placement": {"entry": 0, "gpu": ["L4"], "count": 1, "summary": "1 x L4"},
        "readyReplicas": 2,
        "url": "http://invoices.default.svc/v1",
    }
    await client.merge("CasavaModel", "invoices", {"status": status}, "status")
    header, row = await _table(client)
    assert header == ["Name", "Ready", "Model", "Engine", "GPU", "Replicas", "URL", "Age", "Reason"]
    shown = dict(zip(header, row, strict=True))
    del shown["Age"]
    assert shown == {
        "Name": "invoices",
        "Ready": "False",
        "Model": "file:///models/a.gguf",
        "Engine": "llama-cpp",
        "GPU": "1 x L4",
        "Replicas": 2,
        "URL": "http://invoices.default.svc/v1",
        "Reason": "ImagePullFailed",
    }


async def _table(client: Client) -> tuple[list[str], list[Any]]:
    """Column names and the only row, as kubectl get asks for them."""
    assert client._session
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    url = client._server.url + client.path("CasavaModel")
    async with client._session.get(url, headers={"Accept": accept}) as answer:
        table = await answer.json()
    return [column["name"] for column in table["columnDefinitions"]], table["rows"][0]["cells"]


async def test_the_kind_has_its_short_name_and_category(client: Client) -> None:
    resources = await client.call("GET", "/apis/casava.dev/v1alpha1")
    kind = next(found for found in resources["resources"] if found["name"] == "casavamodels")
    assert kind["shortNames"] == ["casava"]
    assert kind["categories"] == ["casava-all"]
