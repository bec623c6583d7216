import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_sidecar.api.requests import parse_chat, parse_completion
from casava_sidecar.api.response_format import Inline, JsonObject, NamedContract, Text
from casava_sidecar.errors import ApiError

HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "model",
        "messages",
        "stop",
        "seed",
        "stream",
        "stream_options",
        "response_format",
        "temperature",
        "n",
        "casava",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
    ]
)


def chat(**change: Any) -> Any:
    return parse_chat(json.dumps(HELLO | change).encode())


def test_the_least_request_leaves_every_choice_to_the_engine() -> None:
    ask = chat()
    assert ask.prompt == ({"role": "user", "content": "hi"},)
    assert ask.sampling.max_tokens is None
    assert ask.sampling.temperature is None
    assert (ask.stream, ask.include_usage) == (False, False)
    assert ask.response_format == Text()


def test_every_sampling_parameter_arrives() -> None:
    ask = chat(
        max_completion_tokens=5,
        temperature=0,
        top_p=0.5,
        top_k=3,
        frequency_penalty=1,
        presence_penalty=-1,
        seed=7,
        stop="x",
    )
    sampling = ask.sampling
    assert (sampling.max_tokens, sampling.temperature, sampling.top_p, sampling.top_k) == (5, 0, 0.5, 3)
    assert (sampling.frequency_penalty, sampling.presence_penalty) == (1, -1)
    assert (sampling.seed, sampling.stop) == (7, ("x",))


def test_a_negative_seed_is_another_one_and_not_an_error() -> None:
    assert chat(seed=-1).sampling.seed == 2**64 - 1


def test_a_developer_message_is_a_system_message_to_the_template() -> None:
    ask = chat(messages=[{"role": "developer", "content": "be brief"}])
    assert ask.prompt[0] == {"role": "system", "content": "be brief"}


def test_text_parts_are_lines_of_one_text() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert chat(messages=[{"role": "user", "content": parts}]).prompt[0]["content"] == "a\nb"


def test_an_assistants_message_comes_back_as_clients_send_it() -> None:
    message = {
        "role": "assistant",
        "content": "x",
        "refusal": None,
        "annotations": None,
        "audio": None,
        "function_call": None,
        "tool_calls": None,
    }
    assert chat(messages=[message]).prompt == ({"role": "assistant", "content": "x"},)


def test_response_formats_are_told_apart() -> None:
    assert chat(response_format={"type": "text"}).response_format == Text()
    assert chat(response_format={"type": "json_object"}).response_format == JsonObject()
    assert chat(response_format={"type": "contract", "name": "c"}).response_format == NamedContract("c")


def test_an_inline_schema_keeps_key_order_and_large_numbers() -> None:
    schema = {"z": 12345678901234567890123, "a": {"y": 0.1, "x": "ü"}}
    asked = chat(response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": schema}})
    text = json.dumps(schema, ensure_ascii=False)
    assert asked.response_format == Inline("json_schema", "s", text, "response_format.json_schema.schema")


def test_kinds_of_casavas_own_carry_their_text() -> None:
    def asked(**members: Any) -> Any:
        return chat(response_format=members).response_format

    assert asked(type="regex", regex="[a-z]+") == Inline("regex", "regex", "[a-z]+", "response_format.regex")
    choice = Inline("choice", "choice", '["a","ü"]', "response_format.choice")
    assert asked(type="choice", choice=["a", "ü"]) == choice
    for syntax in ("lark", "gbnf"):
        made = asked(type="grammar", grammar={"syntax": syntax, "definition": "start: X"})
        assert made == Inline(syntax, "grammar", "start: X", "response_format.grammar.definition")


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"type": "regex"}, "response_format.regex"),
        ({"type": "regex", "regex": ""}, "response_format.regex"),
        ({"type": "regex", "pattern": "a", "regex": "a"}, "response_format.pattern"),
        ({"type": "choice", "choice": []}, "response_format.choice"),
        ({"type": "choice", "choice": [1]}, "response_format.choice[0]"),
        ({"type": "grammar", "grammar": "start: X"}, "response_format.grammar"),
        ({"type": "grammar", "grammar": {"syntax": "ebnf", "definition": "x"}}, "response_format.grammar.syntax"),
        ({"type": "grammar", "grammar": {"syntax": "lark"}}, "response_format.grammar.definition"),
    ],
)
def test_a_kind_that_is_wrong_says_where(members: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        chat(response_format=members)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_a_kind_over_the_limit_is_refused_with_422() -> None:
    for members in (
        {"type": "regex", "regex": "x" * (256 * 1024 + 1)},
        {"type": "choice", "choice": ["x" * (256 * 1024)]},
        {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x" * (256 * 1024 + 1)}},
    ):
        with pytest.raises(ApiError, match="262144") as caught:
            chat(response_format=members)
        assert caught.value.status == 422


def test_what_is_said_of_tools_is_kept_as_it_was_written() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"z": 12345678901234567890123, "a": "ü"}}}]
    asked = chat(tools=tools, tool_choice="required", parallel_tool_calls=False).tools
    assert json.loads(asked.text) == {"tools": tools, "tool_choice": "required", "parallel_tool_calls": False}
    assert "12345678901234567890123" in asked.text
    assert json.loads(chat(tools=tools).tools.text) == {"tools": tools}


def test_without_tools_nothing_can_be_said_of_them() -> None:
    assert chat(tools=[], tool_choice="none", parallel_tool_calls=True).tools is None
    assert chat(tools=None, tool_choice="auto").tools is None
    with pytest.raises(ApiError) as caught:
        chat(tool_choice="required")
    assert caught.value.param == "tool_choice"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("tools", {}),
        ("tools", ["f"]),
        ("tool_choice", 1),
        ("parallel_tool_calls", "no"),
        ("functions", [{"name": "f"}]),
    ],
)
def test_what_is_no_declaration_of_tools_is_named(member: str, value: Any) -> None:
    with pytest.raises(ApiError) as caught:
        chat(**{member: value})
    assert caught.value.status == 400
    assert str(caught.value.param).startswith(member)


def test_tools_over_the_limit_are_refused_with_422() -> None:
    tools = [{"type": "function", "function": {"name": "f", "description": "x" * (256 * 1024)}}]
    with pytest.raises(ApiError, match="262144") as caught:
        chat(tools=tools)
    assert (caught.value.status, caught.value.param) == (422, "tools")


def test_the_casava_member_is_parsed_for_both_endpoints() -> None:
    assert chat(casava={"release": "complete"}).wishes.release == "complete"
    asked = parse_completion(b'{"model": "m", "prompt": "a", "casava": {"events": true}}')
    assert asked.wishes is not None
    assert asked.wishes.events


def test_a_schema_over_the_limit_is_refused_with_its_size() -> None:
    schema = {"description": "x" * (256 * 1024)}
    with pytest.raises(ApiError, match="262144") as caught:
        chat(response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": schema}})
    assert caught.value.status == 422


def test_a_completion_takes_one_prompt() -> None:
    assert parse_completion(b'{"model": "m", "prompt": ["a"]}').prompt == "a"
    with pytest.raises(ApiError) as caught:
        parse_completion(b'{"model": "m", "prompt": ""}')
    assert caught.value.param == "prompt"


@pytest.mark.parametrize("name", ["n", "best_of"])
def test_a_neutral_value_of_another_type_is_not_neutral(name: str) -> None:
    body = {"model": "m", "prompt": "a", name: True}
    with pytest.raises(ApiError) as caught:
        parse_completion(json.dumps(body).encode())
    assert caught.value.param == name


@given(st.dictionaries(NAMES | st.text(), JSON, max_size=5))
def test_any_json_object_is_parsed_or_refused_with_400_or_422(change: dict[str, Any]) -> None:
    body = json.dumps(HELLO | {"prompt": "x"} | change).encode("utf-8", "replace")
    for parse in (parse_chat, parse_completion):
        refused = None
        try:
            parse(body)
        except ApiError as error:
            refused = error
        assert refused is None or (refused.status in (400, 422) and refused.message)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    with pytest.raises(ApiError):
        parse_chat(body)


@given(st.text(min_size=5).filter(lambda text: text not in HELLO))
def test_a_value_of_the_request_is_never_in_the_error(secret: str) -> None:
    with pytest.raises(ApiError) as caught:
        chat(temperature=secret + "|||")
    assert secret + "|||" not in caught.value.message
