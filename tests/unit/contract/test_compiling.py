"""A schema that cannot be enforced, or not within bounds, is refused with its pointer and the fix."""

import json
import pickle
import socket
from typing import Any, NoReturn

import pytest

from casava_contract import ContractError, ErrorCode, Satisfiable, compile, json_object  # noqa: A004


def refusal(schema: Any) -> ContractError:
    with pytest.raises(ContractError) as caught:
        compile(schema if isinstance(schema, str) else json.dumps(schema))
    return caught.value


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "strng"}, "/type"),
        ({"properties": {"a/b": {"minLength": -1}}}, "/properties/a~1b/minLength"),
        ({"required": "a"}, "/required"),
        ({"properties": {"a": 5}}, "/properties/a"),
        ({"allOf": []}, "/allOf"),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "minimum": "1"}, "/minimum"),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": 1},
            "/exclusiveMinimum",
        ),
    ],
)
def test_what_the_meta_schema_refuses_is_invalid(schema: Any, pointer: str) -> None:
    error = refusal(schema)
    assert (error.code, error.pointer, error.status) == (ErrorCode.INVALID, pointer, 400)


@pytest.mark.parametrize("keyword", ["pattern", "patternProperties"])
@pytest.mark.parametrize(
    ("pattern", "code", "status"),
    [
        ("(?=a)b", ErrorCode.PATTERN_NOT_LINEAR, 422),
        ("(?<!a)b", ErrorCode.PATTERN_NOT_LINEAR, 422),
        (r"(a)\1", ErrorCode.PATTERN_NOT_LINEAR, 422),
        ("(", ErrorCode.PATTERN, 400),
        ("[z-a]", ErrorCode.PATTERN, 400),
        ("(a{1000}){1000}", ErrorCode.LIMIT_PATTERN, 422),
    ],
)
def test_only_linear_regular_expressions_are_taken(keyword: str, pattern: str, code: ErrorCode, status: int) -> None:
    operand = pattern if keyword == "pattern" else {pattern: True}
    error = refusal({"properties": {"x": {keyword: operand}}})
    assert (error.code, error.status) == (code, status)
    assert error.pointer.startswith(f"/properties/x/{keyword}")


@pytest.mark.parametrize(
    "reference",
    ["http://example.com/s.json", "https://json-schema.org/draft/2020-12/schema", "file:///etc/passwd", "other.json",
     "/etc/passwd", "//host/x", "urn:x:y", "http://[", "item.json#/$defs/a"],
)  # fmt: skip
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_a_reference_out_of_the_schema_is_refused_and_never_tried(
    keyword: str, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried(*_: Any) -> NoReturn:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket, "socket", tried)
    monkeypatch.setattr("builtins.open", tried)
    error = refusal({"properties": {"x": {keyword: reference}}})
    assert error.code in {ErrorCode.REFERENCE_REMOTE, ErrorCode.REFERENCE_UNRESOLVED}
    assert error.pointer == f"/properties/x/{keyword}"


def test_an_unknown_dialect_is_refused_and_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(*_: Any) -> NoReturn:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket, "socket", tried)
    assert refusal({"$schema": "http://example.com/mine"}).code is ErrorCode.DIALECT
    nested = {"properties": {"a": {"$schema": "http://example.com/mine"}}}
    assert refusal(nested).pointer == "/properties/a/$schema"
    mixed = {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}
    assert refusal(mixed).code is ErrorCode.DIALECT


def test_references_inside_the_schema_are_followed() -> None:
    schema = {
        "$id": "https://example.com/root.json",
        "$defs": {
            "a": {"type": "integer"},
            "with space/slash": {"type": "boolean"},
            "anchored": {"$anchor": "here", "type": "null"},
            "embedded": {"$id": "embedded.json", "$defs": {"s": {"type": "string"}}, "$ref": "#/$defs/s"},
        },
        "properties": {
            "pointer": {"$ref": "#/$defs/a"},
            "escaped": {"$ref": "#/$defs/with%20space~1slash"},
            "anchor": {"$ref": "#here"},
            "uri": {"$ref": "embedded.json"},
            "absolute": {"$ref": "https://example.com/root.json#/$defs/a"},
            "odd place": {"$ref": "#/x-mine/0"},
        },
        "x-mine": [{"type": "array"}],
    }
    contract = compile(json.dumps(schema))
    good: dict[str, Any] = {"pointer": 1, "escaped": True, "anchor": None, "uri": "s", "absolute": 2, "odd place": []}
    assert contract.validate(json.dumps(good)) == ()
    for name in good:
        (violation,) = contract.validate(json.dumps(good | {name: {}}))
        assert (violation.code, violation.pointer) == ("schema.type", f"/{name}")


@pytest.mark.parametrize("reference", ["#/$defs/missing", "#missing", "#/$defs/a/type", "#/$defs/%zz"])
def test_a_reference_that_leads_nowhere_is_refused(reference: str) -> None:
    error = refusal({"$defs": {"a": {"type": "string"}}, "items": {"$ref": reference}})
    assert (error.code, error.pointer) == (ErrorCode.REFERENCE_UNRESOLVED, "/items/$ref")


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}},
    ],
)
def test_a_reference_that_loops_over_one_value_is_refused(schema: Any) -> None:
    assert refusal(schema).code is ErrorCode.REFERENCE_LOOP


def test_recursion_through_a_part_of_the_value_is_fine() -> None:
    contract = compile('{"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false}')
    assert contract.validate('{"next":{"next":{}}}') == ()
    assert contract.validate('{"next":{"next":{"x":1}}}')[0].pointer == "/next/next/x"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 5, "maxLength": 2},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"type": "object", "properties": {"a": False}, "required": ["a"]},
        {"enum": ["a", "b"], "type": "integer"},
        {"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True, "minItems": 3},
    ],
)
def test_a_schema_that_nothing_satisfies_is_refused(schema: Any) -> None:
    error = refusal(schema)
    assert (error.code, error.status) == (ErrorCode.UNSATISFIABLE, 422)


def test_satisfiability_is_said_where_it_is_known() -> None:
    assert compile('{"type":"string"}').satisfiable is Satisfiable.YES
    many = {"allOf": [{"oneOf": [{"pattern": f"a{i}"}, {"pattern": f"b{i}"}]} for i in range(16)]}
    assert compile(json.dumps(many)).satisfiable is Satisfiable.UNKNOWN


def _doubling(levels: int) -> dict[str, Any]:
    chain = {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": chain | {f"a{levels}": {"type": "string"}}}


def _nested(depth: int) -> str:
    return '{"items":' * depth + "{}" + "}" * depth


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        (_doubling(24), ErrorCode.LIMIT_EXPANSION),
        (_nested(70), ErrorCode.LIMIT_DEPTH),
        (_nested(5000), ErrorCode.LIMIT_DEPTH),
        ("\n".join("  " * i + "items:" for i in range(70)), ErrorCode.LIMIT_DEPTH),
        ("[" * 60_000, ErrorCode.LIMIT_DEPTH),
        ({"anyOf": [{"const": i} for i in range(1_001)]}, ErrorCode.LIMIT_ALTERNATIVES),
        ({"enum": list(range(1_001))}, ErrorCode.LIMIT_ALTERNATIVES),
        ({"properties": {f"p{i}": True for i in range(10_001)}}, ErrorCode.LIMIT_BYTES),
        ('{"enum":[' + ",".join(["1"] * 11_000) + "]}", ErrorCode.LIMIT_NODES),
        ('{"title":"' + "x" * 65_536 + '"}', ErrorCode.LIMIT_BYTES),
    ],
)
def test_a_hostile_schema_meets_a_limit(schema: Any, code: ErrorCode) -> None:
    error = refusal(schema)
    assert (error.code, error.status) == (code, 422)


@pytest.mark.parametrize(
    "schema",
    [
        _doubling(14),
        {"allOf": [{"anyOf": [{"minimum": i}, {"maximum": -i}]} for i in range(16)]},
        {"allOf": [{"if": {"minimum": i}, "then": {"maximum": i + 9}} for i in range(40)]},
        {"pattern": "^(a+)+$"},
        {"anyOf": [{"properties": {f"p{i}": {"type": "string"}}, "required": [f"p{i}"]} for i in range(800)]},
        {"allOf": [{"oneOf": [{"pattern": f"a{i}"}, {"pattern": f"b{i}"}]} for i in range(60)]},
    ],
)
def test_a_heavy_schema_compiles_validates_and_lowers_without_blowing_up(schema: Any) -> None:
    contract = compile(json.dumps(schema))
    contract.validate(json.dumps("a" * 40 + "!"))
    contract.validate("1")
    assert contract.lower().guide_type == "json_schema"


def test_alternatives_that_nest_in_each_other_are_explained_without_blowing_up() -> None:
    """The oracle's own error list takes minutes and gigabytes here."""
    branches = [
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}, "t": {"const": i}}, "required": ["t"]}
        for i in range(2)
    ]
    contract = compile(json.dumps({"$ref": "#/$defs/n", "$defs": {"n": {"anyOf": branches}}}))
    document: Any = {"t": 7}
    for _ in range(100):
        document = {"a": document, "t": 1}
    assert contract.validate(json.dumps(document))[0].code == "schema.anyOf"


def test_a_large_answer_against_a_large_schema_is_explained_in_bounded_work() -> None:
    schema = {
        "properties": {f"p{i}": {"type": "string"} for i in range(1_500)},
        "patternProperties": {f"^q{i}$": False for i in range(300)},
        "additionalProperties": {"type": "integer"},
    }
    answer = {f"x{i}": i for i in range(60_000)} | {"last": "no integer"}
    assert compile(json.dumps(schema)).validate(json.dumps(answer))[0].code.startswith("schema.")


def test_any_json_object_is_a_contract_of_its_own() -> None:
    contract = compile("ignored", kind="json_object")
    assert contract is json_object()
    assert contract.kind == "json_object"
    assert contract.validate('{"a":1}') == ()
    assert contract.validate("[1]")[0].code == "schema.type"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ContractError) as caught:
        compile("{}", kind="yaml")  # type: ignore[call-overload]
    assert caught.value.code is ErrorCode.KIND


def test_an_error_survives_the_way_between_processes() -> None:
    error = refusal({"type": "strng"})
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (copy.code, copy.pointer, str(copy)) == (error.code, error.pointer, str(error))
