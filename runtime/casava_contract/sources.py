"""The text of a contract to a value: JSON where it starts like JSON, else YAML."""

from dataclasses import dataclass

from casava_contract import jsontext, pointers, yamltext
from casava_contract.errors import ContractError, ErrorCode
from casava_contract.jsontext import JsonValue
from casava_contract.limits import Limits

_CODES = {
    "syntax": ErrorCode.SYNTAX,
    "encoding": ErrorCode.SYNTAX,
    "duplicate_key": ErrorCode.DUPLICATE_KEY,
    "depth": ErrorCode.LIMIT_DEPTH,
    "number": ErrorCode.LIMIT_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Source:
    """A schema as read: its value, and where each part of it stands in the text."""

    text: str
    value: JsonValue
    places: dict[str, tuple[int, int]] | None  # None: JSON, looked up when an error needs it

    def place(self, pointer: str) -> tuple[int | None, int | None]:
        """Line and column of what ``pointer`` leads to, or of its nearest parent."""
        if self.places is None:
            offset = jsontext.locate(self.text, pointer)
            return (None, None) if offset is None else jsontext.line_and_column(self.text, offset)
        while pointer:
            if pointer in self.places:
                return self.places[pointer]
            pointer = pointer.rpartition("/")[0]
        return None, None

    def error(self, code: ErrorCode, message: str, pointer: str = "") -> ContractError:
        line, column = self.place(pointer)
        return ContractError(code, message, pointer=pointer, line=line, column=column)


def read(text: str, limits: Limits) -> Source:
    """Raises ContractError."""
    if not isinstance(text, str):
        raise ContractError(ErrorCode.SYNTAX, f"a schema is text, not {type(text).__name__}")
    size = _size(text)
    if size > limits.schema_bytes:
        raise ContractError(ErrorCode.LIMIT_BYTES, f"{size} bytes of schema: at most {limits.schema_bytes} are read")
    if not text.lstrip(" \t\r\n").startswith(("{", "[", '"')):
        value, places = yamltext.read(text, limits)
        return Source(text, value, places)
    try:
        value = jsontext.read(text, depth=limits.schema_depth, number_length=limits.number_length)
    except jsontext.JsonError as error:
        line, column = (None, None) if error.offset is None else jsontext.line_and_column(text, error.offset)
        pointer = pointers.of(error.path)
        raise ContractError(_CODES[error.kind], error.message, pointer=pointer, line=line, column=column) from None
    return Source(text, value, None)


def _size(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        line, column = jsontext.line_and_column(text, error.start)
        raise ContractError(ErrorCode.SYNTAX, "a lone surrogate is not text", line=line, column=column) from None
