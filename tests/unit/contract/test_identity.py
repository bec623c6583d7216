"""A digest is one contract's alone, and stays what it is however the contract is written down."""

import hashlib
import itertools
import json

import pytest

from casava_contract import Contract, Rule, compile  # noqa: A004
from casava_contract.source import jsontext

_FORMAT = '{"format":"date"}'
_REFERS = '{"$ref":"urn:a"}'


def _different() -> list[Contract]:
    return [
        compile("a", kind="regex", rules=[Rule("true", "")]),
        compile('a\n["true",""]', kind="regex"),
        compile('start: "a"', kind="lark"),
        compile('start: "a"', kind="regex"),
        compile("true", kind="regex"),
        compile("true"),
        compile('{"type":"object"}'),
        compile("", kind="json_object"),
        compile(_FORMAT),
        compile(_FORMAT, formats="annotate"),
        compile(_REFERS, resources={"urn:a": '{"type":"string"}'}),
        compile(_REFERS, resources={"urn:a": '{"type":"null"}'}),
        compile('{"type":"object"}', rules=[Rule("true", "a")]),
        compile('{"type":"object"}', rules=[Rule("true", "b")]),
        compile('["true"]', kind="choice"),
    ]


def test_contracts_that_differ_in_anything_have_digests_that_differ() -> None:
    for one, other in itertools.combinations(_different(), 2):
        assert one.digest != other.digest, (one, other)


def test_the_digest_of_a_schema_is_that_of_its_compact_text() -> None:
    contract = compile('{ "type": "object" }')
    assert contract.digest == f"sha256:{hashlib.sha256(contract.text.encode()).hexdigest()}"


@pytest.mark.parametrize("number", ["0.000001", "1e-6", "1E23", "100", "1e2", "0.1000000000000000000000", "123e-25"])
def test_a_schema_in_its_normal_form_has_the_same_digest(number: str) -> None:
    contract = compile(f'{{"multipleOf": {number}}}')
    assert compile(contract.text).digest == contract.digest


@pytest.mark.parametrize("spelled", ["1e-6", "1E-6", "0.1e-5", "0.0000010", "0.00000100000000000000", "10.0e-7"])
def test_a_number_is_the_same_in_any_spelling(spelled: str) -> None:
    plain = jsontext.read("[0.000001]", depth=1, number_length=400)
    assert jsontext.read(f"[{spelled}]", depth=1, number_length=400) == plain
    contract = compile(json.dumps({"uniqueItems": True, "items": {"enum": [1e-6]}}))
    assert contract.validate(f"[{spelled}]") == ()
    validator = contract.validator()
    validator.feed(f"[0.000001, {spelled}".encode())
    (error,) = validator.feed(b"]").errors
    assert error.keyword == "uniqueItems"
