"""The kinds of JSON values as bits, and what every plan for one kind has in common."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from casava_contract.graph import Subschema
from casava_contract.jsontext import JsonValue

if TYPE_CHECKING:
    from casava_contract.choices import Branching

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


def is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def names_of(mask: int) -> list[str]:
    if mask & (TRUE | FALSE) == TRUE | FALSE:
        return [*names_of(mask & ~(TRUE | FALSE)), "boolean"]
    return [name for kind, name in NAMES.items() if mask & kind]


class KindPlan:
    """What a conjunction of subschemas asks of a value of one kind.

    ``groups``: the choices that are still open. ``hard``: pointers of subschemas that the oracle decides when the
    value has ended. ``trivial``: every value of the kind satisfies it, which is certain. ``options``: of strings, the
    only ones that there may be; None where that is not known.
    """

    __slots__ = ("groups", "hard", "kind", "nodes", "options", "trivial")

    def __init__(
        self,
        kind: int,
        nodes: Sequence[Subschema],
        groups: "tuple[Branching, ...]",
        hard: tuple[str, ...],
        *,
        trivial: bool,
    ) -> None:
        self.kind = kind
        self.nodes = nodes
        self.groups = groups
        self.hard = hard
        self.trivial = trivial
        self.options: frozenset[str] | None = None
