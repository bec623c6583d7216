"""Bodies of ``/v1/chat/completions`` and ``/v1/completions``, parsed into what is asked of the engine.

Every member is either obeyed or refused by name (see casava_sidecar.api.unsupported).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from casava_sidecar.api import unsupported
from casava_sidecar.api.response_format import TEXT, ResponseFormat, parse_response_format
from casava_sidecar.errors import ApiError, bad_request

ModelT = TypeVar("ModelT", bound=BaseModel)

MAX_MESSAGES: Final = 2048  # also of parts in one message: a body of tiny ones takes many times its size in memory
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
class Ask:
    """One request for one completion."""

    model: str
    prompt: str | tuple[Mapping[str, str], ...]  # text as it is, or messages for the chat template
    sampling: Sampling
    response_format: ResponseFormat
    stream: bool
    include_usage: bool

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


class _Message(BaseModel):
    model_config = _STRICT
    role: Literal["system", "developer", "user", "assistant"]
    content: str | Annotated[list[dict[str, Any]], Field(max_length=MAX_MESSAGES)]


class _TextPart(BaseModel):
    model_config = _STRICT
    type: Literal["text"]
    text: str


class _ChatBody(_Body):
    messages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_MESSAGES)]
    max_completion_tokens: Annotated[int, Field(ge=1, le=_INT32)] | None = None


class _CompletionBody(_Body):
    prompt: str | Annotated[list[str], Field(min_length=1, max_length=1)]


_CHAT_MEMBERS: Final = frozenset(_ChatBody.model_fields)
_COMPLETION_MEMBERS: Final = frozenset(_CompletionBody.model_fields)
_MESSAGE_MEMBERS: Final = frozenset(_Message.model_fields)
_STREAM_MEMBERS: Final = frozenset(_StreamOptions.model_fields)


def parse_chat(body: bytes) -> Ask:
    """Raises ApiError 400 with the parameter at fault."""
    members = unsupported.without_unsupported(_object(body), unsupported.CHAT, _CHAT_MEMBERS)
    asked = _checked(_ChatBody, members)
    if asked.max_tokens and asked.max_completion_tokens and asked.max_tokens != asked.max_completion_tokens:
        raise bad_request("'max_tokens' and 'max_completion_tokens' differ: send one of them.", "max_completion_tokens")
    messages = tuple(_message(message, f"messages[{index}]") for index, message in enumerate(asked.messages))
    return _ask(asked, messages, asked.max_completion_tokens or asked.max_tokens, body)


def parse_completion(body: bytes) -> Ask:
    """Raises ApiError 400 with the parameter at fault."""
    members = unsupported.without_unsupported(_object(body), unsupported.COMPLETION, _COMPLETION_MEMBERS)
    asked = _checked(_CompletionBody, members)
    prompt = asked.prompt if isinstance(asked.prompt, str) else asked.prompt[0]
    if not prompt:
        raise bad_request("'prompt' is empty: send the text to complete.", "prompt")
    return _ask(asked, prompt, asked.max_tokens, body)


def _ask(asked: _Body, prompt: str | tuple[Mapping[str, str], ...], max_tokens: int | None, body: bytes) -> Ask:
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
    )


def _include_usage(asked: _Body) -> bool:
    if asked.stream_options is None:
        return False
    if not asked.stream:
        raise bad_request("'stream_options' needs 'stream': true.", "stream_options")
    members = unsupported.without_unsupported(
        asked.stream_options, unsupported.STREAM_OPTIONS, _STREAM_MEMBERS, "stream_options."
    )
    return _checked(_StreamOptions, members, "stream_options.").include_usage


def _message(members: dict[str, Any], where: str) -> dict[str, str]:
    if members.get("role") in ("tool", "function"):
        raise bad_request(
            f"Unsupported value: '{where}.role' is '{members['role']}', and tools are not supported yet.",
            f"{where}.role",
            "unsupported_value",
        )
    kept = unsupported.without_unsupported(members, unsupported.MESSAGE, _MESSAGE_MEMBERS, f"{where}.")
    message = _checked(_Message, kept, f"{where}.")
    # Templates of open models know no "developer": OpenAI's newer name for the same thing.
    role = "system" if message.role == "developer" else message.role
    return {"role": role, "content": _text(message.content, f"{where}.content")}


def _text(content: str | list[dict[str, Any]], where: str) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(_checked(_TextPart, part, f"{where}[{index}].").text for index, part in enumerate(content))


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).", None
        ) from None
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object.", None)
    return value


def _checked(model: type[ModelT], members: Mapping[str, Any], where: str = "") -> ModelT:
    try:
        return model.model_validate(members)
    except ValidationError as error:
        raise invalid_member(error, where) from None


def invalid_member(error: ValidationError, where: str = "") -> ApiError:
    """The first thing that is wrong, in OpenAI's words. Holds no value of the request."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = where + _path(first["loc"])
    if first["type"] == "missing":
        return bad_request(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")
    if first["type"] == "extra_forbidden":
        return bad_request(f"Unknown parameter: '{path}'.", path, "unknown_parameter")
    return bad_request(f"Invalid value for '{path}': {first['msg']}.", path, "invalid_value")


def _path(location: tuple[int | str, ...]) -> str:
    # Pydantic names the tried branch of a union as a further step; the member's own name is what the client knows.
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier() and step not in ("str", "constrained"):
            text += f".{step}" if text else step
    return text
