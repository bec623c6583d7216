"""Requests that no client should send: each gets an error in OpenAI's shape that names what is wrong."""

import json
import socket
from typing import Any

import openai
import pytest

from tests.component.engine_process import EngineProcess
from tests.component.sidecar import raw
from tests.component.sidecar.sidecar_process import SidecarProcess
from tests.component.sidecar.triton_counts import generations

CHAT = "/v1/chat/completions"
HELLO: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"casava": {"release": "eager"}}, "casava"),
        ({"casava": {"mode": "lax"}}, "casava.mode"),
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"user": "me"}, "user"),
        ({"tempreature": 1}, "tempreature"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_completion_tokens": 2}, "max_completion_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"include_usages": True}}, "stream_options.include_usages"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": {"type": "contract", "name": "a", "version": 2}}, "response_format.version"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [{"role": "user", "content": "x"}] * 2049}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "function", "content": "x", "name": "f"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "x", "name": "me"}]}, "messages[0].name"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages[0].content[0].type",
        ),
    ],
)
def test_a_parameter_that_is_wrong_unknown_or_not_supported_is_named(
    sidecar: SidecarProcess, change: dict[str, Any], param: str
) -> None:
    answer = raw.post(sidecar.port, CHAT, HELLO | change)
    assert answer.status == 400
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert error["code"]
    assert set(error) == {"message", "type", "param", "code"}


def test_values_that_change_nothing_are_accepted(sidecar: SidecarProcess) -> None:
    neutral: dict[str, Any] = {
        "n": 1,
        "logprobs": False,
        "tools": None,
        "tool_choice": "none",
        "logit_bias": {},
        "store": False,
    }
    assert raw.post(sidecar.port, CHAT, HELLO | neutral).status == 200


def test_another_model_is_not_found(sidecar: SidecarProcess) -> None:
    answer = raw.post(sidecar.port, CHAT, HELLO | {"model": "gpt-5"})
    assert answer.status == 404
    assert answer.json()["error"]["code"] == "model_not_found"
    assert answer.json()["error"]["param"] == "model"


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"null", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(sidecar: SidecarProcess, body: bytes) -> None:
    answer = raw.send(sidecar.port, raw.request("POST", CHAT, body, f"Content-Length: {len(body)}"))
    assert answer.status == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_body_of_100_megabytes_is_refused_before_it_is_read(sidecar: SidecarProcess) -> None:
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=30) as connection:
        connection.sendall(raw.request("POST", CHAT, b"{", "Content-Length: 100000000"))
        answer = raw.receive(connection)
    assert answer.status == 413
    assert answer.json()["error"]["code"] == "request_too_large"


def test_a_body_that_grows_chunk_by_chunk_is_refused_too(sidecar: SidecarProcess) -> None:
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=30) as connection:
        connection.sendall(raw.request("POST", CHAT, b"", "Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for _ in range(65):  # one more than fits
            connection.sendall(chunk)
        answer = raw.receive(connection)
    assert answer.status == 413


def test_a_compressed_body_is_refused(sidecar: SidecarProcess) -> None:
    answer = raw.send(sidecar.port, raw.request("POST", CHAT, b"\x1f\x8b", "Content-Encoding: gzip"))
    assert answer.status == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", CHAT, 405), ("GET", "/", 404), ("POST", "/v1/embeddings", 404), ("GET", "/metrics", 404)],
)
def test_a_path_or_method_that_does_not_exist_says_so(
    sidecar: SidecarProcess, method: str, path: str, status: int
) -> None:
    answer = raw.send(sidecar.port, raw.request(method, path))
    assert answer.status == status
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "data",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: x\r\n" % n for n in range(200)) + b"\r\n",
    ],
)
def test_broken_http_gets_400_and_does_not_disturb_others(sidecar: SidecarProcess, data: bytes) -> None:
    assert raw.send(sidecar.port, data).status == 400
    assert raw.post(sidecar.port, CHAT, HELLO).status == 200


def test_a_prompt_that_does_not_fit_says_the_numbers(
    engine: EngineProcess, sidecar: SidecarProcess, client: openai.OpenAI
) -> None:
    with pytest.raises(openai.BadRequestError, match="4096") as caught:
        client.chat.completions.create(model="demo", messages=[{"role": "user", "content": "many words " * 5000}])
    assert caught.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError):
        client.completions.create(model="demo", prompt="x " * 5000, stream=True)
    assert generations(engine) > 0
    assert sidecar.ready()


def test_messages_that_the_template_cannot_take_do_not_reach_the_engine(sidecar: SidecarProcess) -> None:
    answer = raw.post(sidecar.port, "/v1/completions", {"model": "demo", "prompt": ["a", "b"]})
    assert answer.status == 400
    assert answer.json()["error"]["param"].startswith("prompt")
    assert json.loads(answer.body)["error"]["message"]
