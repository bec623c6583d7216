"""Scalars as other scalars, exactly or not at all; and the nearest of a few strings."""

import math
from typing import Final

import orjson

from casava_contract.repair import lexical
from casava_contract.repair.work import Work
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue

_LONGEST: Final = 64  # characters of a string that is compared with those of an enum
_NUMBER_LENGTH: Final = 400
_BOOLEANS: Final = {b"true": b"true", b"True": b"true", b"false": b"false", b"False": b"false"}


def type_of(literal: bytes) -> frozenset[str]:
    """The types of JSON Schema that a scalar in JSON has."""
    if literal[:1] == b'"':
        return frozenset({"string"})
    if literal in {b"true", b"false"}:
        return frozenset({"boolean"})
    if literal == b"null":
        return frozenset({"null"})
    return frozenset({"number", "integer"}) if is_integer(literal) else frozenset({"number"})


def is_integer(literal: bytes) -> bool:
    try:
        value = jsontext.number(literal.decode(), _NUMBER_LENGTH)
    except (jsontext.JsonError, ValueError):
        return False
    return isinstance(value, int) or value == math.floor(value)


def types_of(values: list[JsonValue]) -> frozenset[str]:
    """The types of the values of an enum."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, dict | list):
            found.add("object" if isinstance(value, dict) else "array")
        else:
            found |= type_of(jsontext.dump(value).encode())
    return frozenset(found)


def to_number(content: bytes, wanted: frozenset[str]) -> bytes | None:
    """The number that the inside of a string is, with the same digits."""
    found = lexical.number_in(content)
    if found is None:
        return None
    literal, unclear = found
    if (unclear and "number" in wanted) or ("number" not in wanted and not is_integer(literal)):
        return None
    return literal


def to_boolean(content: bytes) -> bytes | None:
    return _BOOLEANS.get(content)


def equal(literal: bytes, value: JsonValue) -> bool:
    """Whether a scalar in JSON is this value: 1 is 1.0, and no boolean is a number."""
    try:
        mine = orjson.loads(literal)
    except orjson.JSONDecodeError:
        return False
    if isinstance(mine, bool) or isinstance(value, bool) or mine is None or value is None:
        return mine is value
    return bool(mine == value)


def nearest(said: str, allowed: list[JsonValue], work: Work) -> str | None:
    """The one string that is nearest to what was said, if it is near; None where none or several are.

    Letter case, spaces, hyphens and underscores count nothing. Beyond that one letter may differ in four to seven, two
    in eight or more.
    """
    if len(said) > _LONGEST:
        return None
    plain = _plain(said)
    most = min(len(plain) // 4, 2)
    best, found = most + 1, None
    for value in allowed:
        if not isinstance(value, str) or len(value) > _LONGEST:
            continue
        work.spend(1 + len(value) // 8)
        distance = _distance(plain, _plain(value), most)
        if distance < best:
            best, found = distance, value
        elif distance == best:
            found = None
    return found if best <= most else None


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char not in " \t-_")


def _distance(one: str, other: str, most: int) -> int:
    """How many letters must be changed, added, left out or swapped with the next; most + 1 where it is more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        rows.append(row)
    return min(rows[-1][-1], most + 1)
