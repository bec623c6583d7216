"""Why a contract is refused: one typed error with a stable code, the place in the schema, and the fix."""

from enum import StrEnum
from typing import Any

MESSAGE_LENGTH = 300


class ErrorCode(StrEnum):
    """Stable codes: clients match on them, so they are never renamed."""

    SYNTAX = "schema.syntax"  # neither JSON nor the accepted part of YAML
    DUPLICATE_KEY = "schema.duplicate_key"
    DIALECT = "schema.dialect"  # $schema names no draft that Casava knows
    INVALID = "schema.invalid"  # the meta-schema of the draft refuses it
    PATTERN = "schema.pattern"  # not a regular expression
    PATTERN_NOT_LINEAR = "schema.pattern_not_linear"  # look-around or back-references
    GRAMMAR = "schema.grammar"  # not a grammar of its kind
    REFERENCE_REMOTE = "schema.reference_remote"
    REFERENCE_UNRESOLVED = "schema.reference_unresolved"
    REFERENCE_LOOP = "schema.reference_loop"  # a reference that leads back to itself for the same value
    UNSATISFIABLE = "schema.unsatisfiable"
    KIND = "contract.kind"
    RULE_SYNTAX = "rule.syntax"  # not CEL, or its types do not fit
    RULE_UNSUPPORTED = "rule.unsupported"  # CEL that is not evaluated here
    LIMIT_RULES = "limit.rules"
    LIMIT_BYTES = "limit.schema_bytes"
    LIMIT_DEPTH = "limit.schema_depth"
    LIMIT_NODES = "limit.schema_nodes"
    LIMIT_ALTERNATIVES = "limit.schema_alternatives"
    LIMIT_EXPANSION = "limit.schema_expansion"
    LIMIT_NUMBER = "limit.schema_number"
    LIMIT_PATTERN = "limit.schema_pattern"
    LIMIT_GRAMMAR = "limit.schema_grammar"
    LIMIT_WORK = "limit.work"  # more time or memory than a trial may take


# A well-formed contract that cannot be served is 422; one that cannot be read is 400.
_UNPROCESSABLE = frozenset(
    {
        ErrorCode.PATTERN_NOT_LINEAR,
        ErrorCode.UNSATISFIABLE,
        ErrorCode.REFERENCE_REMOTE,
        ErrorCode.REFERENCE_LOOP,
        ErrorCode.RULE_UNSUPPORTED,
        *(code for code in ErrorCode if code.startswith("limit.")),
    }
)


def shorten(text: str, length: int = 60) -> str:
    """The text for a message: one line, bounded."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 3] + "..."


def located(message: str, pointer: str, line: int | None, column: int | None) -> str:
    """The message behind its place: ``#/pointer (line 1, column 2): message``, as far as the place is known."""
    place = f"#{pointer}" if pointer else ""
    if line is not None:
        where = f"line {line}, column {column}"
        place = f"{place} ({where})" if place else where
    return f"{place}: {message}" if place else message


class ContractError(ValueError):
    """A contract is refused.

    ``pointer`` is a JSON pointer into the schema ("" is the whole of it), ``line`` and ``column`` count from 1 and are
    None where they are not known, ``message`` is one sentence that says the fix, ``status`` the HTTP status for a
    request that brought the contract: 400 for a malformed one, 422 for one that cannot be enforced.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        pointer: str = "",
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.code = code
        self.message = shorten(message, MESSAGE_LENGTH)
        self.pointer = shorten(pointer, MESSAGE_LENGTH)
        self.line = line
        self.column = column
        super().__init__(str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, self.message, self.pointer, self.line, self.column)

    @property
    def status(self) -> int:
        return 422 if self.code in _UNPROCESSABLE else 400

    def __str__(self) -> str:
        return located(self.message, self.pointer, self.line, self.column)

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": str(self.code),
            "message": self.message,
            "pointer": self.pointer,
            "line": self.line,
            "column": self.column,
        }


def _rebuild(code: ErrorCode, message: str, pointer: str, line: int | None, column: int | None) -> ContractError:
    return ContractError(code, message, pointer=pointer, line=line, column=column)
