"""The text of a contract to a value: JSON where it starts like JSON, else YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urldefrag

from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.limits import Limits
from casava_contract.source import jsontext, pointers, yamltext
from casava_contract.source.jsontext import JsonValue

_RESOURCES = 8  # together, in texts of the largest size
_IS_JSON = """what begins with {, [ or " is read as JSON; YAML begins with a key or with '- '"""
_CODES = {
    "syntax": ErrorCode.SYNTAX,
    "encoding": ErrorCode.SYNTAX,
    "duplicate_key": ErrorCode.DUPLICATE_KEY,
    "depth": ErrorCode.LIMIT_DEPTH,
    "number": ErrorCode.LIMIT_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Source:
    """A schema as read: its value, and where each part of it stands in the text.

    ``resources``: what references out of the schema may lead to, by absolute URI without a fragment. A place in one has
    the pointer ``<uri>#/...``.
    """

    text: str
    value: JsonValue
    places: dict[str, tuple[int, int]] | None  # None: JSON, looked up when an error needs it
    resources: dict[str, JsonValue] = field(default_factory=dict)

    def place(self, pointer: str) -> tuple[int | None, int | None]:
        """Line and column of what ``pointer`` leads to, or of its nearest parent."""
        if not pointer.startswith("/"):
            return None, None
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
    check_size(text, limits)
    if not text.lstrip(" \t\r\n").startswith(("{", "[", '"')):
        value, places = yamltext.read(text, limits)
        return Source(text, value, places)
    try:
        value = jsontext.read(text, depth=limits.schema_depth, number_length=limits.number_length)
    except jsontext.JsonError as error:
        line, column = (None, None) if error.offset is None else jsontext.line_and_column(text, error.offset)
        pointer = pointers.of(error.path)
        message = f"{error.message} ({_IS_JSON})" if error.kind == "syntax" else error.message
        raise ContractError(_CODES[error.kind], message, pointer=pointer, line=line, column=column) from None
    return Source(text, value, None)


def resources(given: Mapping[str, str], limits: Limits) -> dict[str, JsonValue]:
    """What each text holds, by its URI. Raises ContractError."""
    if sum(map(len, given.values())) > _RESOURCES * limits.schema_bytes:
        most = _RESOURCES * limits.schema_bytes
        raise ContractError(ErrorCode.LIMIT_BYTES, f"more than {most} bytes of resources: give fewer")
    found: dict[str, JsonValue] = {}
    for uri, text in given.items():
        try:
            name = urldefrag(uri).url
            found[name] = read(text, limits).value
        except ValueError as error:
            raise _of_resource(uri, error) from None
    return found


def _of_resource(uri: str, error: ValueError) -> ContractError:
    if not isinstance(error, ContractError):
        return ContractError(ErrorCode.INVALID, f"resource {shorten(uri)}: not a URI")
    message = f"resource {shorten(uri)}: {error.message}"
    return ContractError(error.code, message, pointer=error.pointer, line=error.line, column=error.column)


def check_size(text: str, limits: Limits) -> None:
    """Raises ContractError."""
    size = _size(text)
    if size > limits.schema_bytes:
        raise ContractError(ErrorCode.LIMIT_BYTES, f"{size} bytes of schema: at most {limits.schema_bytes} are read")


def _size(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        line, column = jsontext.line_and_column(text, error.start)
        raise ContractError(ErrorCode.SYNTAX, "a lone surrogate is not text", line=line, column=column) from None
