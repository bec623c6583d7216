"""An OutputContract is read whole, or refused with the field and the fix; so is an entry that refers to one."""

import pytest

from casava_operator.errors import InvalidSpec
from casava_operator.spec import parse, parse_contract, parse_contract_file
from tests.unit.spec.contracts import EVERYTHING, WRONG, contract
from tests.unit.spec.specs import MINIMAL, Spec, Wrong, body


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.sentence.replace(" ", "-"))
def test_a_wrong_contract_is_refused_with_field_and_fix(wrong: Wrong) -> None:
    with pytest.raises(InvalidSpec) as refused:
        parse_contract(contract(name=wrong.name, **wrong.spec))
    assert refused.value.path.startswith(wrong.path)
    assert wrong.says in refused.value.message


def test_every_field_is_read() -> None:
    read = parse_contract_file(contract(**EVERYTHING))
    assert (read.name, read.spec.reference) == ("invoice-v3", "invoice@3")
    assert read.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True) == {
        "contract": "invoice",
        "version": 3,
        **{name: value for name, value in EVERYTHING.items() if name != "type"},  # what is equal to a default
    }


@pytest.mark.parametrize(
    ("member", "value", "path"),
    [
        ("modes", "strict", "spec.modes"),
        ("version", "3", "spec.version"),
        ("repair", {"lossles": True}, "spec.repair.lossles"),
    ],
)
def test_a_file_with_a_wrong_member_is_refused(member: str, value: object, path: str) -> None:
    made = contract(name="invoice-v3")
    made["spec"][member] = value
    with pytest.raises(InvalidSpec) as refused:
        parse_contract_file(made)
    assert refused.value.path == path


@pytest.mark.parametrize(
    ("entries", "path", "says"),
    [
        ([{"name": "a", "schema": "{}", "contractRef": "a@1"}], "spec.contracts[0].schema", "either schema, or"),
        ([{"name": "a", "contractRef": "a"}], "spec.contracts[0].contractRef", "such as invoice@3"),
        ([{"name": "a", "contractRef": "a@0"}], "spec.contracts[0].contractRef", "such as invoice@3"),
        ([{"name": "a", "contractRef": "a@1", "type": "regex"}], "spec.contracts[0].contractRef", "remove them here"),
        (
            [{"name": "a", "contractRef": "a@1", "rules": [{"rule": "true"}]}],
            "spec.contracts[0].contractRef",
            "remove them here",
        ),
        (
            [{"name": "a", "contractRef": "a@1"}, {"name": "b", "contractRef": "a@1"}],
            "spec.contracts[1].contractRef",
            "there twice",
        ),
        ([{"name": "a", "schema": "{}", "onViolation": ["pass", "retry"]}], "spec.contracts[0].onViolation", "last"),
    ],
)
def test_a_wrong_entry_of_a_model_is_refused(entries: list[Spec], path: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        parse(body({**MINIMAL, "contracts": entries}))
    assert refused.value.path == path
    assert says in refused.value.message
