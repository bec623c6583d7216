"""Chat templates: the one place where messages become a prompt, for every engine.

A template comes with the model and is a program by somebody else. It runs in Jinja's sandbox, its output is bounded,
and so are the ways known to make it spin or grow without output.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.filters import do_indent
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from casava_contract.tools.syntax import END, MARK

MAX_TEMPLATE_CHARACTERS: Final = 256 * 1024
MAX_PROMPT_CHARACTERS: Final = 16 * 1024 * 1024
_MAX_RANGE: Final = 10_000  # numbers that all of a template's ranges may yield in one rendering
_MAX_INDENT: Final = 64
_MAX_GROWTH: Final = 1024 * 1024  # what one operator may make

Message = Mapping[str, Any]  # as casava_sidecar.api.messages gives them

_USER: Final[Message] = {"role": "user", "content": "Hello"}
_SYSTEM: Final[Message] = {"role": "system", "content": "casava-probe-system"}
_MARK: Final = MARK.decode()
_END: Final = END.decode()
_NAME, _DESCRIPTION = "casava_probe_tool", "casava-probe-description"
_GIVEN, _RESULT = "casava-probe-value", "casava-probe-result"
_TOOLS: Final[Sequence[Mapping[str, Any]]] = (
    {
        "type": "function",
        "function": {
            "name": _NAME,
            "description": _DESCRIPTION,
            "parameters": {"type": "object", "properties": {"key": {"type": "string"}}},
        },
    },
)
_CALLED: Final[Sequence[Message]] = (
    _USER,
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {"id": "call_000000", "type": "function", "function": {"name": _NAME, "arguments": {"key": _GIVEN}}}
        ],
    },
    {"role": "tool", "content": _RESULT, "tool_call_id": "call_000000", "name": _NAME},
)


class InvalidTemplateError(ValueError):
    """The template cannot be used at all."""


class RefusedByTemplateError(ValueError):
    """The template does not take these messages. The text is the template's own, for whoever sent them."""


class ChatTemplate:
    """A compiled template that has rendered a sample conversation.

    ``knows_tools``: given tools it describes them, and writes calls in the form of casava_contract.tools.
    ``takes_system``: it shows a system message to the model.
    """

    def __init__(self, source: str, *, bos_token: str, eos_token: str, strip_bos: bool) -> None:
        """``strip_bos``: the engine's tokenizer puts BOS in front of every prompt, so the template's would be a second.

        Raises InvalidTemplateError.
        """
        if len(source) > MAX_TEMPLATE_CHARACTERS:
            raise InvalidTemplateError(f"it has {len(source)} characters of at most {MAX_TEMPLATE_CHARACTERS}")
        self._bos = bos_token
        self._eos = eos_token
        self._strip_bos = strip_bos and bool(bos_token)
        try:
            self._template = _Environment().from_string(source)
        except (TemplateError, RecursionError) as error:
            raise InvalidTemplateError(_sentence(error)) from None
        try:
            self.render([_USER])
        except RefusedByTemplateError as error:
            raise InvalidTemplateError(f"it does not render one user message: {error}") from None
        # What a template can do is seen from what it does: the names of its variables promise nothing.
        self.takes_system = str(_SYSTEM["content"]) in self._tried([_SYSTEM, _USER])
        described = self._tried([_USER], _TOOLS)
        told = all(text in described for text in (_NAME, _DESCRIPTION, _MARK))
        conversation = self._tried(_CALLED, _TOOLS)
        self.knows_tools = told and _RESULT in conversation and _has_call(conversation)

    def _tried(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] | None = None) -> str:
        try:
            return self.render(messages, tools)
        except RefusedByTemplateError:
            return ""

    def render(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] | None = None) -> str:
        """The prompt, up to where the assistant's answer begins. Raises RefusedByTemplateError."""
        variables = {
            "messages": [dict(message) for message in messages],
            "add_generation_prompt": True,
            "bos_token": self._bos,
            "eos_token": self._eos,
            "tools": None if tools is None else [dict(tool) for tool in tools],
            "documents": None,
            "range": _Fuel(_MAX_RANGE).range,
        }
        try:
            prompt = _bounded(self._template.generate(variables))
        except RefusedByTemplateError:
            raise
        # A template raises whatever its expressions raise: a wrong type, a missing member, a division by zero.
        except Exception as error:  # noqa: BLE001
            raise RefusedByTemplateError(_sentence(error)) from None
        return prompt.removeprefix(self._bos) if self._strip_bos else prompt


def _has_call(prompt: str) -> bool:
    """Whether the call of the sample is there in the one form that answers are read in. Its keys come in any order."""
    for part in prompt.split(_MARK)[1:]:
        try:
            call = json.loads(part.partition(_END)[0])
        except ValueError:
            continue
        if call == {"name": _NAME, "arguments": {"key": _GIVEN}}:
            return True
    return False


def _bounded(pieces: Iterator[str]) -> str:
    kept: list[str] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_PROMPT_CHARACTERS:
            raise RefusedByTemplateError(f"the prompt has more than {MAX_PROMPT_CHARACTERS} characters")
        kept.append(piece)
    return "".join(kept)


class _Fuel:
    """A budget over all ranges of one rendering: nested ones would otherwise multiply."""

    def __init__(self, budget: int) -> None:
        self._left = budget

    def range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        self._left -= len(numbers)
        if self._left < 0:
            raise SecurityError(f"more than {_MAX_RANGE} loop steps over range()")
        return numbers


class _Generation(Extension):
    """``{% generation %}`` marks the assistant's part for training; in a prompt it is only its content."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's own declaration

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Environment(ImmutableSandboxedEnvironment):
    """What the templates of published models expect of their environment, and no more."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
        self.globals.clear()
        self.globals.update(
            {"dict": dict, "namespace": Namespace, "raise_exception": _refuse, "strftime_now": _strftime_now}
        )
        self.filters["tojson"] = _tojson
        self.filters["indent"] = _indent
        for name in _PADDING_FILTERS:
            del self.filters[name]

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("the operator ** is not allowed")
        if operator == "*" and _grows(left, right):
            raise SecurityError(f"an operator makes more than {_MAX_GROWTH} items")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("formatting with % is not allowed: join with ~")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr not in _PADDING_METHODS and super().is_safe_attribute(obj, attr, value)


# One call of these makes a text of any length out of nothing.
_PADDING_FILTERS: Final = ("center", "format", "wordwrap")
_PADDING_METHODS: Final = frozenset(
    {"ljust", "rjust", "center", "zfill", "expandtabs", "format", "format_map", "to_bytes"}
)


def _grows(left: Any, right: Any) -> bool:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | list | tuple) and isinstance(other, int):
            return len(one) * other > _MAX_GROWTH
    return all(isinstance(one, int) and abs(one) > _MAX_GROWTH for one in (left, right))


def _refuse(message: Any) -> NoReturn:
    raise RefusedByTemplateError(str(message)[:500])


def _strftime_now(pattern: str) -> str:
    return datetime.now(UTC).strftime(pattern)


def _tojson(value: Any, indent: int | None = None, **options: Any) -> str:
    # Jinja's own escapes for HTML, which models have never seen.
    return json.dumps(value, ensure_ascii=False, indent=indent, **options)


def _indent(text: str, width: int | str = 4, *options: Any, **more: Any) -> str:
    if (len(width) if isinstance(width, str) else width) > _MAX_INDENT:
        raise SecurityError(f"an indent of more than {_MAX_INDENT}")
    return do_indent(text, width, *options, **more)


def _sentence(error: BaseException) -> str:
    line = getattr(error, "lineno", None)
    where = f" (line {line})" if line else ""
    return f"{str(error)[:300] or type(error).__name__}{where}"
