"""Why xgrammar is given grammars of Casava's own, and which forms of them: how its version reads what it is given."""

import json
from typing import Any

import pytest

from casava_contract import Guarantee, Lowering
from tests.component.contract import backends


def _grammar(text: str) -> Lowering:
    return Lowering("ebnf_grammar", text, (), Guarantee.NONE)


@pytest.mark.parametrize(
    ("schema", "document", "taken"),
    [
        ({"type": "string", "not": {"const": "a"}}, '"a"', True),
        ({"type": "array", "items": {"type": "integer"}, "contains": {"const": 3}}, "[1]", True),
        ({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, "[1, 1]", True),
        ({"type": "number", "minimum": 0.5}, "0x5", True),
        ({"type": "string", "minLength": 2}, '"a\tb"', True),
        ({"type": "object", "properties": {"a": {}}}, '{"b": 1}', False),
        ({"type": "array", "prefixItems": [{"type": "null"}]}, "[null, 1]", False),
        ({"type": "object", "properties": {"a": {}}}, "{" + " " * 5_000 + '"a": 1}', True),
    ],
)
def test_its_own_reading_of_a_schema_is_not_what_the_schema_says(
    schema: dict[str, Any], document: str, taken: bool
) -> None:
    library, compiler = backends._xgrammar()
    compiled = compiler.compile_json_schema(json.dumps(schema), True, None, None, True, None)
    walk = backends._XGrammar(library.GrammarMatcher(compiled, None, False, -1))
    assert (walk.take(document.encode()) and walk.may_end()) is taken


def test_a_class_of_characters_beyond_ascii_takes_others_and_a_negated_class_takes_what_is_no_text() -> None:
    beyond = _grammar("root ::= [\\u1000-\\u1fff]\n")
    assert not backends.accepts("tensorrt-llm-xgrammar", beyond, "\u1234")
    assert backends.accepts("tensorrt-llm-xgrammar", beyond, "\x01")
    walk = backends.walker("tensorrt-llm-xgrammar", _grammar("root ::= [^a]\n"))
    assert walk.take(b"\xed\xa0\x80")
    assert walk.may_end()
    assert len(b"\xed\xa0\x80".decode(errors="replace")) == 3


def test_a_grammar_that_it_cannot_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="root"):
        backends.walker("tensorrt-llm-xgrammar", _grammar("start ::= [a]\n"))
