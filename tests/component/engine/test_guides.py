"""Guided decoding: what the engine promises to obey is obeyed, what it cannot obey is refused."""

import json

import pytest

from casava_wire import tensors as t
from tests.component.engine.triton_calls import Answer, generate, refusal
from tests.component.engine_process import EngineProcess

PROMPT = "<|im_start|>user\nDescribe a person.<|im_end|>\n<|im_start|>assistant\n"


def guided(engine: EngineProcess, kind: str, guide: str = "", *, tokens: int = 200) -> Answer:
    return generate(engine, PROMPT, **{t.MAX_TOKENS: tokens, t.GUIDE_TYPE: kind, t.GUIDE: guide})


def test_every_guide_that_model_info_names_is_shown_below(engine: EngineProcess) -> None:
    assert engine.model_info().guides == (t.GUIDE_JSON, t.GUIDE_JSON_SCHEMA, t.GUIDE_REGEX, t.GUIDE_EBNF)


def test_json_gives_an_object(engine: EngineProcess) -> None:
    answer = guided(engine, t.GUIDE_JSON, tokens=24)
    assert answer.text.lstrip().startswith("{")


def test_a_schema_is_obeyed_in_the_order_of_its_properties(engine: EngineProcess) -> None:
    schema = {
        "type": "object",
        "properties": {"zip": {"enum": ["A1", "B2"]}, "age": {"type": "integer", "minimum": 0, "maximum": 99}},
        "required": ["zip", "age"],
        "additionalProperties": False,
        "x-guidance": {"whitespace_flexible": False},
    }
    answer = guided(engine, t.GUIDE_JSON_SCHEMA, json.dumps(schema))
    assert answer.finish_reason == "stop"
    value = json.loads(answer.text)
    assert list(value) == ["zip", "age"]
    assert value["zip"] in {"A1", "B2"}
    assert 0 <= value["age"] <= 99


def test_the_largest_integer_that_is_not_rounded_comes_out_exactly(engine: EngineProcess) -> None:
    answer = guided(engine, t.GUIDE_JSON_SCHEMA, '{"const": 9007199254740992}')
    assert answer.text.strip() == "9007199254740992"


@pytest.mark.parametrize(
    ("pattern", "example"),
    [(r"[A-C]{3}-\d{4}", "AAA-0000"), ("a/b", "a/b"), (r"x\/y", "x/y"), ("one\ntwo", "one\ntwo")],
)
def test_a_regular_expression_is_obeyed_as_a_whole(engine: EngineProcess, pattern: str, example: str) -> None:
    answer = guided(engine, t.GUIDE_REGEX, pattern)
    assert answer.finish_reason == "stop"
    assert len(answer.text) == len(example)
    assert [char.isdigit() for char in answer.text] == [char.isdigit() for char in example]


def test_a_gbnf_grammar_is_obeyed(engine: EngineProcess) -> None:
    assert guided(engine, t.GUIDE_EBNF, 'root ::= "yes" | "no"').text in {"yes", "no"}


def test_a_lark_grammar_is_obeyed(engine: EngineProcess) -> None:
    text = guided(engine, t.GUIDE_EBNF, '%llguidance {}\nstart: "red" | "green"').text
    assert text in {"red", "green"}


@pytest.mark.parametrize(
    ("kind", "guide"),
    [
        (t.GUIDE_JSON_SCHEMA, '{"type":"array","uniqueItems":true}'),
        (t.GUIDE_JSON_SCHEMA, '{"type":"string","pattern":"(?=a)b"}'),
        (t.GUIDE_JSON_SCHEMA, '{"$ref":"https://example.com/schema.json"}'),
        (t.GUIDE_JSON_SCHEMA, '{"const":9007199254740993}'),
        (t.GUIDE_REGEX, "(?=a)b"),
        (t.GUIDE_REGEX, "(unclosed"),
        (t.GUIDE_EBNF, "root ::= ("),
        (t.GUIDE_EBNF, "%llguidance {}\nstart: nowhere"),
        (t.GUIDE_JSON_SCHEMA, '{"type":"object"'),
        (t.GUIDE_JSON_SCHEMA, '{"type":"object"} | "rule"'),
        (t.GUIDE_JSON_SCHEMA, ""),
    ],
)
def test_a_guide_that_cannot_be_obeyed_is_refused_and_not_dropped(engine: EngineProcess, kind: str, guide: str) -> None:
    for _ in range(2):  # what is remembered of a guide must not let it through either
        told = refusal(engine, PROMPT, **{t.MAX_TOKENS: 8, t.GUIDE_TYPE: kind, t.GUIDE: guide})
        assert told.startswith(t.ERROR_INVALID)
        assert t.GUIDE in told
