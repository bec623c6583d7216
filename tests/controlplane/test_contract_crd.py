"""What the API server itself refuses of an OutputContract, and says."""

from typing import Any

import pytest

from casava_operator.spec import parse_contract
from tests.controlplane.support.client import ApiError, Client
from tests.unit.spec.contracts import EVERYTHING, WRONG, contract
from tests.unit.spec.specs import Wrong

_SAID_BY_CEL = [wrong for wrong in WRONG if not wrong.only_operator]


@pytest.mark.parametrize("wrong", _SAID_BY_CEL, ids=lambda wrong: wrong.sentence.replace(" ", "-"))
async def test_a_wrong_contract_is_refused_with_field_and_fix(client: Client, wrong: Wrong) -> None:
    with pytest.raises(ApiError) as refused:
        await client.create(contract(name=wrong.name, **wrong.spec))
    assert refused.value.status == 422
    said = refused.value.body["message"]
    assert wrong.path in said
    assert wrong.says in said


async def test_every_field_is_stored_as_written(client: Client) -> None:
    stored = await client.call(
        "POST", client.path("OutputContract") + "?fieldValidation=Strict", contract(**EVERYTHING)
    )
    assert stored["spec"] == {"contract": "invoice", "version": 3, **EVERYTHING}
    assert parse_contract(stored).spec == parse_contract(contract(**EVERYTHING)).spec


@pytest.mark.parametrize(
    "edit",
    [{"schema": '{"type": "array"}'}, {"mode": "off"}, {"rules": []}, {"release": None}],
    ids=["another-schema", "another-mode", "no-rules", "a-member-taken-away"],
)
async def test_nothing_of_a_version_can_be_changed_and_the_fix_is_said(client: Client, edit: dict[str, Any]) -> None:
    made = contract(**EVERYTHING)
    await client.create(made)
    with pytest.raises(ApiError, match=r"a version of a contract never changes: make the next one"):
        await client.merge("OutputContract", made["metadata"]["name"], {"spec": edit})
    labelled = await client.merge("OutputContract", made["metadata"]["name"], {"metadata": {"labels": {"team": "a"}}})
    assert labelled["metadata"]["generation"] == 1


async def test_the_kind_has_its_short_name_and_category(client: Client) -> None:
    resources = await client.call("GET", "/apis/casava.dev/v1alpha1")
    kind = next(found for found in resources["resources"] if found["name"] == "outputcontracts")
    assert kind["shortNames"] == ["contract"]
    assert kind["categories"] == ["casava-all"]
