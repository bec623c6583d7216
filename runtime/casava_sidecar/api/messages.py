"""The messages of a conversation, as chat templates take them.

OpenAI's clients send an assistant's message back as they got it, so all of its members are known here.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from casava_sidecar.api import unsupported
from casava_sidecar.api.checking import checked
from casava_sidecar.errors import bad_request

# A body of tiny things takes many times its size in memory.
MAX_MESSAGES: Final = 2048
MAX_PIECES: Final = 4096  # parts and calls in all messages together
MAX_CALLS: Final = 128  # in one message

Message = Mapping[str, Any]
"""``role`` and ``content``, a text; an assistant's may have ``tool_calls``, whose ``arguments`` are an object; a tool's
has ``tool_call_id`` and ``name``, that of the function that was called."""

_STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)
_Identifier = Annotated[str, StringConstraints(min_length=1, max_length=256)]
_Content = str | list[dict[str, Any]]


class _Plain(BaseModel):
    model_config = _STRICT
    role: Literal["system", "developer", "user"]
    content: _Content


class _Assistant(BaseModel):
    model_config = _STRICT
    role: Literal["assistant"]
    content: _Content | None = None
    refusal: str | None = None
    tool_calls: Annotated[list[dict[str, Any]], Field(max_length=MAX_CALLS)] | None = None


class _Tool(BaseModel):
    model_config = _STRICT
    role: Literal["tool"]
    content: _Content
    tool_call_id: _Identifier


class _Function(BaseModel):
    model_config = _STRICT
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    arguments: str


class _Call(BaseModel):
    model_config = _STRICT
    id: _Identifier
    type: Literal["function"]
    function: dict[str, Any]


class _Text(BaseModel):
    model_config = _STRICT
    type: Literal["text"]
    text: str


class _Refusal(BaseModel):
    model_config = _STRICT
    type: Literal["refusal"]
    refusal: str


_ROLES: Final[Mapping[str, type[BaseModel]]] = {"assistant": _Assistant, "tool": _Tool}
_MEMBERS: Final[Mapping[type[BaseModel], frozenset[str]]] = {
    model: frozenset(model.model_fields) for model in (_Plain, _Assistant, _Tool, _Call, _Function)
}


def parse_messages(messages: list[dict[str, Any]]) -> tuple[Message, ...]:
    """Raises ApiError 400 with the path of what is wrong."""
    pieces = sum(map(_pieces, messages))
    if pieces > MAX_PIECES:
        raise bad_request(
            f"Invalid value for 'messages': {pieces} parts and tool calls; at most {MAX_PIECES} in all messages.",
            "messages",
        )
    called: dict[str, str] = {}  # id -> the function's name
    return tuple(_message(members, f"messages[{index}]", called) for index, members in enumerate(messages))


def _pieces(members: dict[str, Any]) -> int:
    lists = (members.get("content"), members.get("tool_calls"))
    return sum(len(one) for one in lists if isinstance(one, list))


def _message(members: dict[str, Any], where: str, called: dict[str, str]) -> Message:
    role = members.get("role")
    if role == "function":
        raise bad_request(
            f"Unsupported value: '{where}.role' is 'function', which OpenAI has replaced: send the role 'tool'.",
            f"{where}.role",
            "unsupported_value",
        )
    model = _ROLES.get(role, _Plain) if isinstance(role, str) else _Plain
    message = checked(model, _known(members, model, unsupported.MESSAGE, where), f"{where}.")
    if isinstance(message, _Assistant):
        return _assistant(message, where, called)
    if isinstance(message, _Tool):
        if message.tool_call_id not in called:
            raise bad_request(
                f"Invalid value for '{where}.tool_call_id': no message of the assistant before it has a call of this "
                "id.",
                f"{where}.tool_call_id",
            )
        return {
            "role": "tool",
            "content": _text(message.content, f"{where}.content"),
            "tool_call_id": message.tool_call_id,
            "name": called[message.tool_call_id],
        }
    if isinstance(message, _Plain):
        # Templates of open models know no "developer": OpenAI's newer name for the same thing.
        said = "system" if message.role == "developer" else message.role
        return {"role": said, "content": _text(message.content, f"{where}.content")}
    raise TypeError(model.__name__)


def _assistant(message: _Assistant, where: str, called: dict[str, str]) -> Message:
    """A refusal is what the assistant said; templates know no other word for it."""
    content = _text(message.content, f"{where}.content", refusals=True) if message.content is not None else ""
    said = content or message.refusal or ""
    if not message.tool_calls:
        if message.content is None and message.refusal is None:
            path = f"{where}.content"
            raise bad_request(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")
        return {"role": "assistant", "content": said}
    calls = [_call(members, f"{where}.tool_calls[{index}]") for index, members in enumerate(message.tool_calls)]
    called.update((call["id"], call["function"]["name"]) for call in calls)
    return {"role": "assistant", "content": said, "tool_calls": calls}


def _call(members: dict[str, Any], where: str) -> dict[str, Any]:
    call = checked(_Call, _known(members, _Call, unsupported.TOOL_CALL, where), f"{where}.")
    where += ".function"
    function = checked(_Function, _known(call.function, _Function, unsupported.CALLED, where), f"{where}.")
    arguments = _arguments(function.arguments, f"{where}.arguments")
    return {"id": call.id, "type": "function", "function": {"name": function.name, "arguments": arguments}}


def _arguments(text: str, where: str) -> dict[str, Any]:
    """Some servers write no arguments as an empty text."""
    try:
        value = json.loads(text or "{}", parse_constant=_refuse)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise bad_request(f"Invalid value for '{where}': it must be the text of a JSON object.", where)
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _text(content: str | list[dict[str, Any]], where: str, *, refusals: bool = False) -> str:
    if isinstance(content, str):
        return content
    lines = []
    for index, part in enumerate(content):
        if refusals and part.get("type") == "refusal":
            lines.append(checked(_Refusal, part, f"{where}[{index}].").refusal)
        else:
            lines.append(checked(_Text, part, f"{where}[{index}].").text)
    return "\n".join(lines)


def _known(
    members: dict[str, Any], model: type[BaseModel], table: Mapping[str, tuple[Any, ...] | None], where: str
) -> dict[str, Any]:
    return unsupported.without_unsupported(members, table, _MEMBERS[model], f"{where}.")
