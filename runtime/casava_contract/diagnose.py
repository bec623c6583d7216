"""From the reason why a reading died to the error that people and models read."""

from typing import Final

from casava_contract.errors import MESSAGE_LENGTH, shorten
from casava_contract.report import Violation
from casava_contract.source import jsontext
from casava_contract.verdict import Diagnostic, Reason

HINT_LENGTH: Final = 160  # a model that tries again reads it, and what it reads it pays for


def from_reason(reason: Reason, answer: bytes | bytearray, offset: int, pointer: str) -> Diagnostic:
    code = reason.code or (f"schema.{reason.keyword}" if reason.keyword else "schema.invalid")
    line, column = place(answer, offset)
    where = pointer or "the answer"
    asked = f"; expected {', '.join(reason.expected)}" if reason.expected else ""
    got = f", got {reason.got}" if reason.got else ""
    rule = f" ({reason.schema_pointer})" if reason.schema_pointer else ""
    message = shorten(f"{where}: {reason.message}{rule}{asked}{got}", MESSAGE_LENGTH)
    return Diagnostic(
        code=code,
        message=message,
        hint=shorten(f"At {where}: {reason.message}{asked}.", HINT_LENGTH),
        offset=offset,
        line=line,
        column=column,
        pointer=pointer,
        schema_pointer=reason.schema_pointer,
        keyword=reason.keyword,
        expected=reason.expected,
        got=reason.got,
        earliest=reason.earliest,
    )


def from_violations(
    violations: tuple[Violation, ...], answer: bytes | bytearray, offset: int
) -> tuple[Diagnostic, ...]:
    """What the whole answer breaks, found when it had ended at ``offset``."""
    text = answer.decode(errors="replace")
    found = []
    for violation in violations:
        start = jsontext.locate(text, violation.pointer) if violation.pointer else None
        at = offset if start is None else len(text[:start].encode())
        line, column = place(answer, at)
        where = violation.pointer or "the answer"
        diagnostic = Diagnostic(
            code=violation.code,
            message=shorten(f"{where}: {violation.message} ({violation.schema_pointer})", MESSAGE_LENGTH),
            hint=shorten(f"At {where}: {violation.message}.", HINT_LENGTH),
            offset=at,
            line=line,
            column=column,
            pointer=violation.pointer,
            schema_pointer=violation.schema_pointer,
            keyword=violation.keyword,
            earliest=False,
        )
        found.append(diagnostic)
    return tuple(found)


def violation(error: Diagnostic) -> Violation:
    """The same without what is of use only while the answer comes."""
    return Violation(
        error.code, error.message, error.pointer, error.schema_pointer, error.keyword, error.line, error.column
    )


def place(answer: bytes | bytearray, offset: int) -> tuple[int, int]:
    """Line and column of a byte, from 1; columns in characters."""
    start = answer.rfind(b"\n", 0, offset) + 1
    return answer.count(b"\n", 0, offset) + 1, len(answer[start:offset].decode(errors="replace")) + 1
