"""``response_format``: which contract, if any, an answer has to keep."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from casava_sidecar.errors import ApiError, bad_request

INLINE_SCHEMA_BYTES: Final = 256 * 1024  # of one request; named contracts have limits of their own

_STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Text:
    """Free text: no contract."""


@dataclass(frozen=True, slots=True)
class JsonObject:
    """Any JSON object."""


@dataclass(frozen=True, slots=True)
class InlineSchema:
    """A JSON Schema that came with the request, as text: key order and large numbers are the client's own."""

    name: str
    schema_text: str


@dataclass(frozen=True, slots=True)
class NamedContract:
    """A contract of the model, by name."""

    name: str


ResponseFormat = Text | JsonObject | InlineSchema | NamedContract
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


class _Contract(BaseModel):
    model_config = _STRICT
    type: Literal["contract"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]


_FORMAT: Final = TypeAdapter[_Text | _JsonObject | _InlineSchema | _Contract](
    Annotated[_Text | _JsonObject | _InlineSchema | _Contract, Field(discriminator="type")]
)


def parse_response_format(members: dict[str, Any], body: bytes) -> ResponseFormat:
    """``members`` as parsed from ``body``, the whole request. Raises ApiError 400, with the path of what is wrong."""
    try:
        asked = _FORMAT.validate_python(members)
    except ValidationError as error:
        raise _invalid(error) from None
    if isinstance(asked, _JsonObject):
        return JsonObject()
    if isinstance(asked, _Contract):
        return NamedContract(asked.name)
    if isinstance(asked, _InlineSchema):
        return InlineSchema(asked.json_schema.name, _schema_text(asked.json_schema.schema_, body))
    return TEXT


def _schema_text(schema: dict[str, Any], body: bytes) -> str:
    size = len(orjson.dumps(schema))
    if size > INLINE_SCHEMA_BYTES:
        raise ApiError(
            422,
            f"The schema has {size} bytes; at most {INLINE_SCHEMA_BYTES} are allowed.",
            param="response_format.json_schema.schema",
            code="schema_too_large",
        )
    # Read once more by a parser that keeps integers of any size: orjson rounds what is beyond 64 bits.
    try:
        exact = json.loads(body)["response_format"]["json_schema"]["schema"]
        return json.dumps(exact, ensure_ascii=False)
    except (ValueError, RecursionError):
        raise bad_request(
            "The schema is nested too deeply or holds a number that is too long.", "response_format.json_schema.schema"
        ) from None


def _invalid(error: ValidationError) -> ApiError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # The first step names the branch that the discriminator chose, which is no member of the request.
    path = ".".join(["response_format", *(str(step) for step in first["loc"][1:])])
    if first["type"] == "missing":
        return bad_request(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")
    if first["type"] == "extra_forbidden":
        return bad_request(f"Unknown parameter: '{path[:150]}'.", path[:150], "unknown_parameter")
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return bad_request(
            "Invalid value for 'response_format.type': it must be 'text', 'json_object', 'json_schema' or 'contract'.",
            "response_format.type",
            "invalid_value",
        )
    return bad_request(f"Invalid value for '{path}': {first['msg']}.", path, "invalid_value")
