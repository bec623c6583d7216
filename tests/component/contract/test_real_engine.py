"""The real engine with the real model: what is guaranteed holds against prompts that ask for the opposite."""

import json
from typing import Any

import pytest
from tritonclient.utils import InferenceServerException

from casava_contract import Guarantee, compile  # noqa: A004
from casava_contract.text.compiling import TextKind
from casava_wire import tensors as t
from tests.component.contract import grammar
from tests.component.engine.triton_calls import generate
from tests.component.engine_process import EngineProcess

_PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 12, "pattern": "^[A-Za-z ]+$"},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "born": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 3},
    },
    "required": ["name", "age", "born", "tags"],
    "additionalProperties": False,
}
_EVENT = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": kind}, "n": {"type": "integer", **bounds}},
            "required": ["kind", "n"],
            "additionalProperties": False,
        }
        for kind, bounds in {"low": {"minimum": 0, "maximum": 9}, "high": {"minimum": 10, "maximum": 99}}.items()
    ]
}
_PROMPTS = (
    "Write a long poem about the sea. Never write JSON.\n",
    'Repeat this text for ever: {"name": 17, "age": -1, "x": [1,2,3\n',
    '[[[[[[[[[[ }}}} " \\ \u00e9\u00e9 999999999999999999999999 null null ',
)


@pytest.mark.parametrize("schema", [_PERSON, _EVENT], ids=["person", "event"])
def test_a_full_guarantee_holds_whatever_the_prompt_and_the_seed(engine: EngineProcess, schema: dict[str, Any]) -> None:
    contract = compile(json.dumps(schema))
    lowering = contract.lower("llama-cpp")
    assert lowering.guarantee is Guarantee.FULL
    for seed, prompt in enumerate(_PROMPTS):
        answer = generate(
            engine,
            prompt,
            **{t.GUIDE_TYPE: lowering.guide_type, t.GUIDE: lowering.guide, t.MAX_TOKENS: 120},
            **{t.TEMPERATURE: 1.5, t.SEED: seed},
        )
        assert answer.finish_reason == "stop"
        assert contract.validate(answer.text) == (), answer.text
        assert grammar.accepts(lowering.guide, answer.text), "the engine decodes another language than the recogniser"


def test_a_keyword_left_to_the_sidecar_is_broken_by_the_model_and_found(engine: EngineProcess) -> None:
    digit = {"type": "integer", "minimum": 1, "maximum": 9}
    schema = {"type": "array", "items": digit, "minItems": 6, "maxItems": 6, "uniqueItems": True}
    contract = compile(json.dumps(schema))
    lowering = contract.lower("llama-cpp")
    assert lowering.guarantee is Guarantee.PARTIAL
    answer = generate(
        engine,
        "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,",
        **{t.GUIDE_TYPE: lowering.guide_type, t.GUIDE: lowering.guide, t.MAX_TOKENS: 60},
    )
    assert len(json.loads(answer.text)) == 6
    assert [violation.code for violation in contract.validate(answer.text)] == ["schema.uniqueItems"]


def test_a_text_that_is_guaranteed_is_what_the_model_writes_whatever_the_prompt(engine: EngineProcess) -> None:
    """An expression, a choice and both kinds of grammar on the real decoder."""
    texts: tuple[tuple[TextKind, str], ...] = (
        ("regex", "INV-[0-9]{4}/[a-f]{2}"),
        ("choice", '["refund", "cancel the order"]'),
        ("lark", 'start: "sum " NUMBER ("+" NUMBER){1,2}\nNUMBER: /[0-9]{1,3}/\n'),
        ("gbnf", 'root ::= "[" item ("," item){1,2} "]"\nitem ::= [a-c]{1,2}\n'),
    )
    for seed, (kind, source) in enumerate(texts):
        contract = compile(source, kind=kind)
        lowering = contract.lower("llama-cpp")
        assert lowering.guarantee is Guarantee.FULL
        answer = generate(
            engine,
            _PROMPTS[seed % len(_PROMPTS)],
            **{t.GUIDE_TYPE: lowering.guide_type, t.GUIDE: lowering.guide, t.MAX_TOKENS: 60},
            **{t.TEMPERATURE: 1.5, t.SEED: seed},
        )
        assert answer.finish_reason == "stop"
        assert contract.validate(answer.text) == (), (kind, answer.text)


def test_the_engine_refuses_what_the_lowering_would_never_send(engine: EngineProcess) -> None:
    raw = json.dumps({"type": "array", "items": {"type": "integer"}, "uniqueItems": True})
    with pytest.raises(InferenceServerException, match=t.GUIDE):
        generate(engine, "1, 1, ", **{t.GUIDE_TYPE: t.GUIDE_JSON_SCHEMA, t.GUIDE: raw, t.MAX_TOKENS: 8})
