"""Bodies of answers: pure functions from what the engine gave to JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casava_sidecar.api.calls import Calls, message_of
from casava_wire.http import STREAM_MEMBER


@dataclass(frozen=True, slots=True)
class Head:
    """What every body and every chunk of one answer says of itself. ``created`` is in seconds since 1970."""

    id: str
    model: str
    created: int
    chat: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts of tokens, as the engine counted them."""

    prompt: int = 0
    completion: int = 0

    def body(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
        }


def completion_body(
    head: Head,
    text: str,
    finish_reason: str,
    usage: Usage,
    *,
    refusal: str | None = None,
    member: Mapping[str, Any] | None = None,
    calls: Calls | None = None,
) -> dict[str, Any]:
    """The whole answer of a request that did not ask for a stream.

    A ``refusal`` stands in place of the text. ``member``: what is said of the contract. ``calls`` finds those of tools.
    """
    said: dict[str, Any] = {"content": text if refusal is None else None}
    if calls is not None and refusal is None:
        said = message_of(calls.feed(text) + calls.finish(finish_reason))
        finish_reason = calls.reason(finish_reason)
    answer: dict[str, Any] = {"text": text}
    if head.chat:
        answer = {"message": {"role": "assistant", **said, "refusal": refusal}}
    body = {
        "id": head.id,
        "object": "chat.completion" if head.chat else "text_completion",
        "created": head.created,
        "model": head.model,
        "choices": [{"index": 0, **answer, "logprobs": None, "finish_reason": finish_reason}],
        "usage": usage.body(),
    }
    return body if member is None else {**body, STREAM_MEMBER: dict(member)}


def model_body(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "casava"}


def models_body(name: str, created: int) -> dict[str, Any]:
    return {"object": "list", "data": [model_body(name, created)]}


def chunk_body(
    head: Head, choice: Mapping[str, Any] | None, *, usage: Usage | None, with_usage: bool, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """One chunk of a stream; ``choice`` None makes the chunk with empty ``choices`` that carries ``usage``."""
    body: dict[str, Any] = {
        "id": head.id,
        "object": "chat.completion.chunk" if head.chat else "text_completion",
        "created": head.created,
        "model": head.model,
        "choices": [] if choice is None else [dict(choice)],
        **extra,
    }
    if with_usage:
        body["usage"] = None if usage is None else usage.body()
    return body
