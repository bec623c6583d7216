"""The kinds of JSON values as bits."""

from decimal import Decimal
from typing import Final, TypeGuard

from casava_contract.source.jsontext import JsonValue

OBJECT: Final = 1
ARRAY: Final = 2
STRING: Final = 4
NUMBER: Final = 8
TRUE: Final = 16
FALSE: Final = 32
NULL: Final = 64
NOTHING: Final = 0
ALL: Final = 127

_BITS: Final = {
    "object": OBJECT,
    "array": ARRAY,
    "string": STRING,
    "number": NUMBER,
    "integer": NUMBER,
    "boolean": TRUE | FALSE,
    "null": NULL,
}
NAMES: Final = {
    OBJECT: "object",
    ARRAY: "array",
    STRING: "string",
    NUMBER: "number",
    TRUE: "true",
    FALSE: "false",
    NULL: "null",
}

# The kind that a value's first byte tells.
BY_BYTE: Final = {
    ord("{"): OBJECT,
    ord("["): ARRAY,
    ord('"'): STRING,
    ord("t"): TRUE,
    ord("f"): FALSE,
    ord("n"): NULL,
    **dict.fromkeys(b"-0123456789", NUMBER),
}


def of_type(types: JsonValue) -> int:
    """The kinds that a ``type`` keyword allows."""
    if isinstance(types, str):
        return _BITS.get(types, ALL)
    mask = 0
    for one in types if isinstance(types, list) else ["object", "array"]:
        mask |= _BITS.get(str(one), ALL)
    return mask


def of_value(value: JsonValue) -> int:
    if isinstance(value, dict):
        return OBJECT
    if isinstance(value, list):
        return ARRAY
    if isinstance(value, str):
        return STRING
    if value is None:
        return NULL
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return NUMBER


def is_number(value: object) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def names_of(mask: int) -> list[str]:
    if mask & (TRUE | FALSE) == TRUE | FALSE:
        return [*names_of(mask & ~(TRUE | FALSE)), "boolean"]
    return [name for kind, name in NAMES.items() if mask & kind]
