"""Tool calls as a contract: what is declared, how answers are judged, what the engine is told."""

import itertools
import json
import random
from typing import Any

import llguidance
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_contract import Contract, ContractError, Limits, State, Timing, compile, json_object, recogniser  # noqa: A004
from casava_contract.rules import Rule
from casava_contract.tools import ToolCalls, compile_tools

CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 8}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER: dict[str, Any] = {"type": "function", "function": {"name": "weather", "parameters": CITY}}
TIME: dict[str, Any] = {"type": "function", "function": {"name": "time", "description": "What time it is."}}
BERN = '<tool_call>\n{"name": "weather", "arguments": {"city": "Bern", "days": 3}}\n</tool_call>'
NOW = '<tool_call>\n{"name": "time", "arguments": {}}\n</tool_call>'


def compile_schema(text: str, limits: Limits) -> Contract:
    return compile(text, limits=limits)


def tools(*declared: Any, plain: Contract | None = None, **members: Any) -> ToolCalls:
    source = json.dumps({"tools": list(declared) or [WEATHER, TIME], **members})
    return compile_tools(source, compile_schema=compile_schema, plain=plain)


def function(**members: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", **members}}


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


@pytest.mark.parametrize(
    ("members", "taken", "refused"),
    [
        ({}, ["", "Hello", BERN, NOW + BERN, f"So. {BERN}\n{NOW}\n"], [BERN + "x", BERN[:-1], BERN.replace("3", "0")]),
        ({"tool_choice": "auto", "parallel_tool_calls": False}, ["Hello", BERN], [BERN + NOW]),
        ({"tool_choice": "required"}, [BERN, NOW, BERN + NOW], ["", "Hello", f"So. {BERN}"]),
        ({"tool_choice": named("time")}, [NOW], ["Hello", BERN, NOW + NOW]),
        ({"tool_choice": "none"}, ["Hello", BERN, "<tool_call>"], []),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named("time")]}}},
            [NOW, NOW + NOW],
            ["Hello", BERN],
        ),
    ],
)
def test_the_choice_says_which_answers_are_taken(members: dict[str, Any], taken: list[str], refused: list[str]) -> None:
    contract = tools(**members)
    for text in taken:
        assert contract.validate(text) == (), text
    for text in refused:
        assert contract.validate(text), text


def test_arguments_are_held_to_the_schema_at_the_byte() -> None:
    validator = tools().validator()
    begin, rest = BERN[: BERN.index("3")], "0}}\n</tool_call>"
    assert validator.feed(begin.encode()).state is State.OPEN
    verdict = validator.feed(b'"')
    assert verdict.state is State.DEAD
    error = verdict.errors[0]
    assert error.code == "schema.type"
    assert error.offset == len(begin)
    assert (error.line, error.column) == (2, len(begin.splitlines()[1]) + 1)
    assert error.pointer == "/0/arguments/days"
    assert error.schema_pointer == "/tools/0/function/parameters/properties/days/type"
    assert error.message.startswith("call 1, weather: /days")
    assert validator.feed(rest.encode()) is verdict
    assert validator.finish().state is State.INVALID


def test_the_second_call_is_the_one_that_an_error_names() -> None:
    (violation,) = tools().validate(NOW + BERN.replace('"city"', '"town"'))
    assert violation.code == "schema.additionalProperties"
    assert violation.pointer == "/1/arguments"
    assert "call 2, weather" in violation.message


def test_tool_calls_are_a_kind_like_any_other() -> None:
    source = json.dumps({"tools": [WEATHER, TIME], "tool_choice": "required"})
    contract = compile(source, kind="tool_calls")
    assert contract.digest == tools(tool_choice="required").digest
    assert contract.validate(BERN) == ()
    with pytest.raises(ContractError, match="no rules"):
        compile(source, kind="tool_calls", rules=[Rule("true")])


def test_what_a_stream_says_between_calls() -> None:
    validator = tools().validator(subtrees=True)
    assert validator.feed(b"So.").state is State.COMPLETE
    assert validator.feed(b"<tool_call>").state is State.OPEN
    verdict = validator.feed(BERN.removeprefix("<tool_call>").encode())
    assert verdict.state is State.COMPLETE
    assert [one.pointer for one in verdict.completed] == [
        "/0/arguments/city", "/0/arguments/days", "/0/arguments", "/0",
    ]  # fmt: skip
    assert verdict.completed[-1].value == {"name": "weather", "arguments": {"city": "Bern", "days": 3}}
    assert verdict.completed[-1].stop == len("So." + BERN)
    assert validator.partial().value == [verdict.completed[-1].value]
    assert validator.finish().state is State.VALID


def test_the_partial_value_of_a_call_that_is_open() -> None:
    validator = tools().validator()
    validator.feed(BERN[: BERN.index("rn")].encode())
    partial = validator.partial()
    assert partial.value == [{"name": "weather", "arguments": {}}]
    assert (partial.pointer, partial.text) == ("/0/arguments/city", "Be")


def test_an_answer_without_calls_is_held_to_its_own_contract() -> None:
    contract = tools(plain=compile('{"type": "object", "required": ["a"]}'))
    assert contract.validate('{"a": 1}') == ()
    assert contract.validate(BERN) == ()
    assert contract.validate("Hello")[0].code == "syntax.json"
    assert contract.validate("{}")[0].code == "schema.required"
    assert contract.validate("")
    with pytest.raises(ContractError, match="lark"):
        tools(plain=json_object_as("lark"))


def json_object_as(kind: str) -> Contract:
    contract = compile("{}")
    contract.kind = kind
    return contract


def test_text_that_is_no_utf_8_is_refused_where_it_begins() -> None:
    validator = tools().validator()
    assert validator.feed("ü".encode()[:1]).state is State.COMPLETE
    assert validator.feed(b"a").errors[0].offset == 0
    assert tools().validator().feed(b"abc\xff").errors[0].offset == 3
    cut = tools().validator()
    cut.feed(b"a\xc3")
    assert cut.finish().errors[0].code == "syntax.encoding"


def test_a_million_bytes_are_the_end_in_any_pieces() -> None:
    contract = compile_tools(
        json.dumps([TIME]), compile_schema=compile_schema, limits=Limits(output_bytes=10)
    )  # the list alone is a declaration too
    for size in (1, 3, 20):
        validator = contract.validator()
        verdicts = [validator.feed(b"x" * size) for _ in range(20 // size + 1)]
        assert verdicts[-1].errors[0].code == "limit.output_bytes"
        assert verdicts[-1].errors[0].offset == 10


@pytest.mark.parametrize(
    ("source", "pointer"),
    [
        ({"tools": []}, "/tools"),
        ({"tools": "x"}, "/tools"),
        ({}, "/tools"),
        ({"tools": [TIME], "tool_choices": 1}, "/tool_choices"),
        ({"tools": [TIME], "tool_choice": "always"}, "/tool_choice"),
        ({"tools": [TIME], "tool_choice": named("space")}, "/tool_choice/function/name"),
        ({"tools": [TIME], "tool_choice": {"type": "custom"}}, "/tool_choice/type"),
        ({"tools": [TIME], "parallel_tool_calls": 1}, "/parallel_tool_calls"),
        ({"tools": [TIME, TIME]}, "/tools/1/function/name"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "/tools/0/type"),
        ({"tools": [{"type": "function"}]}, "/tools/0/function"),
        ({"tools": [function(name="a b")]}, "/tools/0/function/name"),
        ({"tools": [function(name="")]}, "/tools/0/function/name"),
        ({"tools": [function(title="x")]}, "/tools/0/function/title"),
        ({"tools": [function(description=1)]}, "/tools/0/function/description"),
        ({"tools": [function(strict="yes")]}, "/tools/0/function/strict"),
        ({"tools": [function(parameters={"type": "string"})]}, "/tools/0/function/parameters"),
        ({"tools": [function(parameters=True)]}, "/tools/0/function/parameters"),
        (
            {"tools": [function(parameters={"type": "object", "properties": {"a": {"type": "strin"}}})]},
            "/tools/0/function/parameters/properties/a/type",
        ),
        (
            {
                "tools": [
                    function(
                        parameters={
                            "$schema": "http://json-schema.org/draft-07/schema#",
                            "type": "object",
                            "$ref": "#/definitions/a",
                            "definitions": {"a": {}},
                        }
                    )
                ]
            },
            "/tools/0/function/parameters",
        ),
    ],
)
def test_a_declaration_that_is_wrong_says_where(source: Any, pointer: str) -> None:
    with pytest.raises(ContractError) as caught:
        compile_tools(json.dumps(source), compile_schema=compile_schema)
    assert caught.value.pointer == pointer
    assert caught.value.status == 400


def test_parameters_that_nothing_satisfies_are_refused_with_422() -> None:
    parameters = {"type": "object", "required": ["a"], "properties": {"a": False}}
    with pytest.raises(ContractError) as caught:
        tools(function(parameters=parameters))
    assert caught.value.status == 422


def test_all_tools_together_have_the_limits_of_one_schema() -> None:
    wide = {"type": "object", "examples": [0] * 200}
    deep: dict[str, Any] = {
        "type": "object",
        "$defs": {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(14)} | {"d14": {}},
        "properties": {"a": {"$ref": "#/$defs/d0"}},
    }
    for parameters, most, code in ((wide, 60, "limit.schema_nodes"), (deep, 8, "limit.schema_expansion")):
        many = [function(name=f"f{n}", parameters=parameters) for n in range(most)]
        tools(*many[:2])
        with pytest.raises(ContractError) as caught:
            tools(*many)
        assert caught.value.code == code
        assert caught.value.status == 422


def test_129_tools_are_one_too_many() -> None:
    many = [function(name=f"f{number}") for number in range(129)]
    assert tools(*many[:128]).validate('<tool_call>{"name": "f127", "arguments": {}}</tool_call>') == ()
    with pytest.raises(ContractError, match="128"):
        tools(*many)


def test_the_digest_tells_declarations_apart_and_the_semantic_one_what_they_mean() -> None:
    described = json.loads(json.dumps(WEATHER))
    described["function"]["description"] = "The weather."
    one, other = tools(WEATHER, TIME), tools(TIME, described)
    assert one.digest != other.digest
    assert one.semantic_digest == other.semantic_digest
    assert one.semantic_digest != tools(WEATHER, TIME, tool_choice="required").semantic_digest
    assert one.digest != tools(WEATHER, TIME, plain=json_object()).digest


def test_the_worst_case_of_a_bounded_call() -> None:
    parameters = {
        "type": "object",
        "properties": {"a": {"enum": ["xxxx", "y"]}},
        "required": ["a"],
        "additionalProperties": False,
    }
    contract = tools(function(parameters=parameters), tool_choice=named("f"))
    longest = '<tool_call>{"name":"f","arguments":{"a":"xxxx"}}</tool_call>'
    assert contract.worst_case_bytes is not None
    assert len(longest) <= contract.worst_case_bytes < len(longest) + 4
    assert tools(function(parameters=parameters)).worst_case_bytes is None, "text has no bound"


def test_each_keyword_of_the_parameters_is_in_the_report() -> None:
    unique = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}
    lowering = tools(WEATHER, function(parameters=unique)).lower()
    by = {entry.pointer: str(entry.enforced_by) for entry in lowering.coverage}
    assert by[""] == "engine"
    assert by["/tools/0/function/parameters/properties/city/maxLength"] == "engine"
    assert by["/tools/1/function/parameters/properties/a/uniqueItems"] == "sidecar-early"
    assert lowering.guarantee == "partial"
    assert tools().lower().guarantee == "full"
    assert tools().timing("/tools/0/function/parameters/properties/city/maxLength") is Timing.BYTE


@pytest.mark.parametrize("engine", ["tensorrt-llm-xgrammar", "an engine of tomorrow"])
def test_an_engine_that_reads_no_lark_is_told_nothing(engine: str) -> None:
    lowering = tools().lower(engine)
    assert lowering.guide_type == ""
    assert lowering.guarantee == "none"
    assert {str(entry.enforced_by) for entry in lowering.coverage} == {"sidecar-early"}


def accepted(contract: ToolCalls, text: str) -> bool:
    """Whether an engine that obeys the guide can write this."""
    matcher = recogniser.of_grammar(contract.lower().guide)
    data = list(text.encode())
    return int(matcher.try_consume_tokens(data)) == len(data) and bool(matcher.is_accepting())


@pytest.mark.parametrize(
    ("members", "can", "cannot"),
    [
        ({}, ["Hello", "<b, <tool", BERN, f"So.{BERN}\n{NOW}"], [BERN + "x", "<tool_call>", "<tool_call>b", BERN[:-1]]),
        ({"parallel_tool_calls": False}, [BERN], [f"{BERN}\n{NOW}"]),
        ({"tool_choice": "required"}, [BERN, f"{NOW}\n{NOW}"], ["Hello", f" {NOW}"]),
        ({"tool_choice": named("time")}, [NOW], [BERN, f"{NOW}\n{NOW}"]),
    ],
)  # fmt: skip
def test_the_engine_can_write_what_is_valid_in_one_form_and_nothing_else(
    members: dict[str, Any], can: list[str], cannot: list[str]
) -> None:
    contract = tools(**members)
    for text in can:
        assert accepted(contract, text), text
        assert contract.validate(text) == ()
    for text in [*cannot, BERN.replace("3", "0"), BERN.replace('"city"', '"town"')]:
        assert not accepted(contract, text), text


def test_the_engine_is_told_of_json_instead_of_calls() -> None:
    contract = tools(plain=compile('{"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}'))
    assert accepted(contract, '{"a": 1}')
    assert accepted(contract, BERN)
    assert not accepted(contract, "Hello")
    assert not accepted(contract, '{"a": 2}')


def test_parameters_that_are_too_much_for_the_engine_leave_it_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    many = {"type": "object", "properties": {f"p{n}": {"type": "integer"} for n in range(50)}}
    one = compile(json.dumps(many)).lower()
    contract = tools(*(function(name=f"f{n}", parameters=many) for n in range(8)), tool_choice="required")
    # Each schema is one that the engine takes, all of them together are not.
    monkeypatch.setattr(recogniser, "_LIMITS", llguidance.LLParserLimits(initial_lexer_fuel=10_000))
    assert one.guarantee == "partial"
    lowering = contract.lower()
    assert lowering.guide_type == "ebnf_grammar"
    assert lowering.guarantee == "partial"
    by = {entry.pointer: str(entry.enforced_by) for entry in lowering.coverage}
    assert by[""] == "engine"
    assert by["/tools/7/function/parameters/properties/p0/type"] == "sidecar-early"
    assert accepted(contract, '<tool_call>\n{"name": "f7", "arguments": {"p1": "x"}}\n</tool_call>')
    assert not accepted(contract, '<tool_call>\n{"name": "f7", "arguments": 1}\n</tool_call>')
    assert not accepted(contract, "Hello")


def answers() -> st.SearchStrategy[str]:
    """Answers near to the form: calls with a part changed, text around."""

    def changed(call: str, seed: int) -> str:
        rng = random.Random(seed)
        at = rng.randrange(len(call))
        return call[:at] + rng.choice(["", "x", '"', "}", " ", "1"]) + call[at + rng.choice([0, 1]) :]

    call = st.sampled_from([BERN, NOW]) | st.builds(changed, st.sampled_from([BERN, NOW]), st.integers(0, 1000))
    return st.lists(call | st.sampled_from(["Hello ", "\n", "ü", "<tool"]), max_size=4).map("".join)


@given(answers(), st.lists(st.integers(0, 500), max_size=5), st.sampled_from(["auto", "required", named("time")]))
def test_the_verdict_does_not_depend_on_the_pieces(text: str, cuts: list[int], choice: Any) -> None:
    contract = tools(tool_choice=choice)
    data = text.encode()
    whole, pieces = contract.validator(), contract.validator()
    whole.feed(data)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    states = [pieces.feed(data[begin:end]).state for begin, end in itertools.pairwise(edges)]
    assert whole.finish() == pieces.finish()
    if State.DEAD in states:
        assert whole.finish().state is State.INVALID
    if states[-1] is State.COMPLETE:
        assert whole.finish().state is State.VALID
    if accepted(contract, text):
        assert whole.finish().state is State.VALID


@given(st.integers(0, len(BERN)), st.binary(max_size=40), st.sampled_from(["auto", "required", "none"]))
def test_no_bytes_make_it_fail(begun: int, garbage: bytes, choice: str) -> None:
    contract = tools(tool_choice=choice)
    validator = contract.validator(subtrees=True)
    data = BERN[:begun].encode() + garbage
    for at in range(len(data)):
        validator.feed(data[at : at + 1])
        validator.partial()
    verdict = validator.finish()
    assert (verdict.state is State.VALID) == (contract.validate(data) == ())
    assert all(0 <= error.offset <= len(data) for error in verdict.errors)
