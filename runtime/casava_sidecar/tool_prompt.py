"""How a conversation with tools becomes a prompt: by the model's own template where it knows tools, else in words.

Both ask the model for the one form of calls that its answers are read in. Pure.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from casava_contract.source import jsontext
from casava_contract.tools import ToolCalls
from casava_contract.tools.syntax import END, MARK
from casava_sidecar.chat_template import ChatTemplate, Message

_MARK: Final = MARK.decode()
_END: Final = END.decode()

_INTRODUCTION: Final = """You may call functions to help with the user's request. They are, as JSON, one a line:
<tools>
{tools}
</tools>

{how}
{mark}
{{"name": "<name of the function>", "arguments": <its arguments, a JSON object>}}
{end}"""
_MAY: Final = "To call a function, answer with its name and arguments as JSON between these tags{several}:"
_MUST: Final = "Answer with a call of {what}, its name and arguments as JSON between these tags{several}:"
_SEVERAL: Final = ", once for each call"


def render(template: ChatTemplate, messages: Sequence[Message], tools: ToolCalls | None) -> str:
    """The prompt. ``tools``: what may be called in the answer. Raises RefusedByTemplateError."""
    callable_now = tools is not None and tools.form is not None
    if template.knows_tools:
        return template.render(messages, list(declared(tools)) if tools is not None and callable_now else None)
    written = list(_in_words(messages))
    if tools is not None and callable_now:
        written = _introduced(template, written, _introduction(tools))
    return template.render(written)


def declared(tools: ToolCalls) -> Iterator[Mapping[str, Any]]:
    """The tools that may be called, as templates take them: of plain values alone."""
    for tool in tools.declared.allowed:
        parameters = json.loads(jsontext.dump(tool.parameters))
        function = {"name": tool.name, "description": tool.description, "parameters": parameters}
        yield {"type": "function", "function": function}


def _introduction(tools: ToolCalls) -> str:
    asked = tools.declared
    several = _SEVERAL if asked.parallel else ""
    if asked.choice == "auto":
        how = _MAY.format(several=several)
    else:
        what = asked.allowed[0].name if len(asked.allowed) == 1 else "one of the functions"
        how = _MUST.format(what=what, several=several)
    lines = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in declared(tools))
    return _INTRODUCTION.format(tools=lines, how=how, mark=_MARK, end=_END)


def _introduced(template: ChatTemplate, messages: list[Message], introduction: str) -> list[Message]:
    """Before all else, in the role that the template shows."""
    role = "system" if template.takes_system else "user"
    first = messages[0]
    if first["role"] == role:
        return [{**first, "content": f"{introduction}\n\n{first['content']}"}, *messages[1:]]
    return [{"role": role, "content": introduction}, *messages]


def _in_words(messages: Sequence[Message]) -> Iterator[Message]:
    """Calls as the assistant's text, their results as one message of the user: templates expect them to take turns."""
    results: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            results.append(f"<tool_response>\n{message['content']}\n</tool_response>")
        elif message["role"] == "user" and results:
            yield {"role": "user", "content": "\n".join([*results, "", message["content"]])}
            results = []
        else:
            yield from _told(results)
            results = []
            yield _spoken(message)
    yield from _told(results)


def _told(results: list[str]) -> Iterator[Message]:
    if results:
        yield {"role": "user", "content": "\n".join(results)}


def _spoken(message: Message) -> Message:
    if "tool_calls" not in message:
        return message
    calls = [
        f"{_MARK}\n{json.dumps(dict(call['function']), ensure_ascii=False)}\n{_END}" for call in message["tool_calls"]
    ]
    said = [message["content"]] if message["content"] else []
    return {"role": "assistant", "content": "\n".join([*said, *calls])}
