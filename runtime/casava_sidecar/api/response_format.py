"""``response_format``: which contract, if any, an answer has to keep."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from casava_sidecar.errors import ApiError, bad_request

INLINE_SCHEMA_BYTES: Final = 256 * 1024  # of one request; named contracts have limits of their own

_STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)
_SCHEMA: Final = "response_format.json_schema.schema"


@dataclass(frozen=True, slots=True)
class Text:
    """Free text: no contract."""


@dataclass(frozen=True, slots=True)
class JsonObject:
    """Any JSON object."""


@dataclass(frozen=True, slots=True)
class Inline:
    """A contract that came with the request, as text: of a schema, key order and large numbers are the client's own.

    ``param`` is the path of the member that holds it.
    """

    kind: Literal["json_schema", "regex", "choice", "lark", "gbnf"]
    name: str
    text: str
    param: str


@dataclass(frozen=True, slots=True)
class NamedContract:
    """A contract of the model, by name, or by ``contract@version``."""

    name: str


ResponseFormat = Text | JsonObject | Inline | NamedContract
TEXT: Final = Text()


class _Text(BaseModel):
    model_config = _STRICT
    type: Literal["text"]


class _JsonObject(BaseModel):
    model_config = _STRICT
    type: Literal["json_object"]


class _JsonSchema(BaseModel):
    """``strict`` may be anything: every schema is enforced. ``description`` is documentation of the schema."""

    model_config = ConfigDict(**_STRICT, protected_namespaces=())
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    description: str | None = None
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    strict: bool | None = None


class _InlineSchema(BaseModel):
    model_config = _STRICT
    type: Literal["json_schema"]
    json_schema: _JsonSchema


class _Regex(BaseModel):
    model_config = _STRICT
    type: Literal["regex"]
    regex: Annotated[str, StringConstraints(min_length=1)]


class _Choice(BaseModel):
    model_config = _STRICT
    type: Literal["choice"]
    choice: Annotated[list[str], Field(min_length=1)]


class _Definition(BaseModel):
    model_config = _STRICT
    syntax: Literal["lark", "gbnf"]
    definition: Annotated[str, StringConstraints(min_length=1)]


class _Grammar(BaseModel):
    model_config = _STRICT
    type: Literal["grammar"]
    grammar: _Definition


class _Contract(BaseModel):
    model_config = _STRICT
    type: Literal["contract"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]


_Format = _Text | _JsonObject | _InlineSchema | _Regex | _Choice | _Grammar | _Contract
_FORMAT: Final = TypeAdapter[_Format](Annotated[_Format, Field(discriminator="type")])
_TYPES: Final = "'text', 'json_object', 'json_schema', 'regex', 'grammar', 'choice' or 'contract'"


def parse_response_format(members: dict[str, Any], body: bytes) -> ResponseFormat:
    """``members`` as parsed from ``body``, the whole request. Raises ApiError 400, with the path of what is wrong."""
    try:
        asked = _FORMAT.validate_python(members)
    except ValidationError as error:
        raise _invalid(error) from None
    match asked:
        case _JsonObject():
            return JsonObject()
        case _Contract():
            return NamedContract(asked.name)
        case _InlineSchema():
            text = _schema_text(asked.json_schema.schema_, body)
            return Inline("json_schema", asked.json_schema.name, text, _SCHEMA)
        case _Regex():
            return Inline("regex", "regex", bounded(asked.regex, "response_format.regex"), "response_format.regex")
        case _Choice():
            text = orjson.dumps(asked.choice).decode()
            return Inline("choice", "choice", bounded(text, "response_format.choice"), "response_format.choice")
        case _Grammar():
            where = "response_format.grammar.definition"
            return Inline(asked.grammar.syntax, "grammar", bounded(asked.grammar.definition, where), where)
    return TEXT


def bounded(text: str, param: str) -> str:
    """The text itself. Raises ApiError 422 where it is too long."""
    size = len(text.encode())
    if size > INLINE_SCHEMA_BYTES:
        message = f"'{param}' has {size} bytes; at most {INLINE_SCHEMA_BYTES} are allowed."
        raise ApiError(422, message, param=param, code="schema_too_large")
    return text


def exact(body: bytes, param: str) -> dict[str, Any]:
    """A request's body once more, integers of any size kept: orjson rounds them. ``param`` is what it is needed for."""
    try:
        value: dict[str, Any] = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request(f"'{param}' is nested too deeply or holds a number that is too long.", param) from None
    return value


def exact_text(value: Any, param: str) -> str:
    """A value of such a body as JSON text."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        raise bad_request(f"'{param}' is nested too deeply or holds a number that is too long.", param) from None


def _schema_text(schema: dict[str, Any], body: bytes) -> str:
    bounded(orjson.dumps(schema).decode(), _SCHEMA)  # before it is read once more
    return exact_text(exact(body, _SCHEMA)["response_format"]["json_schema"]["schema"], _SCHEMA)


def _invalid(error: ValidationError) -> ApiError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # The first step names the branch that the discriminator chose, which is no member of the request.
    path = "response_format" + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"][1:]
    )
    if first["type"] == "missing":
        return bad_request(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")
    if first["type"] == "extra_forbidden":
        return bad_request(f"Unknown parameter: '{path[:150]}'.", path[:150], "unknown_parameter")
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return bad_request(
            f"Invalid value for 'response_format.type': it must be {_TYPES}.", "response_format.type", "invalid_value"
        )
    return bad_request(f"Invalid value for '{path}': {first['msg']}.", path, "invalid_value")
