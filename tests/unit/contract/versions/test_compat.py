"""Whether a new version of a contract takes what the old one took, and whether old readers can read it."""

import json
from typing import Any

import pytest

from casava_contract import Contract, JsonContract, Limits, compile  # noqa: A004
from casava_contract.rules import Rule
from casava_contract.versions import Compatibility, compare, containment


def contract(schema: Any, *rules: str, **options: Any) -> Contract:
    made: Contract = compile(json.dumps(schema), rules=[Rule(rule) for rule in rules], **options)
    return made


def invoice(required: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    item = {"type": "object", "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}}}
    return {
        "type": "object",
        "properties": {
            "number": {"type": "string", "pattern": "^INV-[0-9]{6}$"},
            "date": {"type": "string", "format": "date"},
            "total": {"type": "number", "minimum": 0},
            "items": {"type": "array", "minItems": 1, "maxItems": 50, "items": item | {"required": ["sku"]}},
            **more,
        },
        "required": ["number", "date", "total", *required],
        "additionalProperties": False,
    }


def answers(found: Compatibility) -> tuple[str, str]:
    return str(found.accepts.answer), str(found.readable.answer)


CURRENCY = {"enum": ["EUR", "USD"]}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (invoice(), invoice(), ("yes", "yes")),
        (invoice(), invoice(currency=CURRENCY), ("yes", "no")),
        (invoice(), invoice(("currency",), currency=CURRENCY), ("no", "no")),
        (invoice(currency=CURRENCY), invoice(currency={"enum": ["EUR", "USD", "GBP"]}), ("yes", "no")),
        (invoice(currency=CURRENCY), invoice(("currency",), currency=CURRENCY), ("no", "yes")),
        (invoice(), invoice(total={"type": "integer", "minimum": 0}), ("no", "yes")),
        (invoice(), invoice(total={"type": "number", "minimum": 1}), ("no", "yes")),
        (invoice(), invoice(total={"type": "string"}), ("no", "no")),
        (invoice(), invoice(date={"type": "string"}), ("yes", "no")),
        (invoice(), {"type": "object"}, ("yes", "no")),
        ({"type": "string", "maxLength": 9}, {"type": "string", "maxLength": 8}, ("no", "yes")),
        ({"anyOf": [{"type": "null"}, invoice()]}, invoice(), ("no", "yes")),
        ({"multipleOf": 4}, {"multipleOf": 2}, ("yes", "no")),
        ({"type": "string", "pattern": "^ab"}, {"type": "string", "pattern": "^a"}, ("unknown", "no")),
        ({"title": "a", "type": "null"}, {"description": "b", "enum": [None]}, ("yes", "yes")),
    ],
)
def test_versions_of_a_schema(old: Any, new: Any, expected: tuple[str, str]) -> None:
    assert answers(compare(contract(old), contract(new))) == expected


def test_a_no_shows_an_answer_and_what_is_wrong_with_it() -> None:
    found = compare(contract(invoice()), contract(invoice(currency=CURRENCY))).readable
    assert found.witness is not None
    assert json.loads(found.witness)["currency"] == "EUR"
    assert found.reason == "/currency: 'currency' is not allowed here (schema.additionalProperties)"
    assert contract(invoice()).validate(found.witness)
    assert not contract(invoice(currency=CURRENCY)).validate(found.witness)


def test_a_recursive_schema_has_a_witness_though_its_normal_form_decides_nothing() -> None:
    def tree(of: str) -> Contract:
        node = {"type": "object", "properties": {"v": {"type": of}, "c": {"type": "array", "items": {"$ref": "#"}}}}
        return contract(node | {"additionalProperties": False})

    assert answers(compare(tree("integer"), tree("number"))) == ("unknown", "no")


def test_a_rule_that_came_refuses_and_one_that_went_does_not() -> None:
    plain, ruled = contract(invoice()), contract(invoice(), "self.total > 0")
    found = compare(plain, ruled)
    assert answers(found) == ("no", "yes")
    assert found.accepts.reason == "/total: does not hold: self.total > 0 (rule.violated)"
    assert answers(compare(ruled, plain)) == ("yes", "no")


def test_a_rule_whose_effect_is_not_found_is_unknown() -> None:
    found = compare(contract(invoice()), contract(invoice(), "self.number != 'INV-999999'"))
    assert answers(found) == ("unknown", "yes")
    assert "/rules/0" in found.accepts.reason


def test_the_same_rules_in_another_order_are_the_same() -> None:
    old = contract(invoice(), "self.total > 0", "self.total < 9")
    assert answers(compare(old, contract(invoice(), "self.total < 9", "self.total > 0"))) == ("yes", "yes")
    assert answers(compare(old, contract(invoice(), "self.total > 0", "self.total > 0"))) == ("unknown", "unknown")


def test_a_difference_that_old_rules_rule_out_is_not_called_one() -> None:
    old = contract({"type": "integer", "minimum": 0}, "self > 5")
    new = contract({"type": "integer", "minimum": 3}, "self > 5")
    assert answers(compare(old, new)) == ("unknown", "yes")


def test_formats_that_one_version_asserts_and_the_other_does_not_make_a_difference() -> None:
    schema = {"type": "string", "format": "date"}
    asserted, described = contract(schema), contract(schema, formats="annotate")
    assert asserted.text == described.text
    assert answers(compare(asserted, described)) == ("yes", "no")


def test_schemas_of_two_drafts_are_not_compared() -> None:
    """``1.0`` is no integer in draft 4."""
    old = contract({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"})
    found = compare(contract({"type": "integer"}), old)
    assert answers(found) == ("unknown", "unknown")
    assert "draft" in found.accepts.reason


def test_a_constant_that_jsonschema_rs_takes_for_a_date_proves_nothing() -> None:
    old, new = contract({"const": "181,-12-10"}), contract({"type": "string", "format": "date"})
    assert answers(compare(old, new)) == ("no", "no")


def test_a_lower_limit_is_not_compatible() -> None:
    old = contract({"type": "string"})
    new = contract({"type": "string"}, limits=Limits(output_bytes=1_000))
    assert answers(compare(old, new)) == ("no", "yes")


def _choices(by: int) -> Any:
    pairs = [[{"pattern": f"a{2 * i + by}"}, {"pattern": f"b{i}"}] for i in range(5)]
    return {"allOf": [{"anyOf": pair} for pair in pairs]}


def _members(by: int) -> Any:
    return {"properties": {f"p{i}": {"maxLength": 5 + by} for i in range(61)}, "additionalProperties": False}


def _parts(by: int) -> Any:
    return {"prefixItems": [{"maxLength": by + i} for i in range(501)]}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (_choices, "the alternatives multiply out to more than 512"),
        (_members, "an object has more than 60 properties"),
        (_parts, "a schema has more than 500 parts"),
    ],
)
def test_what_would_take_jsonschema_rs_seconds_is_not_asked(schema: Any, reason: str) -> None:
    old, new = contract(schema(0)), contract(schema(1))
    assert isinstance(old, JsonContract)
    assert isinstance(new, JsonContract)
    assert containment.covers(new, old) == ("unknown", reason)
    assert containment.difference(new, old) is None


def test_a_difference_is_shown_even_where_it_is_not_asked_for() -> None:
    assert answers(compare(contract(_members(0)), contract(_members(1)))) == ("unknown", "no")


@pytest.mark.parametrize(
    ("old", "new", "accepts"),
    [
        ('{"maximum": 0.12345678901234567890}', '{"maximum": 0.12345678901234567}', "no"),
        ('{"maximum": 0.12345678901234567}', '{"maximum": 0.12345678901234567890}', "yes"),
        ('{"maximum": 12345678901234567890123}', '{"maximum": 12345678901234567890122}', "no"),
        ('{"const": 9007199254740993}', '{"const": 9007199254740992}', "no"),
        ('{"const": 1.00000000000000000001}', '{"const": 1}', "no"),
        ('{"enum": [1.0]}', '{"enum": [1]}', "yes"),
        ('{"type": "number", "multipleOf": 0.3}', '{"multipleOf": 0.1}', "yes"),
    ],
)
def test_every_digit_of_a_bound_counts(old: str, new: str, accepts: str) -> None:
    assert str(compare(compile(old), compile(new)).accepts.answer) == accepts


def test_choices_are_compared_one_by_one() -> None:
    old, new = compile('["yes", "no"]', kind="choice"), compile('["yes", "no", "maybe"]', kind="choice")
    found = compare(old, new)
    assert answers(found) == ("yes", "no")
    assert found.readable.witness == "maybe"
    digits = compile('["1", "22"]', kind="choice")
    assert answers(compare(digits, compile("[0-9]+", kind="regex"))) == ("yes", "unknown")
    assert answers(compare(digits, contract({"type": "integer"}))) == ("yes", "no")


def test_the_same_expression_is_the_same_and_another_is_unknown() -> None:
    one, same, other = (compile(text, kind="regex") for text in ("a+", "a+", "a+b?"))
    assert answers(compare(one, same)) == ("yes", "yes")
    assert answers(compare(one, other)) == ("unknown", "unknown")
