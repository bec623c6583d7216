"""The wire to llama.cpp's server, in its own words: ``POST /completion`` and the stream that answers it. Pure.

The Python binding's own call blocks a thread per request and hides which stop word was met and how many tokens a
piece of text took; the server's native endpoint, over a Unix socket, tells both, and one thread can read all streams.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from casava_engine.triton_model.request import Generation

MAX_HEADER_BYTES: Final = 64 * 1024
MAX_ERROR_BYTES: Final = 1024 * 1024

_SAMPLERS: Final = ["penalties", "top_k", "top_p", "temperature"]
_FINAL_FIELDS: Final = ["stop", "stop_type", "stopping_word", "tokens_predicted", "tokens_evaluated", "content"]


class ProtocolError(Exception):
    """llama.cpp's server answered what this parser does not know, or ended in the middle."""


def completion(generation: Generation, *, context: int) -> bytes:
    """The whole HTTP request for ``generation``."""
    penalized = bool(generation.frequency_penalty or generation.presence_penalty)
    body: dict[str, Any] = {
        "prompt": generation.prompt,
        "stream": True,
        "return_progress": True,  # a chunk per batch of the prompt: who leaves is noticed before the first token
        "n_predict": -1 if generation.max_tokens is None else generation.max_tokens,
        "temperature": generation.temperature,
        "top_p": generation.top_p,
        "top_k": generation.top_k,
        "min_p": 0.0,
        "repeat_penalty": 1.0,
        "frequency_penalty": generation.frequency_penalty,
        "presence_penalty": generation.presence_penalty,
        "repeat_last_n": context if penalized else 0,
        "samplers": _SAMPLERS,
        "response_fields": _FINAL_FIELDS,
        # A prompt computed in other batches gives slightly other logits. With a seed, the same is computed again.
        "cache_prompt": generation.seed is None,
    }
    if generation.seed is not None:
        body["seed"] = generation.seed
    if generation.stop:
        body["stop"] = generation.stop
    if generation.grammar is not None:
        body["grammar"] = generation.grammar
    return post("/completion", body)


def probe(grammar: str, forbidden_token: int) -> bytes:
    """Ask for one token under ``grammar``, with all weight on a token that no grammar allows.

    If that token comes, the grammar is not in force: llama.cpp goes on without one that llguidance refuses.
    """
    return post(
        "/completion",
        {
            "prompt": "\n",
            "stream": True,
            "n_predict": 1,
            "temperature": 0,
            "samplers": ["temperature"],
            "logit_bias": [[forbidden_token, 1e6]],
            "response_fields": _FINAL_FIELDS,
            "cache_prompt": False,
            "grammar": grammar,
        },
    )


def post(path: str, body: dict[str, Any]) -> bytes:
    """One HTTP request; the connection ends with its answer."""
    payload = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: llama\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


class ResponseParser:
    """Feed it the bytes of one response; it gives the JSON objects in them. Its buffer is bounded."""

    def __init__(self) -> None:
        self.status = 0
        self.ended = False
        self._buffer = b""
        self._chunked = False
        self._length = 0

    def feed(self, data: bytes) -> Iterable[dict[str, Any]]:
        """The objects that are complete now: server-sent events, or the one body of an error."""
        self._buffer += data
        if not self.status and not self._head():
            return []
        return self._events() if self._chunked else self._body()

    def _head(self) -> bool:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise ProtocolError("a header without end")
            return False
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        try:
            self.status = int(lines[0].split(" ")[1])
            self._length = int(fields.get("content-length", "0"))
        except (IndexError, ValueError):
            raise ProtocolError("a header that is not HTTP") from None
        self._chunked = fields.get("transfer-encoding") == "chunked"
        self._buffer = rest
        return True

    def _body(self) -> list[dict[str, Any]]:
        if self._length > MAX_ERROR_BYTES:
            raise ProtocolError("an answer that is too long")
        if self.ended or len(self._buffer) < self._length:
            return []
        self.ended = True
        return [_object(self._buffer[: self._length])]

    def _events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        while not self.ended:
            line, separator, rest = self._buffer.partition(b"\r\n")
            if not separator:
                break
            try:
                size = int(line, 16)
            except ValueError:
                raise ProtocolError("a chunk without a length") from None
            if size > MAX_ERROR_BYTES:
                raise ProtocolError("a chunk that is too long")
            if len(rest) < size + 2:
                break
            self._buffer = rest[size + 2 :]
            self.ended = size == 0
            events.extend(_object(part[6:]) for part in rest[:size].split(b"\n\n") if part.startswith(b"data: "))
        return events


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        raise ProtocolError("a body that is not JSON") from None
    if not isinstance(value, dict):
        raise ProtocolError("a body that is not an object")
    return value
