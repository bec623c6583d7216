"""Schemas that refer to others, which the caller gives with them."""

import json
from itertools import pairwise
from typing import Any

import pytest

from casava_contract import ContractError, ErrorCode, Limits, compile  # noqa: A004

_ADDRESS = "https://example.com/address.json"
_RESOURCES = {
    _ADDRESS: json.dumps(
        {
            "type": "object",
            "properties": {"zip": {"$ref": "#/$defs/zip"}, "country": {"$ref": "country.json"}},
            "required": ["zip"],
            "$defs": {"zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
        }
    ),
    "https://example.com/country.json": "enum: [DE, FR]",
}
_SCHEMA = json.dumps({"type": "object", "properties": {"home": {"$ref": _ADDRESS}}})


def _compiled(schema: Any, resources: dict[str, Any], limits: Limits | None = None) -> Any:
    texts = {uri: text if isinstance(text, str) else json.dumps(text) for uri, text in resources.items()}
    return compile(json.dumps(schema), resources=texts, limits=limits or Limits())


def _refusal(schema: Any, resources: dict[str, Any], limits: Limits | None = None) -> ContractError:
    with pytest.raises(ContractError) as refused:
        _compiled(schema, resources, limits)
    return refused.value


def test_a_reference_leads_into_a_given_resource_and_on_from_there() -> None:
    contract = compile(_SCHEMA, resources=_RESOURCES)
    assert contract.validate('{"home": {"zip": "10115", "country": "DE"}}') == ()
    (violation,) = contract.validate('{"home": {"zip": "1"}}')
    assert violation.pointer == "/home/zip"
    assert violation.schema_pointer == f"{_ADDRESS}#/$defs/zip/pattern"


def test_an_answer_dies_at_the_byte_that_a_resource_forbids() -> None:
    validator = compile(_SCHEMA, resources=_RESOURCES).validator()
    text = b'{"home": {"country": "D'
    assert validator.feed(text).state == "open"
    verdict = validator.feed(b"K")
    assert verdict.state == "dead"
    assert verdict.errors[0].offset == len(text)
    assert verdict.errors[0].expected == ('"DE"', '"FR"')


def test_a_resource_that_calls_itself_otherwise_answers_to_both_names() -> None:
    resource = {"$id": "https://example.com/v2", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/b"}}}
    resource |= {"$defs": {"b": {"type": "string"}}}
    for uri in ("https://example.com/v1", "https://example.com/v2"):
        contract = _compiled({"$ref": uri}, {"https://example.com/v1": resource})
        assert contract.validate('{"a": ""}') == ()
        assert contract.validate('{"a": 1}') != ()
        assert contract.validate("{}") != ()


def test_a_relative_reference_in_a_resource_of_two_names_is_refused() -> None:
    resource = {"$id": "https://example.com/b/one", "$ref": "two"}
    refused = _refusal({"$ref": "https://example.com/a"}, {"https://example.com/a": resource})
    assert refused.code is ErrorCode.INVALID
    assert "https://example.com/b/one" in refused.message


def test_without_the_resource_the_reference_is_refused_and_nothing_is_fetched() -> None:
    with pytest.raises(ContractError) as refused:
        compile(_SCHEMA)
    assert refused.value.code is ErrorCode.REFERENCE_REMOTE
    assert refused.value.pointer == "/properties/home/$ref"


def test_what_a_resource_holds_is_part_of_the_identity_and_what_nothing_refers_to_is_not() -> None:
    known = compile(_SCHEMA, resources=_RESOURCES).digest
    other = _RESOURCES | {"https://example.com/country.json": "enum: [DE]"}
    unused = _RESOURCES | {"https://example.com/unused.json": '{"type": "string"}'}
    assert compile(_SCHEMA, resources=other).digest != known
    assert compile(_SCHEMA, resources=unused).digest == known


def test_a_dynamic_reference_sees_the_anchors_of_resources() -> None:
    tree = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$dynamicAnchor": "node",
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
    }
    strict = {"$dynamicAnchor": "node", "$ref": "https://example.com/tree", "required": ["name"]}
    contract = _compiled(strict, {"https://example.com/tree": tree})
    assert contract.validate('{"name": 1, "children": [{"name": 2}]}') == ()
    assert contract.validate('{"name": 1, "children": [{}]}') != ()
    validator = contract.validator()
    validator.feed(b'{"name": 1, "children": [{}]}')
    assert validator.finish().state == "invalid"


def test_a_meta_schema_of_ones_own_may_leave_vocabularies_out() -> None:
    meta = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/meta",
        "$vocabulary": {
            "https://json-schema.org/draft/2020-12/vocab/core": True,
            "https://json-schema.org/draft/2020-12/vocab/applicator": True,
        },
        "$dynamicAnchor": "meta",
    }
    schema = {"$schema": "https://example.com/meta", "properties": {"a": {"minimum": 10}, "b": False}}
    contract = _compiled(schema, {"https://example.com/meta": meta})
    for text, valid in ((b'{"a": 1}', True), (b'{"b": 1}', False)):
        validator = contract.validator()
        validator.feed(text)
        assert (validator.finish().state == "valid") is valid
        assert (contract.validate(text) == ()) is valid


def test_an_unknown_meta_schema_is_refused_where_it_is_not_given() -> None:
    assert _refusal({"$schema": "https://example.com/meta"}, {}).code is ErrorCode.DIALECT


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ({"type": "strng"}, ErrorCode.INVALID),
        ({"pattern": "("}, ErrorCode.PATTERN),
        ({"pattern": "(?=a)"}, ErrorCode.PATTERN_NOT_LINEAR),
        ({"$ref": "#/nowhere"}, ErrorCode.REFERENCE_UNRESOLVED),
        ({"$ref": "https://example.com/other"}, ErrorCode.REFERENCE_REMOTE),
        ({"$ref": "https://example.com/r"}, ErrorCode.REFERENCE_LOOP),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, ErrorCode.DIALECT),
        ('{"a": 1, "a": 2}', ErrorCode.DUPLICATE_KEY),
        ("[" * 100, ErrorCode.LIMIT_DEPTH),
        ("{", ErrorCode.SYNTAX),
    ],
)
def test_a_bad_resource_is_refused_by_name(resource: Any, code: ErrorCode) -> None:
    refused = _refusal({"$ref": "https://example.com/r"}, {"https://example.com/r": resource})
    assert refused.code is code
    assert "https://example.com/r" in str(refused)


def test_resources_count_against_the_limits() -> None:
    big = {"enum": list(range(200))}
    uri = "https://example.com/r"
    assert _refusal({"$ref": uri}, {uri: big}, Limits(schema_nodes=100)).code is ErrorCode.LIMIT_NODES
    many = {f"https://example.com/{i}": big for i in range(20)}
    assert _refusal({}, many, Limits(schema_bytes=1_000)).code is ErrorCode.LIMIT_BYTES


def test_references_that_double_through_resources_are_refused() -> None:
    uris = [f"https://example.com/{i}" for i in range(30)]
    resources: dict[str, Any] = {uri: {"allOf": [{"$ref": below}, {"$ref": below}]} for uri, below in pairwise(uris)}
    resources[uris[-1]] = {"type": "string"}
    assert _refusal({"$ref": uris[0]}, resources).code is ErrorCode.LIMIT_EXPANSION


def test_the_engine_is_told_of_what_a_resource_asks() -> None:
    lowering = compile(_SCHEMA, resources=_RESOURCES).lower("llama-cpp")
    by = {entry.pointer: entry.enforced_by for entry in lowering.coverage}
    assert by[f"{_ADDRESS}#/$defs/zip/pattern"] == "engine"
    assert "[0-9]{5}" in lowering.guide
