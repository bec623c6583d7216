import pytest

import casava_contract
from casava_contract.recogniser import writes


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        ('{"a": 1, "b": "\u00fc"}', True),
        ('{"b": "x", "a": 1}', False),
        ('{"a":1,"b":"x"}', False),
        ('{"a": 1, "b": "x"', False),
    ],
)
def test_an_engine_writes_one_of_the_spellings_that_are_valid(answer: str, written: bool) -> None:
    schema = """{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["a", "b"], "additionalProperties": false}"""
    lowering = casava_contract.compile(schema).lower()
    assert writes(lowering.guide_type, lowering.guide, answer.encode()) is written


def test_what_llguidance_does_not_read_is_not_known() -> None:
    assert writes("", "", b"{}") is None
    assert writes("ebnf_grammar", 'root ::= "a"', b"a") is None
    assert writes("json_schema", "{", b"a") is None
