"""The stream of llama.cpp's server, in chunks of any size, and what is made of it."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_engine.triton_model.llama_http import ProtocolError, ResponseParser, completion, post
from casava_engine.triton_model.request import parse
from casava_engine.triton_model.stream import Progress
from casava_wire import tensors as t
from tests.unit.engine.test_request import PROMPT, text

HEAD = b"HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nTransfer-Encoding: chunked\r\n\r\n"


def token(content: str, made: int) -> dict[str, Any]:
    return {"content": content, "tokens": [made], "stop": False, "tokens_predicted": made, "tokens_evaluated": 5}


def last(kind: str, word: str = "", made: int = 2) -> dict[str, Any]:
    return {
        **token("", made),
        "stop": True,
        "stop_type": kind,
        "stopping_word": word,
    }


def chunk(*events: dict[str, Any]) -> bytes:
    payload = b"".join(b"data: %s\n\n" % json.dumps(event, ensure_ascii=False).encode() for event in events)
    return b"%x\r\n%s\r\n" % (len(payload), payload)


STREAM = [token("Grüße ", 1), token("🌍", 2), last("eos")]
RAW = HEAD + b"".join(chunk(event) for event in STREAM) + b"0\r\n\r\n"


@given(st.lists(st.integers(min_value=0, max_value=len(RAW)), max_size=20))
def test_any_chunking_gives_the_same_events(cuts: list[int]) -> None:
    parser = ResponseParser()
    events: list[dict[str, Any]] = []
    for begin, end in pairwise([0, *sorted(cuts), len(RAW)]):
        events += parser.feed(RAW[begin:end])
    assert events == STREAM
    assert parser.ended


def test_pings_are_no_events() -> None:
    assert list(ResponseParser().feed(HEAD + b"3\r\n:\n\n\r\n" + chunk(STREAM[0]))) == STREAM[:1]


def test_an_error_comes_as_a_body_with_a_length() -> None:
    body = b'{"error":{"type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":8,"message":"xylophone"}}'
    raw = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    parser = ResponseParser()
    assert list(parser.feed(raw[:-1])) == []
    (event,) = parser.feed(raw[-1:])
    progress = Progress(streaming=True)
    progress.take(event)
    assert progress.failure is not None
    assert progress.failure.client_fault
    assert progress.failure.message == (
        f"{t.ERROR_CONTEXT}the prompt has 9 tokens, the context 8 for prompt and answer together"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * 70_000,
        b"SSH-2.0-OpenSSH\r\n\r\n",
        HEAD + b"nonsense\r\n",
        HEAD + b"fffffff\r\n",
        HEAD + b"9\r\ndata: {x}\r\n",
        HEAD + b"9\r\ndata: [1]\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 99999999\r\n\r\n",
    ],
)
def test_what_is_not_the_protocol_is_an_error(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(ResponseParser().feed(raw))


def test_pieces_are_all_of_the_text_that_came_and_the_last_has_the_reason() -> None:
    progress = Progress(streaming=True)
    progress.take(token("a", 1))
    progress.take(token("b", 2))
    piece = progress.piece()
    assert piece is not None
    assert (piece.text, piece.output_tokens, piece.finish_reason) == ("ab", 2, None)
    assert progress.piece() is None
    progress.take(last("word", "END", 3))
    piece = progress.piece()
    assert piece is not None
    assert (piece.text, piece.output_tokens, piece.finish_reason, piece.stop_reason) == ("", 3, "stop", "END")


@pytest.mark.parametrize(("kind", "reason"), [("limit", "length"), ("eos", "stop"), ("word", "stop")])
def test_finish_reasons(kind: str, reason: str) -> None:
    progress = Progress(streaming=False, prefix="prompt ")
    progress.take(token("x", 1))
    assert progress.piece() is None
    progress.take(last(kind))
    piece = progress.piece()
    assert piece is not None
    assert (piece.text, piece.finish_reason) == ("prompt x", reason)


def test_a_request_is_one_http_request_of_the_length_that_it_says() -> None:
    head, _, body = completion(parse({**PROMPT, t.STOP: text("end")}), context=512).partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    sent = json.loads(body)
    assert (sent["prompt"], sent["stop"], sent["n_predict"], sent["cache_prompt"]) == ("xylophone", ["end"], -1, True)
    assert post("/x", {}).startswith(b"POST /x HTTP/1.1\r\n")
