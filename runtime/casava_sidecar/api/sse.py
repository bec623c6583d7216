"""Server-sent events of one streamed answer, as bytes.

A token costs one JSON string and two joins: everything else in its frame is the same in each and made once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from casava_sidecar.api.calls import Calls
from casava_sidecar.api.responses import Head, Usage, chunk_body
from casava_sidecar.errors import ApiError
from casava_wire.http import STREAM_MEMBER

DONE: Final = b"data: [DONE]\n\n"

_MARK: Final = "\x00"  # never in a model's name or an id, so the frame splits at it in one place


class Frames:
    """Makes the frames of one answer: ``start`` once, ``text`` for each piece, then ``finish``."""

    def __init__(self, head: Head, *, include_usage: bool, calls: Calls | None = None) -> None:
        """``calls`` finds those of tools in the text."""
        self._head = head
        self._include_usage = include_usage
        self._calls = calls
        frame = self._chunk({"delta": {"content": _MARK}} if head.chat else {"text": _MARK}, None)
        self._before, self._after = frame.split(orjson.dumps(_MARK))

    def start(self) -> bytes:
        """What comes before the first text: a chat says the role first, a completion says nothing."""
        if not self._head.chat:
            return b""
        # An answer that calls tools has no text, which is not the same as an empty one.
        return self._chunk({"delta": {"role": "assistant", "content": "" if self._calls is None else None}}, None)

    def text(self, text: str) -> bytes:
        """It may be nothing yet, where a call of a tool could have begun."""
        if self._calls is None:
            return self._before + orjson.dumps(text) + self._after
        return self._deltas(self._calls.feed(text))

    def refusal(self, text: str) -> bytes:
        """Why the model refuses, in place of text."""
        return self._chunk({"delta": {"refusal": text}} if self._head.chat else {"text": text}, None)

    def finish(self, finish_reason: str, usage: Usage, verdict: Mapping[str, Any] | None) -> bytes:
        """The chunk with ``finish_reason`` (and the verdict), the usage if it was asked for, and the end."""
        extra = {} if verdict is None else {STREAM_MEMBER: dict(verdict)}
        frames = b""
        if self._calls is not None:
            frames = self._deltas(self._calls.finish(finish_reason))
            finish_reason = self._calls.reason(finish_reason)
        frames += self._chunk({"delta": {}} if self._head.chat else {"text": ""}, finish_reason, extra)
        if self._include_usage:
            frames += _frame(chunk_body(self._head, None, usage=usage, with_usage=True, extra={}))
        return frames + DONE

    def _deltas(self, deltas: Sequence[Mapping[str, Any]]) -> bytes:
        return b"".join(self._chunk({"delta": delta}, None) for delta in deltas)

    def _chunk(
        self, answer: Mapping[str, Any], finish_reason: str | None, extra: Mapping[str, Any] | None = None
    ) -> bytes:
        choice = {"index": 0, **answer, "logprobs": None, "finish_reason": finish_reason}
        return _frame(chunk_body(self._head, choice, usage=None, with_usage=self._include_usage, extra=extra or {}))


def error_frame(error: ApiError) -> bytes:
    """The last frame of a stream that failed: clients of OpenAI's API raise it. No ``[DONE]`` follows."""
    return _frame(error.body())


def completed_frames(pointers: Sequence[str]) -> bytes:
    """One frame for each subtree that is complete. No chunk of OpenAI's API: only who asks for events gets them."""
    return b"".join(_frame({"pointer": pointer, "state": "complete"}) for pointer in pointers)


def _frame(body: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"
