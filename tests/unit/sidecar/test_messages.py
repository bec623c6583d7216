"""Conversations with tools, as OpenAI's clients send them."""

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletionMessage, ParsedChatCompletionMessage

from casava_sidecar.api.messages import parse_messages
from casava_sidecar.errors import ApiError

CALL: dict[str, Any] = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Bern", "id": 12345678901234567890123}'},
}
ASKED: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT: dict[str, Any] = {"role": "tool", "tool_call_id": "call_1", "content": "22 degrees"}


def refused(*messages: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        parse_messages(list(messages))
    assert caught.value.status == 400
    return caught.value


def test_calls_and_their_results_become_what_templates_take() -> None:
    call, result = parse_messages([ASKED, RESULT])
    assert call["content"] == ""
    assert call["tool_calls"][0]["function"] == {
        "name": "weather",
        "arguments": {"city": "Bern", "id": 12345678901234567890123},
    }
    assert result == {"role": "tool", "content": "22 degrees", "tool_call_id": "call_1", "name": "weather"}


def test_a_message_of_openais_client_comes_back_as_it_was_given() -> None:
    members = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL], "annotations": []}
    message = ChatCompletionMessage.model_validate(members).model_dump()
    assert message["function_call"] is None
    assert parse_messages([message, RESULT])[0]["tool_calls"]
    parsed = ParsedChatCompletionMessage[Any].model_validate(
        {**members, "tool_calls": [{**CALL, "function": {**CALL["function"], "parsed_arguments": {"city": "Bern"}}}]}
    )
    assert parse_messages([{**parsed.model_dump(), "parsed": {"a": 1}}, RESULT])[0]["tool_calls"]


def test_a_call_gathered_from_a_stream_has_an_index_too() -> None:
    assert parse_messages([{**ASKED, "tool_calls": [{**CALL, "index": 0}]}, RESULT])


def test_no_arguments_may_be_an_empty_text() -> None:
    call = {**CALL, "function": {"name": "weather", "arguments": ""}}
    assert parse_messages([{**ASKED, "tool_calls": [call]}])[0]["tool_calls"][0]["function"]["arguments"] == {}


def test_a_refusal_is_what_the_assistant_said() -> None:
    said = ({"role": "assistant", "content": "I will not."},)
    assert parse_messages([{"role": "assistant", "content": None, "refusal": "I will not."}]) == said
    parts = [{"type": "refusal", "refusal": "I will not."}]
    assert parse_messages([{"role": "assistant", "content": parts}]) == said


def test_one_result_may_follow_another_and_text_may_stand_beside_a_call() -> None:
    second = {**CALL, "id": "call_2"}
    messages = [
        {**ASKED, "content": "Let me see.", "tool_calls": [CALL, second]},
        RESULT,
        {**RESULT, "tool_call_id": "call_2", "content": [{"type": "text", "text": "23"}]},
    ]
    assert [message["content"] for message in parse_messages(messages)] == ["Let me see.", "22 degrees", "23"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"id": ""}, "id"),
        ({"id": None}, "id"),
        ({"type": "custom"}, "type"),
        ({"kind": 1}, "kind"),
        ({"function": None}, "function"),
        ({"function": {"name": "a b", "arguments": "{}"}}, "function.name"),
        ({"function": {"name": "f"}}, "function.arguments"),
        ({"function": {"name": "f", "arguments": {"a": 1}}}, "function.arguments"),
        ({"function": {"name": "f", "arguments": "[]"}}, "function.arguments"),
        ({"function": {"name": "f", "arguments": '{"a": NaN}'}}, "function.arguments"),
        ({"function": {"name": "f", "arguments": '{"a": '}}, "function.arguments"),
        ({"function": {"name": "f", "arguments": "[" * 100_000}}, "function.arguments"),
        ({"function": {"name": "f", "arguments": "{}", "strict": True}}, "function.strict"),
    ],
)
def test_a_call_that_is_wrong_says_where(change: dict[str, Any], param: str) -> None:
    error = refused({**ASKED, "tool_calls": [CALL | change]})
    assert error.param == f"messages[0].tool_calls[0].{param}"


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"role": "assistant"}], "messages[0].content"),
        ([{"role": "assistant", "content": None, "tool_calls": []}], "messages[0].content"),
        ([RESULT], "messages[0].tool_call_id"),
        ([ASKED, {**RESULT, "tool_call_id": "call_9"}], "messages[1].tool_call_id"),
        ([ASKED, {"role": "tool", "tool_call_id": "call_1"}], "messages[1].content"),
        ([{"role": "function", "name": "f", "content": "x"}], "messages[0].role"),
        ([{"role": "assistant", "content": "x", "function_call": {"name": "f"}}], "messages[0].function_call"),
        ([{"role": "user", "content": "x", "tool_calls": [CALL]}], "messages[0].tool_calls"),
        ([{"role": "user", "content": [{"type": "refusal", "refusal": "x"}]}], "messages[0].content[0].type"),
        ([{"role": ["user"], "content": "x"}], "messages[0].role"),
    ],
)
def test_a_message_that_is_wrong_says_where(messages: list[dict[str, Any]], param: str) -> None:
    assert refused(*messages).param == param


def test_what_a_message_holds_is_in_no_error() -> None:
    secret = json.dumps({"a": "xylophone"})[:-1]
    error = refused({**ASKED, "tool_calls": [{**CALL, "function": {"name": "f", "arguments": secret}}]})
    assert "xylophone" not in error.message


def test_parts_and_calls_are_counted_over_all_messages() -> None:
    parts = [{"type": "text", "text": "x"}]
    assert (
        len(parse_messages([{"role": "user", "content": parts * 2048}, {"role": "user", "content": parts * 2048}])) == 2
    )
    calls = [{**CALL, "id": f"call_{number}"} for number in range(48)]
    error = refused({"role": "user", "content": parts * 4050}, {**ASKED, "tool_calls": calls})
    assert error.param == "messages"
    assert "4098 parts and tool calls; at most 4096" in error.message
