"""The final verdict on an answer: strict about JSON, exact about numbers, brief about values."""

import json
from typing import Any

import pytest

from casava_contract import Contract, JsonContract, Limits, compile  # noqa: A004


def contract(schema: Any) -> Contract:
    return compile(json.dumps(schema))


@pytest.mark.parametrize(
    ("answer", "code", "pointer"),
    [
        ("", "syntax.json", ""),
        ("{", "syntax.json", ""),
        ('{"a":1} trailing', "syntax.json", ""),
        ('```json\n{"a":1}\n```', "syntax.json", ""),
        ("{'a':1}", "syntax.json", ""),
        ('{"a":1,}', "syntax.json", ""),
        ('{"a":NaN}', "syntax.json", ""),
        ('{"a":01}', "syntax.json", ""),
        ('{"a":"\x00"}', "syntax.json", ""),
        ('{"a":"\\ud800"}', "syntax.json", ""),
        ("\ufeff{}", "syntax.json", ""),
        ('{"a":1,"a":1}', "syntax.duplicate_key", "/a"),
        ('{"a":1,"\\u0061":1}', "syntax.duplicate_key", "/a"),
        ('{"x":[{"b":1},{"b":1,"b":2}]}', "syntax.duplicate_key", "/x/1/b"),
        ('"\ud800"', "syntax.encoding", ""),
        (b'"\xff"', "syntax.encoding", ""),
        ("[" * 200 + "]" * 200, "limit.output_depth", ""),
        ("[" * 1_000_000, "limit.output_depth", ""),
        ('"' + "x" * 1_000_000 + '"', "limit.output_bytes", ""),
        ("9" * 401, "limit.number", ""),
        ("1e400", "limit.number", ""),
        ("0." + "9" * 400, "limit.number", ""),
        ("1e-400", "limit.number", ""),
    ],
)
def test_an_answer_that_is_not_strict_json_is_a_violation(answer: str | bytes, code: str, pointer: str) -> None:
    (violation,) = compile("true").validate(answer)
    assert (violation.code, violation.pointer) == (code, pointer)


def test_syntax_errors_have_a_line_and_a_column() -> None:
    (violation,) = compile("true").validate('{\n  "a": 1,\n  "b": ?\n}')
    assert (violation.line, violation.column) == (3, 8)
    (violation,) = compile("true").validate(b'{\n  "a": 1,\n  "a": 2}')
    assert (violation.line, violation.column) == (3, 3)


@pytest.mark.parametrize(
    ("schema", "good", "bad", "code"),
    [
        ({"type": "integer"}, "1.0", "1.5", "schema.type"),
        ({"type": ["string", "null"]}, "null", "0", "schema.type"),
        ({"const": 12345678901234567890123}, "12345678901234567890123", "12345678901234567890124", "schema.const"),
        ({"enum": [1, "a", None]}, "1.0", '"b"', "schema.enum"),
        ({"maximum": 9007199254740993}, "9007199254740993", "9007199254740994", "schema.maximum"),
        ({"minimum": 0.1}, "0.1", "0.0999999999999999999999", "schema.minimum"),
        ({"exclusiveMinimum": 0}, "1e-9", "0", "schema.exclusiveMinimum"),
        ({"multipleOf": 0.01}, "0.29", "0.295", "schema.multipleOf"),
        ({"minLength": 2}, '"ab"', '"\U0001f600"', "schema.minLength"),
        ({"maxLength": 1}, '"\U0001f600"', '"ab"', "schema.maxLength"),
        ({"pattern": "ab"}, '"xxabyy"', '"a b"', "schema.pattern"),
        ({"pattern": "^(a+)+$"}, '"aaa"', '"' + "a" * 5_000 + '!"', "schema.pattern"),
        ({"format": "date"}, '"2024-02-29"', '"2026-02-30"', "schema.format"),
        ({"format": "date"}, '"1815-12-10"', '"181,-12-10"', "schema.format"),
        ({"format": "time"}, '"12:30:45Z"', '"12:3/:45Z"', "schema.format"),
        ({"format": "date-time"}, '"2024-02-29T12:30:45Z"', '"2024-02-2+T12:30:45Z"', "schema.format"),
        ({"format": "email"}, '"a@b.co"', '"a"', "schema.format"),
        ({"format": "no such format"}, '"x"', None, ""),
        ({"minItems": 1}, "[1]", "[]", "schema.minItems"),
        ({"uniqueItems": True}, "[1,2]", "[1,1.0]", "schema.uniqueItems"),
        ({"contains": {"const": 1}, "minContains": 2}, "[1,1]", "[1]", "schema.contains"),
        ({"required": ["a"]}, '{"a":1}', "{}", "schema.required"),
        ({"dependentRequired": {"a": ["b"]}}, '{"b":1}', '{"a":1}', "schema.dependentRequired"),
        ({"propertyNames": {"maxLength": 1}}, '{"a":1}', '{"ab":1}', "schema.propertyNames"),
        ({"not": {"type": "string"}}, "1", '"a"', "schema.not"),
        ({"anyOf": [{"type": "string"}, {"minimum": 3}]}, "3", "2", "schema.anyOf"),
        ({"oneOf": [{"type": "integer"}, {"minimum": 3}]}, "1", "4", "schema.oneOf"),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, '{"b":1}', '{"a":1}', "schema.if"),
        ({"properties": {"a": {}}, "additionalProperties": False}, '{"a":1}', '{"b":1}', "schema.additionalProperties"),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, "{}", '{"b":1}', "schema.unevaluatedProperties"),
        ({"dependentSchemas": {"a": {"minProperties": 2}}}, '{"b":1}', '{"a":1}', "schema.dependentSchemas"),
    ],
)
def test_every_keyword_is_decided(schema: Any, good: str, bad: str | None, code: str) -> None:
    made = contract(schema)
    assert made.validate(good) == ()
    if bad is not None:
        (violation,) = made.validate(bad)
        assert violation.code == code
        assert violation.schema_pointer.rpartition("/")[2] == violation.keyword == code.partition(".")[2]


def test_violations_name_both_places_and_stay_small() -> None:
    schema = {"properties": {"items": {"items": {"properties": {"n": {"maxLength": 3}}, "required": ["n"]}}}}
    found = contract(schema).validate(json.dumps({"items": [{"n": "secret" * 1_000}, {}]}))
    assert [(v.code, v.pointer, v.schema_pointer) for v in found] == [
        ("schema.maxLength", "/items/0/n", "/properties/items/items/properties/n/maxLength"),
        ("schema.required", "/items/1", "/properties/items/items/required"),
    ]
    assert found[0].message == "has 6000 characters, at most 3 are allowed"
    assert found[1].message == "missing n"
    assert all("secret" not in str(v.to_dict()) for v in found)


def test_at_most_ten_violations_are_reported() -> None:
    found = contract({"items": {"type": "string"}}).validate(json.dumps(list(range(100))))
    assert len(found) == 10
    schema = {"enum": ["x" * 1_000, "y" * 1_000]}
    assert len(contract(schema).validate('"z"')[0].message) <= 200


@pytest.mark.parametrize(
    ("draft", "schema", "good", "bad"),
    [
        ("draft-04", {"minimum": 5, "exclusiveMinimum": True}, "6", "5"),
        ("draft-06", {"contains": {"type": "string"}}, '["a"]', "[1]"),
        ("draft-07", {"items": [{"type": "string"}], "additionalItems": False}, '["a"]', '["a",1]'),
        ("draft-07", {"dependencies": {"a": ["b"]}}, '{"b":1}', '{"a":1}'),
        ("draft-07", {"$ref": "#/definitions/a", "maximum": 1, "definitions": {"a": {"type": "integer"}}}, "5", '"a"'),
    ],
)
def test_older_drafts_keep_their_meaning(draft: str, schema: Any, good: str, bad: str) -> None:
    made = contract({"$schema": f"http://json-schema.org/{draft}/schema#"} | schema)
    assert made.validate(good) == ()
    assert made.validate(bad) != ()


def test_newer_drafts_are_recognised_by_their_uri() -> None:
    made = [
        contract({"$schema": f"https://json-schema.org/draft/{uri}"}) for uri in ("2019-09/schema", "2020-12/schema#")
    ]
    drafts = [one.draft for one in [*made, contract({})] if isinstance(one, JsonContract)]
    assert drafts == ["2019-09", "2020-12", "2020-12"]


def test_output_limits_are_the_callers() -> None:
    made = compile("true", limits=Limits(output_bytes=10, output_depth=2, number_length=5))
    assert made.validate("[[1]]") == ()
    assert made.validate("[[[1]]]")[0].code == "limit.output_depth"
    assert made.validate("1.23456")[0].code == "limit.number"
    assert made.validate('"123456789"')[0].code == "limit.output_bytes"
