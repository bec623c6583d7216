"""From the text of an answer to the tool calls in it, as OpenAI's clients expect them, while it comes."""

import uuid
from collections.abc import Iterator
from typing import Any, Final

from casava_contract.tools import Arguments, Called, Event, Form, Reader, Text

_STOPPED: Final = "stop"
_CUT: Final = "length"
_CALLED: Final = "tool_calls"

Delta = dict[str, Any]
"""Either ``content`` or ``tool_calls`` with one element."""


class Calls:
    """Reads one answer. What has not the form of a call is text, whatever it looks like.

    No byte is left out but those of the form, and of a call whose arguments had not begun when the answer was cut.
    """

    def __init__(self, form: Form) -> None:
        self._reader = Reader(form)
        self._begun = 0

    def feed(self, text: str) -> list[Delta]:
        """What more of the answer is known; it may be nothing yet."""
        return list(self._deltas(self._reader.feed(text.encode())))

    def finish(self, finish_reason: str) -> list[Delta]:
        """What was held back, for a call could have begun there. ``finish_reason`` is the engine's."""
        held = self._reader.finish(cut=finish_reason == _CUT)
        return [{"content": held.decode()}] if held else []

    def reason(self, finish_reason: str) -> str:
        """The engine's ``finish_reason`` in OpenAI's words."""
        return _CALLED if self._begun and finish_reason == _STOPPED else finish_reason

    def _deltas(self, events: list[Event]) -> Iterator[Delta]:
        for event in events:
            match event:
                case Text(content):
                    yield {"content": content.decode()}
                case Called(name):
                    self._begun += 1
                    function = {"name": name, "arguments": ""}
                    yield self._call(id=f"call_{uuid.uuid4().hex[:24]}", type="function", function=function)
                case Arguments(content):
                    yield self._call(function={"arguments": content.decode()})

    def _call(self, **members: Any) -> Delta:
        return {"tool_calls": [{"index": self._begun - 1, **members}]}


def message_of(deltas: list[Delta]) -> dict[str, Any]:
    """The ``content`` and, where there are any, the ``tool_calls`` of a whole message."""
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    for delta in deltas:
        if "content" in delta:
            texts.append(delta["content"])
            continue
        (new,) = delta["tool_calls"]
        if "id" in new:
            calls.append({"id": new["id"], "type": new["type"], "function": dict(new["function"])})
        else:
            calls[-1]["function"]["arguments"] += new["function"]["arguments"]
    content = "".join(texts)
    return {"content": content or None, "tool_calls": calls} if calls else {"content": content}
