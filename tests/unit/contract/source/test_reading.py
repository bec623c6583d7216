"""A schema's text is read exactly, or refused at the place that is wrong."""

import json

import pytest

from casava_contract import Contract, ContractError, ErrorCode, Limits, compile  # noqa: A004

_BIG = "12345678901234567890123"


def refusal(text: str) -> ContractError:
    with pytest.raises(ContractError) as caught:
        compile(text)
    return caught.value


def test_key_order_and_a_constant_of_23_digits_survive_json_and_yaml() -> None:
    as_json = compile(f'{{"properties":{{"z":{{"const":{_BIG}}},"a":{{"maximum":0.10}}}},"required":["z"]}}')
    as_yaml = compile(f"properties:\n  z: {{const: {_BIG}}}\n  a: {{maximum: 0.10}}\nrequired: [z]\n")
    assert list(json.loads(as_json.text)["properties"]) == ["z", "a"]
    assert _BIG in as_json.text
    assert as_json.digest == as_yaml.digest
    assert as_yaml.validate(f'{{"z":{_BIG}}}') == ()
    assert as_yaml.validate('{"z":12345678901234567890124}')[0].code == "schema.const"
    assert as_yaml.validate('{"z":1.2345678901234568e22}')[0].code == "schema.const"


def test_the_digest_follows_the_key_order_and_not_the_spelling() -> None:
    one = compile('{"properties":{"a":{"type":"string"},"b":true}}')
    assert one.digest == compile('{ "properties": {"\\u0061": {"type":"string"}, "b": true} }').digest
    assert one.digest != compile('{"properties":{"b":true,"a":{"type":"string"}}}').digest
    assert one.digest.startswith("sha256:")


def test_yaml_words_that_only_look_like_booleans_are_strings() -> None:
    contract = compile("enum: [no, yes, on, off, y, 2026-01-01, 12:30, 'true']")
    assert json.loads(contract.text)["enum"] == ["no", "yes", "on", "off", "y", "2026-01-01", "12:30", "true"]
    assert contract.validate('"no"') == ()
    assert contract.validate("false") != ()


def test_yaml_keys_are_the_strings_that_were_written() -> None:
    contract = compile("properties:\n  1: {type: string}\n  no: {type: string}\n  null: {type: string}\n")
    assert list(json.loads(contract.text)["properties"]) == ["1", "no", "null"]


@pytest.mark.parametrize("literal", ["0x1F", "010", "1_000", "0o17", "+1", ".5", "5.", ".inf", ".nan", "TRUE", "Null"])
def test_a_yaml_scalar_that_readers_disagree_on_is_refused(literal: str) -> None:
    error = refusal(f"type: integer\nconst: {literal}\n")
    assert (error.code, error.pointer, error.line) == (ErrorCode.SYNTAX, "/const", 2)
    assert "quote" in error.message


@pytest.mark.parametrize(
    ("text", "code", "pointer", "line"),
    [
        ('{"a":\n {"b":1, "b":2}}', ErrorCode.DUPLICATE_KEY, "/a/b", 2),
        ("a:\n  b: 1\n  b: 2\n", ErrorCode.DUPLICATE_KEY, "/a/b", 3),
        ('{"type":\n "object"', ErrorCode.SYNTAX, "", 2),
        ('{"type": NaN}', ErrorCode.SYNTAX, "", 1),
        ('{"type": "\\ud800"}', ErrorCode.SYNTAX, "", 1),
        ("type: [object", ErrorCode.SYNTAX, "", 2),
        ("type: object\n---\ntype: string\n", ErrorCode.SYNTAX, "", 2),
        ("a: !!python/object:os.system x", ErrorCode.SYNTAX, "/a", 1),
        ("a: &x {type: string}\nb:\n  <<: *x\n", ErrorCode.SYNTAX, "/b", 3),
        ("a: &x [*x]", ErrorCode.SYNTAX, "/a/0", 1),
        ("? {a: b}\n: c\n", ErrorCode.SYNTAX, "", 1),
        ("", ErrorCode.SYNTAX, "", None),
        ("# nothing but a comment\n", ErrorCode.SYNTAX, "", None),
        ("\x00", ErrorCode.SYNTAX, "", None),
        ('{"maximum": 1e-999}', ErrorCode.LIMIT_NUMBER, "", None),
        ("maximum: 1e999", ErrorCode.LIMIT_NUMBER, "/maximum", 1),
        ('{"maximum": ' + "9" * 401 + "}", ErrorCode.LIMIT_NUMBER, "", 1),
        ("just words", ErrorCode.INVALID, "", None),
        ("[1]", ErrorCode.INVALID, "", None),
    ],
)
def test_text_that_is_no_schema_is_refused_with_its_place(
    text: str, code: ErrorCode, pointer: str, line: int | None
) -> None:
    error = refusal(text)
    assert (error.code, error.pointer, error.line) == (code, pointer, line)


def test_yaml_aliases_are_copied_and_bounded() -> None:
    contract = compile("$defs:\n  name: &name {type: string, minLength: 1}\nproperties: {a: *name, b: *name}\n")
    assert contract.validate('{"a":"x","b":""}')[0].pointer == "/b"
    laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    laughs += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert refusal("\n".join(laughs)).code is ErrorCode.LIMIT_NODES


def test_an_error_reads_as_one_sentence_with_its_place_and_fits_a_response() -> None:
    error = refusal('{\n "properties": {"x": {"type": "strng"}}\n}')
    assert str(error).startswith("#/properties/x/type (line 2, column 23): type strng is not known: use array")
    assert error.to_dict()["code"] == "schema.invalid"
    assert error.status == 400
    assert len(refusal('{"type": "' + "x" * 60_000 + '"}').message) <= 300


def test_limits_are_the_callers() -> None:
    assert isinstance(compile("type: string", limits=Limits(schema_bytes=12)), Contract)
    with pytest.raises(ContractError) as caught:
        compile("type: string ", limits=Limits(schema_bytes=12))
    assert caught.value.code is ErrorCode.LIMIT_BYTES
    assert caught.value.status == 422
