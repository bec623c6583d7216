import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from casava_sidecar.api.responses import Head, Usage
from casava_sidecar.api.sse import Frames, error_frame
from casava_sidecar.errors import ApiError

CHAT = Head("chatcmpl-1", "demo", 7, chat=True)
COMPLETION = Head("cmpl-1", "demo", 7, chat=False)


def parsed(frames: bytes) -> list[Any]:
    assert frames.endswith(b"\n\n")
    lines = [frame.removeprefix(b"data: ") for frame in frames.split(b"\n\n")[:-1]]
    return [line.decode() if line == b"[DONE]" else json.loads(line) for line in lines]


@given(st.text(min_size=1))
def test_any_text_is_one_frame_and_comes_back_as_it_was(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return  # no engine's UTF-8 decodes to a lone surrogate
    for head in (CHAT, COMPLETION):
        frames = Frames(head, include_usage=False).text(text)
        assert frames.count(b"\n\n") == 1
        (chunk,) = parsed(frames)
        choice = chunk["choices"][0]
        assert (choice["delta"]["content"] if head.chat else choice["text"]) == text
        assert choice["finish_reason"] is None


def test_a_model_whose_name_holds_the_marks_text_does_not_confuse_the_frame() -> None:
    (chunk,) = parsed(Frames(Head("u0000", 'a"u0000', 1, chat=True), include_usage=False).text("x"))
    assert chunk["choices"][0]["delta"] == {"content": "x"}


def test_usage_is_null_in_every_chunk_but_its_own_when_it_was_asked_for() -> None:
    frames = Frames(CHAT, include_usage=True)
    chunks = parsed(frames.start() + frames.text("a") + frames.finish("stop", Usage(3, 1), None))
    assert chunks[-1] == "[DONE]"
    assert [chunk["usage"] for chunk in chunks[:-2]] == [None] * 3
    assert chunks[-2]["choices"] == []
    assert chunks[-2]["usage"] == {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}


def test_usage_is_nowhere_when_it_was_not_asked_for() -> None:
    frames = Frames(CHAT, include_usage=False)
    assert b"usage" not in frames.start() + frames.text("a") + frames.finish("stop", Usage(3, 1), None)


def test_the_verdict_rides_in_the_chunk_with_the_finish_reason() -> None:
    chunks = parsed(Frames(CHAT, include_usage=False).finish("stop", Usage(), {"verdict": "valid", "digest": "d"}))
    assert chunks[0]["choices"][0]["finish_reason"] == "stop"
    assert chunks[0]["casava"] == {"verdict": "valid", "digest": "d"}


def test_an_error_is_one_frame_and_nothing_follows() -> None:
    frames = parsed(error_frame(ApiError(502, "bad", code="contract_violation")))
    assert [frame["error"]["code"] for frame in frames] == ["contract_violation"]
