"""Whatever the text: compile() raises ContractError or nothing, validate() nothing, and its verdict is the oracle's."""

import json
from typing import Any

import jsonschema_rs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from casava_contract import Contract, ContractError, compile  # noqa: A004
from casava_contract.report import Violation
from tests.unit.contract import drawing

_DRAFTS = {
    "http://json-schema.org/draft-04/schema#": jsonschema_rs.Draft4Validator,
    "http://json-schema.org/draft-06/schema#": jsonschema_rs.Draft6Validator,
    "http://json-schema.org/draft-07/schema#": jsonschema_rs.Draft7Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema_rs.Draft201909Validator,
    "https://json-schema.org/draft/2020-12/schema": jsonschema_rs.Draft202012Validator,
}


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


@given(st.one_of(drawing.values, st.dictionaries(st.text(max_size=8), drawing.values, max_size=4)))
def test_any_json_is_a_contract_or_a_contract_error(value: Any) -> None:
    _compiled(json.dumps(value))


@given(st.dictionaries(st.sampled_from(
    ["$schema", "$id", "id", "$ref", "$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "properties", "items",
     "allOf", "type", "enum", "required", "pattern", "dependencies", "$defs", "minimum", "maxLength", "multipleOf"]
), st.one_of(drawing.values, drawing.references,
    st.sampled_from(["http://[", "%", "a b", "#/%zz", "x:y:z", "../..", "?", "\\"])),
    max_size=5))  # fmt: skip
def test_any_misuse_of_keywords_is_a_contract_or_a_contract_error(schema: dict[str, Any]) -> None:
    contract = _compiled(json.dumps(schema))
    if contract is not None:
        contract.validate('{"a":[1,"b"]}')
        contract.lower()


@settings(max_examples=400)
@given(drawing.schemas, st.sampled_from([None, *_DRAFTS]), st.lists(drawing.values, min_size=1, max_size=4))
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
