"""Guides to grammars: text that stays what it is, and nothing smuggled in."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_engine.triton_model.guide import GuideRefused, grammar, is_lark
from casava_wire import tensors as t


def test_a_schema_keeps_its_own_text() -> None:
    schema = '{ "type":"object",\n "properties": {"b": {}, "a": {}} }'
    assert grammar(t.GUIDE_JSON_SCHEMA, schema).endswith(schema)


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '"x"', "3", "{} {}", '{}\nother: "rule"', "NaN", '{"a": Infinity}', "[" * 100_000]
)
def test_what_is_no_single_schema_is_refused(text: str) -> None:
    with pytest.raises(GuideRefused, match=t.GUIDE):
        grammar(t.GUIDE_JSON_SCHEMA, text)


@pytest.mark.parametrize("number", ["9007199254740993", "-9007199254740993", "1" * 23, "9" * 5000])
def test_an_integer_that_would_be_rounded_is_refused(number: str) -> None:
    with pytest.raises(GuideRefused, match="beyond 2\\^53"):
        grammar(t.GUIDE_JSON_SCHEMA, json.dumps({"const": 0}).replace("0", number))


@pytest.mark.parametrize("number", ["9007199254740992", "-9007199254740992", "0", "-0"])
def test_an_integer_that_is_exact_is_taken(number: str) -> None:
    assert number in grammar(t.GUIDE_JSON_SCHEMA, f'{{"const": {number}}}')


def test_a_guide_of_more_than_a_megabyte_is_refused() -> None:
    with pytest.raises(GuideRefused, match="longer than"):
        grammar(t.GUIDE_EBNF, "x" * (2**20 + 1))


def test_only_lark_is_read_by_llguidance() -> None:
    assert is_lark(grammar(t.GUIDE_REGEX, "a"))
    assert not is_lark(grammar(t.GUIDE_EBNF, 'root ::= "a"'))


@given(st.text(alphabet="a/\\n\n", max_size=30))
def test_a_regular_expression_never_ends_its_literal(pattern: str) -> None:
    try:
        made = grammar(t.GUIDE_REGEX, pattern)
    except GuideRefused:
        return
    literal = made.removeprefix("%llguidance {}\nstart: ")
    assert re.fullmatch(r"/(?:[^/\\\n]|\\[^\n])*/", literal)
