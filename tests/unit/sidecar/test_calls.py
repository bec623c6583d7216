"""From text to tool calls in the shape of OpenAI's API, whole and in pieces."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from casava_contract.tools import Form
from casava_sidecar.api.calls import Calls
from casava_sidecar.api.responses import Head, Usage, completion_body
from casava_sidecar.api.sse import Frames

HEAD = Head("chatcmpl-1", "demo", 7, chat=True)
FORM = Form(("weather", "time"))
CALLS = (
    'So, ü: <tool_call>\n{"name": "weather", "arguments": {"city": "Zürich"}}\n</tool_call>\n'
    '<tool_call>\n{"name": "time", "arguments": {}}\n</tool_call>'
)


def body(text: str, finish_reason: str = "stop", form: Form = FORM, **more: Any) -> Any:
    made = completion_body(HEAD, text, finish_reason, Usage(), calls=Calls(form), **more)
    return ChatCompletion.model_validate(made).choices[0]


def stream(text: str, cuts: list[int], finish_reason: str = "stop", form: Form = FORM) -> Any:
    """The message that a client puts together from a stream, and the last ``finish_reason``."""
    frames = Frames(HEAD, include_usage=False, calls=Calls(form))
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    written = frames.start()
    for begin, end in zip(edges, edges[1:], strict=False):  # noqa: RUF007 - empty pieces too
        written += frames.text(text[begin:end])
    written += frames.finish(finish_reason, Usage(), None)
    content, reason = "", None
    calls: list[tuple[str, str]] = []
    lines = written.decode().split("\n\n")[:-2]
    for line in lines:
        choice = ChatCompletionChunk.model_validate_json(line.removeprefix("data: ")).choices[0]
        content += choice.delta.content or ""
        reason = choice.finish_reason
        for call in choice.delta.tool_calls or ():
            assert call.function is not None
            if call.index == len(calls):
                assert call.id
                assert call.type == "function"
                calls.append((str(call.function.name), ""))
            assert call.index == len(calls) - 1
            name, arguments = calls[-1]
            calls[-1] = (name, arguments + (call.function.arguments or ""))
    return content, calls, reason


def test_a_whole_answer_has_its_calls_and_the_text_before_them() -> None:
    choice = body(CALLS)
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "So, ü: "
    calls = choice.message.tool_calls
    assert [(call.function.name, call.function.arguments) for call in calls] == [
        ("weather", '{"city": "Zürich"}'),
        ("time", "{}"),
    ]
    assert len({call.id for call in calls}) == 2


def test_an_answer_that_calls_nothing_is_text() -> None:
    choice = body("Hello <tool")
    assert (choice.message.content, choice.message.tool_calls, choice.finish_reason) == ("Hello <tool", None, "stop")
    assert body("").message.content == ""


def test_content_is_null_where_there_are_calls_alone() -> None:
    assert body(CALLS.partition("<")[1] + CALLS.partition("<")[2]).message.content is None


def test_a_refusal_is_no_call() -> None:
    message = body("x", refusal="No.").message
    assert (message.content, message.refusal, message.tool_calls) == (None, "No.", None)


@given(st.lists(st.integers(0, 500), max_size=8))
def test_a_stream_in_any_pieces_says_what_the_whole_answer_says(cuts: list[int]) -> None:
    choice = body(CALLS)
    calls = [(call.function.name, call.function.arguments) for call in choice.message.tool_calls]
    assert stream(CALLS, cuts) == (choice.message.content, calls, "tool_calls")


def test_an_answer_that_was_cut_is_cut_as_openai_cuts_it() -> None:
    inside = CALLS[: CALLS.index("rich")]
    assert body(inside, "length").finish_reason == "length"
    assert stream(inside, [3, 9], "length") == ("So, ü: ", [("weather", '{"city": "Zü')], "length")
    assert stream(CALLS[: CALLS.index('"weather"')], [], "length") == ("So, ü: ", [], "length")


def test_what_only_looks_like_a_call_is_text_with_all_its_bytes() -> None:
    for text in (CALLS.replace("weather", "nobody"), "<tool_call>", "<tool_call>{}</tool_call>", "</tool_call>"):
        choice = body(text)
        assert choice.message.content == text
        assert choice.message.tool_calls is None
        assert choice.finish_reason == "stop"


def test_arguments_that_are_no_json_are_passed_on_as_they_are() -> None:
    text = '<tool_call>{"name": "time", "arguments": {oops}}</tool_call>'
    (call,) = body(text).message.tool_calls
    assert call.function.arguments == "{oops}"


@given(st.text(alphabet='<tol_ca>/{}"x ü', max_size=40), st.lists(st.integers(0, 50), max_size=4))
def test_text_is_never_lost(text: str, cuts: list[int]) -> None:
    content, calls, _ = stream(text, cuts)
    assert calls == []
    assert content == text


def test_the_first_chunk_of_an_answer_with_tools_has_no_text() -> None:
    first = json.loads(Frames(HEAD, include_usage=False, calls=Calls(FORM)).start().removeprefix(b"data: "))
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": None}
