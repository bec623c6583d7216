"""Whatever the text: compile() raises ContractError or nothing, validate() nothing, and its verdict is the oracle's."""

import json
from typing import Any

import jsonschema_rs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from casava_contract import Contract, ContractError, compile  # noqa: A004
from casava_contract.report import Violation

_DRAFTS = {
    "http://json-schema.org/draft-04/schema#": jsonschema_rs.Draft4Validator,
    "http://json-schema.org/draft-06/schema#": jsonschema_rs.Draft6Validator,
    "http://json-schema.org/draft-07/schema#": jsonschema_rs.Draft7Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema_rs.Draft201909Validator,
    "https://json-schema.org/draft/2020-12/schema": jsonschema_rs.Draft202012Validator,
}

_names = st.sampled_from(["a", "b", "k", "", "a/b", "~", "é", "%41"])
_numbers = st.one_of(
    st.integers(-20, 20),
    st.sampled_from([0.5, -2.5, 0.1, 1e-9, 1e15, 2**53 + 1, 12345678901234567890123, 1e300, 10**30]),
)
_scalars = st.one_of(st.none(), st.booleans(), _numbers, st.text(max_size=4), st.sampled_from(["a", "b", "2026-02-30"]))
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=12,
)
_counts = st.sampled_from([0, 1, 2, 3])
_types = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
_patterns = st.sampled_from(["^a", "b$", "^[a-c]{1,3}$", "x|y", r"^\d+$", "(a+)+$", "."])
_references = st.sampled_from(
    ["#/$defs/a", "#/$defs/b", "#", "#here", "#/properties/a", "#/definitions/a", "http://x/y"]
)


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(_names, inner, max_size=3)
    listed = st.lists(inner, min_size=1, max_size=3)
    plain = {
        "type": st.one_of(_types, st.lists(_types, min_size=1, max_size=3, unique=True)),
        "enum": st.lists(_values, min_size=1, max_size=4),
        "const": _values,
        "required": st.lists(_names, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(_names, st.lists(_names, max_size=2, unique=True), max_size=2),
        "uniqueItems": st.booleans(),
        "pattern": _patterns,
        "format": st.sampled_from(["date", "email", "uuid", "ipv4", "no such"]),
        "multipleOf": st.sampled_from([1, 2, 0.5, 0.1, 3]),
        "$ref": _references,
        "$anchor": st.just("here"),
        "title": st.text(max_size=3),
    }
    plain |= dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _numbers)
    counted = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains")
    plain |= dict.fromkeys(counted, _counts)
    single = ("not", "items", "contains", "if", "then", "else", "additionalProperties", "propertyNames",
              "unevaluatedItems", "unevaluatedProperties", "additionalItems")  # fmt: skip
    plain |= dict.fromkeys(single, inner)
    plain |= dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), listed)
    plain |= dict.fromkeys(("properties", "$defs", "definitions", "dependentSchemas"), named)
    plain |= {"patternProperties": st.dictionaries(_patterns, inner, max_size=2)}
    members = [st.tuples(st.just(word), operand) for word, operand in plain.items()]
    return st.lists(st.one_of(members), max_size=4).map(dict)


_schema: st.SearchStrategy[Any] = st.recursive(st.one_of(st.booleans(), st.just({})), _schemas, max_leaves=10)


def _compiled(text: str) -> Contract | None:
    try:
        return compile(text)
    except ContractError as error:
        refused = error
    assert refused.message
    assert len(refused.message) <= 300
    assert refused.status in {400, 422}
    assert str(refused)
    return None


@given(st.text())
@example("\ud800")
@example('"\\ud800"')
@example("a: '\ud800'")
@example('a: "\\uD800"')
@example("&a [*a]")
@example("%YAML 9.9\n---\na: 1")
@example("a: |\n  x\n b")
def test_any_text_is_a_contract_or_a_contract_error(text: str) -> None:
    _compiled(text)


@given(st.one_of(_values, st.dictionaries(st.text(max_size=8), _values, max_size=4)))
def test_any_json_is_a_contract_or_a_contract_error(value: Any) -> None:
    _compiled(json.dumps(value))


@given(st.dictionaries(st.sampled_from(
    ["$schema", "$id", "id", "$ref", "$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "properties", "items",
     "allOf", "type", "enum", "required", "pattern", "dependencies", "$defs", "minimum", "maxLength", "multipleOf"]
), st.one_of(_values, _references, st.sampled_from(["http://[", "%", "a b", "#/%zz", "x:y:z", "../..", "?", "\\"])),
    max_size=5))  # fmt: skip
def test_any_misuse_of_keywords_is_a_contract_or_a_contract_error(schema: dict[str, Any]) -> None:
    contract = _compiled(json.dumps(schema))
    if contract is not None:
        contract.validate('{"a":[1,"b"]}')
        contract.lower()


@settings(max_examples=400)
@given(_schema, st.sampled_from([None, *_DRAFTS]), st.lists(_values, min_size=1, max_size=4))
def test_the_verdict_is_the_oracles_and_the_reasons_point_into_both(
    schema: Any, dialect: str | None, values: list[Any]
) -> None:
    if dialect is not None and isinstance(schema, dict):
        schema = {"$schema": dialect} | schema
    contract = _compiled(json.dumps(schema))
    if contract is None:
        return
    draft = dialect if isinstance(schema, dict) else None
    oracle = _DRAFTS[draft or "https://json-schema.org/draft/2020-12/schema"](
        json.dumps(schema), validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
    )
    for value in values:
        violations = contract.validate(json.dumps(value))
        assert (violations == ()) == oracle.is_valid(value)
        for violation in violations:
            _leads_somewhere(violation, schema, value)
    contract.lower()


def _leads_somewhere(violation: Violation, schema: Any, value: Any) -> None:
    for document, pointer in ((value, violation.pointer), (schema, violation.schema_pointer)):
        here = document
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            here = here[int(name)] if isinstance(here, list) else here[name]
    assert len(violation.message) <= 200


@given(st.binary(max_size=60))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    violations = compile("true").validate(data)
    try:
        json.loads(data)
    except ValueError:
        assert violations


@given(st.text(alphabet='{}[]":,\\ \n0123456789.eE-+truefalsn\u00e9', max_size=40))
def test_only_json_is_valid(text: str) -> None:
    violations = compile("true").validate(text)
    try:
        json.loads(text, parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError):
        assert violations
    else:
        assert all(v.code in {"syntax.duplicate_key", "syntax.json", "limit.number"} for v in violations)
