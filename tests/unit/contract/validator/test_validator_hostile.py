"""What was found to hurt, kept: schemas and answers that once ended in anything but a verdict or a ContractError."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import Satisfiable, State, compile  # noqa: A004
from casava_contract.lowering import ENGINES
from tests.fuzz import invariants

# Recursion with unevaluated...: the normal form never ends, and takes the process with it.
_ENDLESS: list[Any] = [
    {"if": {}, "then": {"then": {"prefixItems": [{"unevaluatedItems": False, "$ref": "#"}]}}},
    {
        "maxProperties": 3,
        "if": {"minItems": 2},
        "then": {"prefixItems": [{"unevaluatedItems": False, "not": {"const": 1}, "$ref": "#"}]},
    },
    {"properties": {"a": {"$ref": "#", "unevaluatedProperties": False}}, "unevaluatedProperties": False},
]


@pytest.mark.parametrize("schema", _ENDLESS)
def test_a_schema_whose_normal_form_never_ends_is_not_brought_into_it(schema: Any) -> None:
    contract = compile(json.dumps(schema))
    assert contract.satisfiable is Satisfiable.UNKNOWN
    assert contract.validate(b"1") == ()


# Zero may have any exponent, and no Decimal holds every one.
_ANSWERS = [
    b"[0e90000000000000000000000, 1]",
    b"[-0e-9000000000000000000000, 0.0e00000000000000000000000000000000000000000000000000005]",
    b'{"b": 0.000E+9999999999999999999999}',
    b'{"a": 1e-00000000000000000000000000005}',
]


@pytest.mark.parametrize("answer", _ANSWERS)
def test_an_answer_that_once_broke_the_validator_gets_its_verdict(answer: bytes) -> None:
    for contract in invariants.contracts():
        invariants.answer_holds(contract, answer, range(1, len(answer)))
    assert compile("true").validate(answer) == ()


_HOSTILE = [
    *(b"[", b"{", b'{"a":', b'"', b'"\\u', b'"\\ud800', b'"\\ud83d\\ude00"', b"\x00", b"\xff\xfe", b"\xed\xa0\x80"),
    *(b"-", b"1e", b"0.", b"1e400", b"1e-400", b"tru", b"null", b"\xef\xbb\xbf", b",", b":", b"\n", b"}]", b'"aaaaaa"'),
    *(b'{"a":1,"a":1}', b'{"b":"2026-02-2', b"[[],[],[],[]]", b" " * 200, b"9" * 500, b"[" * 300, b'{"a":' * 200),
    *(b'"' + b"ab" * 9_000, b"[" + b"1," * 9_000),
]


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(_HOSTILE), st.binary(max_size=6)), max_size=5), st.lists(st.integers(0, 99)))
def test_whatever_comes_every_contract_judges_it_alike_whole_and_in_pieces(parts: list[bytes], cuts: list[int]) -> None:
    answer = b"".join(parts)
    for contract in invariants.contracts():
        invariants.answer_holds(contract, answer, sorted(set(cuts)))


@pytest.mark.parametrize(
    "answer", [b"[" * 1_000_000, b" " * 1_000_000, b"9" * 1_000_000, b'{"' + b"a" * 1_000_000, bytes(1_000_000)]
)
def test_a_megabyte_of_nothing_ends_early_and_keeps_little(answer: bytes) -> None:
    for contract in invariants.contracts():
        validator = contract.validator()
        assert validator.feed(answer).state is State.DEAD
        assert validator.feed(answer).state is State.DEAD
        assert validator.offset <= 1_000_000


_TEXTS = [
    *("{", "[", '"', "\x00", "\ud800", "&a [*a, *a]", "a: &b\n  c: *b", "%YAML 9", "!!python/object:os.system x"),
    "- " * 500,
    '{"$ref": "#"}', '{"$ref": "file:///etc/passwd"}', '{"$ref": "http://169.254.169.254/"}', '{"$id": "http://["}',
    '{"pattern": "(a+)+$"}', '{"pattern": "(?=a)b"}', '{"pattern": "a{1000}{1000}"}', '{"pattern": "("}',
    '{"type": "object", "properties": {"a": ' * 40 + "true" + "}}" * 40,
    '{"not":' * 63 + "true" + "}" * 63,
    json.dumps({"anyOf": [{"const": i} for i in range(1_000)]}),
    json.dumps({"anyOf": [{"const": i} for i in range(1_001)]}),
    json.dumps({"$defs": {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(30)} | {"d30": {}},
        "$ref": "#/$defs/d0"}),
    json.dumps({"oneOf": [{"patternProperties": {f"^{c}": False, "b": {}}} for c in "abcdefgh"]}),
    json.dumps({"enum": ["x" * 60_000]}),
    json.dumps({"multipleOf": 1e-300, "maximum": 1e300, "minimum": -1e300}),
]  # fmt: skip


@pytest.mark.parametrize("text", _TEXTS)
def test_a_hostile_schema_is_a_contract_error_or_judges_every_answer_alike(text: str) -> None:
    invariants.schema_holds(text.encode(errors="surrogatepass"))


@settings(max_examples=120)
@given(st.lists(st.one_of(st.sampled_from(_TEXTS), st.text(max_size=20)), max_size=3).map("".join))
def test_any_text_as_a_schema_is_a_contract_error_or_a_contract(text: str) -> None:
    invariants.schema_holds(text.encode(errors="surrogatepass"))


@given(st.binary(max_size=40))
def test_any_bytes_as_a_schema_are_a_contract_error_or_a_contract(data: bytes) -> None:
    invariants.schema_holds(data)


@pytest.mark.parametrize("keyword", ["$ref", "anyOf", "allOf", "properties", "not"])
def test_hundreds_of_definitions_each_behind_the_one_before_are_a_contract_for_every_engine(keyword: str) -> None:
    shapes: dict[str, Callable[[dict[str, str]], Any]] = {
        "$ref": lambda to: to,
        "anyOf": lambda to: {"anyOf": [to, {"type": "null"}]},
        "allOf": lambda to: {"allOf": [to]},
        "properties": lambda to: {"type": "object", "properties": {"a": to}},
        "not": lambda to: {"not": to},
    }
    chain = {f"d{i}": shapes[keyword]({"$ref": f"#/$defs/d{i + 1}"}) for i in range(600)}
    contract = compile(json.dumps({"$ref": "#/$defs/d0", "$defs": chain | {"d600": {"type": "object"}}}))
    for engine in ENGINES:
        assert contract.lower(engine).coverage
    invariants.answer_holds(contract, b'{"a": {"a": {}}}', [4, 8])
