"""Bodies of ``/v1/chat/completions`` and ``/v1/completions``, parsed into what is asked of the engine.

Every member is either obeyed or refused by name (see casava_sidecar.api.unsupported).
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from casava_sidecar.api import unsupported
from casava_sidecar.api.checking import checked, json_object
from casava_sidecar.api.messages import MAX_MESSAGES, Message, parse_messages
from casava_sidecar.api.response_format import TEXT, ResponseFormat, bounded, exact, exact_text, parse_response_format
from casava_sidecar.api.wishes import Wishes, parse_wishes
from casava_sidecar.errors import bad_request

_MAX_STOPS: Final = 4
_INT32: Final = 2**31 - 1
_STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)

Stop = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the engine chooses tokens. None leaves the choice to the engine."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None  # 0 .. 2**64 - 1
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The tools of a request, as the text of an object with ``tools``, ``tool_choice`` and ``parallel_tool_calls``."""

    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for one completion. ``tools`` and ``wishes`` are None where nothing was said of them.

    ``size``: bytes of its body.
    """

    model: str
    prompt: str | tuple[Message, ...]  # text as it is, or messages for the chat template
    sampling: Sampling
    response_format: ResponseFormat
    stream: bool
    include_usage: bool
    tools: ToolUse | None = None
    wishes: Wishes | None = None
    size: int = 0

    @property
    def is_chat(self) -> bool:
        return not isinstance(self.prompt, str)


class _StreamOptions(BaseModel):
    model_config = _STRICT
    include_usage: bool = False


class _Body(BaseModel):
    model_config = _STRICT
    model: str
    max_tokens: Annotated[int, Field(ge=1, le=_INT32)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=1, le=_INT32)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**64)] | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=_MAX_STOPS)] | None = None
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    casava: dict[str, Any] | None = None


class _ChatBody(_Body):
    messages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_MESSAGES)]
    max_completion_tokens: Annotated[int, Field(ge=1, le=_INT32)] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None


class _CompletionBody(_Body):
    prompt: str | Annotated[list[str], Field(min_length=1, max_length=1)]


_CHAT_MEMBERS: Final = frozenset(_ChatBody.model_fields)
_COMPLETION_MEMBERS: Final = frozenset(_CompletionBody.model_fields)
_TOOL_MEMBERS: Final = ("tools", "tool_choice", "parallel_tool_calls")
_STREAM_MEMBERS: Final = frozenset(_StreamOptions.model_fields)


def parse_chat(body: bytes) -> Ask:
    """Raises ApiError 400 with the parameter at fault."""
    members = unsupported.without_unsupported(json_object(body), unsupported.CHAT, _CHAT_MEMBERS)
    asked = checked(_ChatBody, members)
    if asked.max_tokens and asked.max_completion_tokens and asked.max_tokens != asked.max_completion_tokens:
        raise bad_request("'max_tokens' and 'max_completion_tokens' differ: send one of them.", "max_completion_tokens")
    messages = parse_messages(asked.messages)
    return _ask(asked, messages, asked.max_completion_tokens or asked.max_tokens, body, _tools(asked, body))


def parse_completion(body: bytes) -> Ask:
    """Raises ApiError 400 with the parameter at fault."""
    members = unsupported.without_unsupported(json_object(body), unsupported.COMPLETION, _COMPLETION_MEMBERS)
    asked = checked(_CompletionBody, members)
    prompt = asked.prompt if isinstance(asked.prompt, str) else asked.prompt[0]
    if not prompt:
        raise bad_request("'prompt' is empty: send the text to complete.", "prompt")
    return _ask(asked, prompt, asked.max_tokens, body)


def _ask(
    asked: _Body,
    prompt: str | tuple[Message, ...],
    max_tokens: int | None,
    body: bytes,
    tools: ToolUse | None = None,
) -> Ask:
    stop = (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ())
    return Ask(
        model=asked.model,
        prompt=prompt,
        sampling=Sampling(
            max_tokens=max_tokens,
            temperature=asked.temperature,
            top_p=asked.top_p,
            top_k=asked.top_k,
            frequency_penalty=asked.frequency_penalty,
            presence_penalty=asked.presence_penalty,
            seed=None if asked.seed is None else asked.seed % 2**64,
            stop=stop,
        ),
        response_format=TEXT if asked.response_format is None else parse_response_format(asked.response_format, body),
        stream=asked.stream,
        include_usage=_include_usage(asked),
        tools=tools,
        wishes=None if asked.casava is None else parse_wishes(asked.casava),
        size=len(body),
    )


def _tools(asked: _ChatBody, body: bytes) -> ToolUse | None:
    """What is said of tools is read by the compiler of their contract. Without tools nothing can be said of them."""
    if asked.tools:
        bounded(orjson.dumps([asked.tools, asked.tool_choice]).decode(), "tools")
        members = exact(body, "tools")
        said = {name: members[name] for name in _TOOL_MEMBERS if members.get(name) is not None}
        return ToolUse(exact_text(said, "tools"))
    if asked.tool_choice not in (None, "none", "auto"):
        raise bad_request("'tool_choice' needs 'tools'.", "tool_choice")
    return None


def _include_usage(asked: _Body) -> bool:
    if asked.stream_options is None:
        return False
    if not asked.stream:
        raise bad_request("'stream_options' needs 'stream': true.", "stream_options")
    members = unsupported.without_unsupported(
        asked.stream_options, unsupported.STREAM_OPTIONS, _STREAM_MEMBERS, "stream_options."
    )
    return checked(_StreamOptions, members, "stream_options.").include_usage
