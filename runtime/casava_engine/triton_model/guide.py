"""From a guide (a JSON schema, a regular expression, a grammar) to the grammar text that llama.cpp is given.

llama.cpp reads two languages: GBNF, and, after the line ``%llguidance {}``, Lark as llguidance understands it. A schema
goes to llguidance as the user's own text, so that the order of its properties is the order of the answer.
"""

import json
from typing import Final

from casava_wire import tensors as t

MAX_BYTES: Final = 1 << 20

_EXACT: Final = 2**53  # integers up to here are exact as doubles
_LARK: Final = "%llguidance"
_JSON: Final = "%llguidance {}\nstart: %json "


class GuideRefused(ValueError):  # noqa: N818 - an answer to the client
    """The guide cannot be used. The message says why and holds none of its text."""


def grammar(kind: str, text: str) -> str:
    """The grammar for llama.cpp. Raise GuideRefused."""
    if len(text.encode()) > MAX_BYTES:
        raise GuideRefused(f"{t.GUIDE} is longer than {MAX_BYTES} bytes")
    match kind:
        case t.GUIDE_JSON:
            return _JSON + '{"type":"object"}'
        case t.GUIDE_JSON_SCHEMA:
            return _JSON + _schema(text)
        case t.GUIDE_REGEX:
            return f"{_LARK} {{}}\nstart: /{_regex(_given(text))}/"
        case t.GUIDE_EBNF:
            return _given(text)
        case _:
            raise GuideRefused(f"{t.GUIDE_TYPE} must be one of {', '.join(t.GUIDE_TYPES)}")


def is_lark(grammar_text: str) -> bool:
    """Whether llguidance reads it; only then does llama.cpp drop a grammar that it cannot use without saying so."""
    return grammar_text.startswith(_LARK)


def _given(text: str) -> str:
    if not text:
        raise GuideRefused(f"{t.GUIDE} is missing")
    return text


def _schema(text: str) -> str:
    """The schema's text, proven to be exactly one JSON value: what follows it would be read as grammar rules."""
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_int=_exact, parse_float=str)
    except GuideRefused:
        raise
    except (ValueError, RecursionError):
        raise GuideRefused(f"{t.GUIDE} is not valid JSON") from None
    if not isinstance(value, dict | bool):
        raise GuideRefused(f"{t.GUIDE} must be a JSON schema: an object or a boolean")
    return text.strip()


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _exact(digits: str) -> str:
    """llguidance reads integers as doubles, and would force the model to write the rounded one."""
    if len(digits) > len(str(-_EXACT)) or abs(int(digits)) > _EXACT:
        raise GuideRefused(f"{t.GUIDE} holds an integer beyond 2^53, which the engine would round")
    return digits


def _regex(pattern: str) -> str:
    """The pattern as a Lark literal: slashes and line ends escaped, what is escaped already left alone."""
    out: list[str] = []
    escaped = False
    for char in pattern:
        if char == "\n":
            out.append("n" if escaped else "\\n")
        elif char == "/" and not escaped:
            out.append("\\/")
        else:
            out.append(char)
        escaped = char == "\\" and not escaped
    if escaped:
        raise GuideRefused(f"{t.GUIDE} ends in a lone backslash")
    return "".join(out)
