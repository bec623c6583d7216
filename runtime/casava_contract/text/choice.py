"""A list of texts, one of which the answer is."""

from typing import Final, NamedTuple

from casava_contract.errors import ErrorCode, shorten
from casava_contract.limits import Limits
from casava_contract.source import jsontext, reading

_FIX: Final = 'a list of texts, such as ["yes", "no"]'


class Choices(NamedTuple):
    text: str  # compact JSON
    values: tuple[str, ...]


def read(text: str, limits: Limits) -> Choices:
    """A list in JSON or YAML. Raises ContractError with a pointer."""
    source = reading.read(text, limits)
    if not isinstance(source.value, list):
        shown = shorten(jsontext.dump(source.value))
        raise source.error(ErrorCode.INVALID, f"{shown} where choices are {_FIX}")
    if not source.value:
        raise source.error(ErrorCode.UNSATISFIABLE, "no choice: nothing can be answered")
    if len(source.value) > limits.schema_alternatives:
        message = f"{len(source.value)} choices: at most {limits.schema_alternatives}"
        raise source.error(ErrorCode.LIMIT_ALTERNATIVES, message)
    seen: dict[str, int] = {}
    for index, value in enumerate(source.value):
        pointer = f"/{index}"
        if not isinstance(value, str):
            shown = shorten(jsontext.dump(value))
            raise source.error(ErrorCode.INVALID, f"{shown} is no text: write it in quotes", pointer)
        if not value:
            raise source.error(ErrorCode.INVALID, "an empty choice is no answer: leave it out", pointer)
        if value in seen:
            message = f"the same text as choice {seen[value]}: write it once"
            raise source.error(ErrorCode.DUPLICATE_KEY, message, pointer)
        seen[value] = index
    return Choices(jsontext.dump(source.value), tuple(seen))
