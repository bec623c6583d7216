"""References become text, once, and what was accepted is carried on."""

from typing import Any

import pytest

from casava_operator.contracts.check import check
from casava_operator.contracts.entries import MAX_FILE, Look, carried_by, contract_set, entries, resolve
from casava_operator.errors import InvalidSpec
from casava_operator.plan import BACKEND, accepted_model, next_revision
from casava_operator.plan.history import revision_of
from casava_operator.spec import CasavaModel, OutputContractSpec, parse, parse_contract
from tests.unit.spec.contracts import EVERYTHING, contract
from tests.unit.spec.specs import MINIMAL, body

INVOICE = parse_contract(contract(**EVERYTHING)).spec
OTHER = parse_contract(contract(schema='{"type": "array"}')).spec


def model(*contracts: dict[str, Any]) -> CasavaModel:
    return parse(body({**MINIMAL, "contracts": list(contracts)}, namespace="billing", uid="u", generation=2))


def resolved(*contracts: dict[str, Any], there: OutputContractSpec | None = INVOICE) -> CasavaModel:
    return resolve(model(*contracts), {}, lambda _: there)


def _always(there: OutputContractSpec | None) -> Look:
    return lambda _: there


def test_an_entry_that_refers_has_the_text_and_the_policy_of_the_output_contract() -> None:
    (entry,) = entries(resolved({"name": "invoice", "contractRef": "invoice@3"}))
    assert (entry.name, entry.contract, entry.version, entry.label) == ("invoice", None, 3, "invoice@3")
    assert (entry.kind, entry.schema_text) == ("json_schema", EVERYTHING["schema"])
    assert [each.rule for each in entry.rules] == ["self.total >= 0.0"]
    policy = entry.policy
    assert (policy.mode, policy.on_violation, policy.release) == ("validated", ("repair", "retry", "pass"), "element")
    assert (policy.repair.lossy, policy.repair.max_edits) == (("enum_snap",), 8)
    assert (policy.retry.max_attempts, policy.retry.token_budget) == (3, 4000)


def test_a_model_may_give_it_another_name_and_another_policy() -> None:
    own = {"mode": "observe", "onViolation": ["pass"], "release": "eager"}
    (entry,) = entries(resolved({"name": "old", "contractRef": "invoice@3", **own}))
    assert (entry.name, entry.contract, entry.label) == ("old", "invoice", "invoice@3")
    assert (entry.policy.mode, entry.policy.on_violation, entry.policy.release) == ("observe", ("pass",), "eager")
    assert entry.policy.retry.max_attempts == 3


def test_an_inline_entry_is_what_it_says() -> None:
    (entry,) = entries(model({"name": "code", "type": "regex", "schema": "[A-Z]{3}", "mode": "observe"}))
    assert (entry.label, entry.version, entry.kind, entry.schema_text) == ("code", None, "regex", "[A-Z]{3}")
    assert entry.policy.mode == "observe"


def test_a_reference_to_nothing_is_refused_with_the_object_that_is_missing() -> None:
    with pytest.raises(InvalidSpec, match="no OutputContract invoice-v3 in namespace billing") as refused:
        resolved({"name": "a", "schema": "{}"}, {"name": "b", "contractRef": "invoice@3"}, there=None)
    assert refused.value.path == "spec.contracts[1].contractRef"


def test_strict_is_refused_for_an_output_contract_with_rules() -> None:
    with pytest.raises(InvalidSpec, match="use mode validated") as refused:
        resolved({"name": "a", "contractRef": "invoice@3", "mode": "strict"})
    assert refused.value.path == "spec.contracts[0].contractRef"


def test_the_accepted_spec_carries_the_text_whatever_becomes_of_the_object() -> None:
    accepted = resolved({"name": "invoice", "contractRef": "invoice@3"})
    revision = revision_of(accepted, 1)
    kept = accepted_model({"metadata": {"name": "invoices", "namespace": "billing"}}, revision)
    assert contract_set(kept) == contract_set(accepted)
    carried = carried_by(revision)
    for there in (None, OTHER):
        again = resolve(model({"name": "invoice", "contractRef": "invoice@3"}), carried, _always(there))
        assert contract_set(again) == contract_set(accepted)
        assert next_revision(again, [revision]) == 1


def test_another_text_is_another_revision() -> None:
    first = revision_of(resolved({"name": "a", "contractRef": "invoice@3"}), 1)
    second = resolved({"name": "a", "contractRef": "invoice@3"}, there=OTHER)
    assert next_revision(second, [first]) == 2


def test_contracts_that_do_not_fit_one_config_map_are_refused() -> None:
    large = INVOICE.model_copy(update={"schema_text": '"' + "x" * 60_000 + '"'})
    many = [{"name": f"n{number}", "contractRef": f"invoice@{number}"} for number in range(1, 2 + MAX_FILE // 60_000)]
    with pytest.raises(InvalidSpec, match="split the model") as refused:
        resolved(*many, there=large)
    assert refused.value.path == "spec.contracts"


@pytest.mark.parametrize(
    ("entry", "there", "path", "says"),
    [
        ({"name": "a", "schema": '{"type": "strin"}'}, None, "spec.contracts[0].schema", "a: #/type"),
        (
            {"name": "a", "contractRef": "invoice@3"},
            parse_contract(contract(schema='{"allOf": [{"type": "string"}, {"type": "null"}]}')).spec,
            "spec.contracts[0].contractRef",
            "next version",
        ),
        (
            {
                "name": "a",
                "schema": '{"$dynamicAnchor": "n", "properties": {"a": {"not": {"$dynamicRef": "#n"}}}}',
                "mode": "strict",
            },
            None,
            "spec.contracts[0].mode",
            "not at #/properties/a/not is judged only when the answer has ended",
        ),
    ],
    ids=["a-typing-error", "a-refused-output-contract", "strict-that-cannot-be-promised"],
)
def test_what_no_pod_could_serve_is_refused_with_the_place(
    entry: dict[str, Any], there: OutputContractSpec | None, path: str, says: str
) -> None:
    with pytest.raises(InvalidSpec) as refused:
        check(resolved(entry, there=there), BACKEND)
    assert refused.value.path == path
    assert says in refused.value.message
