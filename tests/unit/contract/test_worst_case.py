"""How long a valid answer can be at most."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import compile  # noqa: A004


def _worst(schema: Any) -> int | None:
    return compile(json.dumps(schema)).worst_case_bytes


@pytest.mark.parametrize(
    ("schema", "longest"),
    [
        ({"type": "boolean"}, "false"),
        ({"type": "null"}, "null"),
        ({"enum": ["a", "grün", 12345, {"a": [1, 2]}]}, '{"a": [1, 2]}'),
        ({"const": {"a": 1, "b": [True, None]}}, '{"a": 1, "b": [true, null]}'),
        ({"type": "integer", "minimum": -5, "maximum": 12}, "12"),
        ({"type": "integer", "minimum": -500, "exclusiveMaximum": 12}, "-500"),
        ({"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2,4}$"}, '"ABC-1234"'),
        ({"type": "string", "pattern": '^["a]{2}$'}, '"\\"\\""'),
        ({"type": "string", "format": "date"}, '"2026-11-24"'),
        ({"type": "string", "format": "uuid", "maxLength": 100}, '"123e4567-e89b-12d3-a456-426614174000"'),
        ({"type": "string", "maxLength": 2}, '"\\u0000\\u0000"'),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 3}, "[null, null, null]"),
        ({"prefixItems": [{"const": 1}, {"const": 22}], "items": False, "type": "array"}, "[1, 22]"),
        ({"prefixItems": [{"const": 1}, False, {"const": 3}], "type": "array"}, "[1]"),
        ({"prefixItems": [{"const": 1}], "items": {"const": 22}, "maxItems": 3, "type": "array"}, "[1, 22, 22]"),
        ({"type": "object", "additionalProperties": False}, "{}"),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "boolean"}, "b": {"$ref": "#/$defs/n"}, "c": False},
                "additionalProperties": False,
                "$defs": {"n": {"anyOf": [{"const": 1}, {"type": "null"}]}},
            },
            '{"a": false, "b": null}',
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"const": 1}, "b": {"const": 22}, "c": {"const": 3}},
                "additionalProperties": False,
                "maxProperties": 2,
            },
            '{"a": 1, "b": 22}',
        ),
        ({"allOf": [{"type": "string", "maxLength": 9}, {"pattern": "^a{3}$"}]}, '"aaa"'),
    ],
)
def test_the_longest_answer_is_as_long_as_said(schema: Any, longest: str) -> None:
    assert compile(json.dumps(schema)).validate(longest) == ()
    assert _worst(schema) == len(longest.encode())


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "object", "additionalProperties": False, "patternProperties": {"^a$": {"const": 1}}},
        {"type": "array", "items": {"const": 1}},
        {"type": "string"},
        {"type": "string", "pattern": "a{3}"},
        {"type": "string", "pattern": "^a|b$"},
        {"type": "string", "pattern": "^a\\$"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "unheard-of"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "additionalProperties": False},
        {"type": "array", "maxItems": 1e300, "items": {"const": 1}},
    ],
)
def test_what_is_not_bounded_has_none(schema: Any) -> None:
    assert _worst(schema) is None


def test_numbers_are_bounded_by_the_limit_on_their_length() -> None:
    assert _worst({"type": "number"}) == 400
    assert _worst({"type": ["integer", "number"], "minimum": 0, "maximum": 9}) == 400


_SCALARS = st.sampled_from(
    [
        {"type": "boolean"},
        {"enum": ["a", "ü", 1.5]},
        {"type": "integer", "minimum": -3, "maximum": 120},
        {"type": "string", "maxLength": 3},
        {"type": "string", "pattern": "^[a-ü]{1,2}$"},
    ]
)
_SCHEMAS = st.recursive(
    _SCALARS,
    lambda below: st.one_of(
        st.builds(lambda items, most: {"type": "array", "items": items, "maxItems": most}, below, st.integers(0, 3)),
        st.builds(
            lambda members: {"type": "object", "properties": members, "additionalProperties": False},
            st.dictionaries(st.sampled_from(["a", "ö", 'q"']), below, max_size=3),
        ),
        st.builds(lambda one, other: {"anyOf": [one, other]}, below, below),
    ),
    max_leaves=6,
)


def _values(schema: Any) -> st.SearchStrategy[Any]:
    if "anyOf" in schema:
        return st.one_of([_values(one) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"))
    match schema["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "string":
            return st.text(alphabet='a"\\\n\x00ü\U0001f600', max_size=schema["maxLength"])
        case "array":
            return st.lists(_values(schema["items"]), max_size=schema["maxItems"])
    members = {name: _values(below) for name, below in schema["properties"].items()}
    return st.fixed_dictionaries({}, optional=members)


@given(_SCHEMAS.flatmap(lambda schema: st.tuples(st.just(schema), _values(schema))))
@settings(max_examples=60, deadline=None)
def test_no_valid_answer_is_longer(case: tuple[Any, Any]) -> None:
    schema, value = case
    text = json.dumps(value, ensure_ascii=False)
    contract = compile(json.dumps(schema))
    assert contract.validate(text) == ()
    most = contract.worst_case_bytes
    assert most is not None
    assert len(text.encode()) <= most
