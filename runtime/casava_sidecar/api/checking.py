"""From JSON to checked values, and from what is wrong to an error that names it."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from casava_sidecar.errors import ApiError, bad_request

# Pydantic speaks of Python's types here, and of the names of ours.
_PLAIN: Final = {
    "dict_type": "it must be an object",
    "model_type": "it must be an object",
    "list_type": "it must be a list",
}

ModelT = TypeVar("ModelT", bound=BaseModel)


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a body is. Raises ApiError 400."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).", None
        ) from None
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object.", None)
    return value


def checked(model: type[ModelT], members: Mapping[str, Any], where: str = "") -> ModelT:
    """``where`` is the prefix of a member's path, as ``messages[0].``. Raises ApiError 400."""
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
    reason = _PLAIN.get(first["type"], first["msg"])
    return bad_request(f"Invalid value for '{path}': {reason}.", path, "invalid_value")


def _path(location: tuple[int | str, ...]) -> str:
    # Pydantic names the tried branch of a union as a further step; the member's own name is what the client knows.
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier() and step not in ("str", "constrained"):
            text += f".{step}" if text else step
    return text
