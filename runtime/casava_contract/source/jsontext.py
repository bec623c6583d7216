"""JSON text to values and back, exactly: key order kept, integers of any length, decimals as written, no key twice."""

import json
import math
import re
from collections.abc import Generator, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias, cast

import orjson

from casava_contract.source import pointers

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | Decimal | bool | None"

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SCALAR: Final = re.compile(r"[^\s,\]}]+")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_EXPONENT: Final = re.compile("[eE]")
_INEXACT: Final = re.compile(rb"[0-9.]{16}|[0-9][eE]")  # numbers that a double may not hold exactly
_EXACT_DIGITS: Final = 15  # any decimal of at most 15 digits survives a round trip through a double
_LEAST: Final = 1e-300  # below, doubles get coarser
_MOST: Final = 1e15  # above, a whole number is no longer equal to the double that stands for it

# Digits and points become zeros: then what _INEXACT finds one character at a time is found in bulk.
_FLAT: Final = bytes.maketrans(b"0123456789.E", b"00000000000e")
_LONG: Final = b"0" * (_EXACT_DIGITS + 1)
_compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_SHORT_TEXT: Final = 256  # bytes: so few brackets are counted at once


class JsonError(ValueError):
    """``kind``: syntax, encoding, duplicate_key, depth, number or size. ``offset``: characters, None if not known."""

    def __init__(self, kind: str, message: str, *, path: tuple[str | int, ...] = (), offset: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.path = path
        self.offset = offset


class _DuplicateKeyError(Exception):
    pass


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateKeyError
    return members


def number(literal: str, max_length: int) -> int | float | Decimal:
    """A JSON number, exactly, and the same in any spelling. A float stands for the decimal of 15 digits that it prints.

    Refused beyond a double's range: validators disagree there.
    """
    if len(literal) > max_length:
        raise JsonError("number", f"a number of more than {max_length} characters")
    value = float(literal)
    if math.isinf(value):
        raise JsonError("number", "a number beyond the range of a 64-bit float")
    if literal.lstrip("-").isdigit():
        return int(literal)
    if value == 0 and _significant(literal):
        raise JsonError("number", "a number too close to zero for a 64-bit float")
    if value == 0:
        return value  # a Decimal cannot hold every exponent that a zero may have
    if len(literal) <= _EXACT_DIGITS and "e" not in literal and "E" not in literal:
        return value
    if _LEAST < abs(value) < _MOST and len(_significant(literal)) <= _EXACT_DIGITS:
        return value
    return Decimal(literal)


def _significant(literal: str) -> str:
    return _EXPONENT.split(literal)[0].replace(".", "").lstrip("-").strip("0")


def count(*values: JsonValue) -> int:
    """How many values there are, nested ones too."""
    found, pending = 0, list(values)
    while pending:
        value = pending.pop()
        found += 1
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return found


def nesting(data: bytes, bound: int) -> int:
    """At most ``bound`` where objects and arrays nest no deeper than that, more where they do."""
    openings = data.count(b"{") + data.count(b"[")
    if openings <= bound:
        return openings
    deepest = depth = 0
    for match in re.finditer(rb"[\[\]{}]", _STRINGS.sub(b"", data)):
        depth += 1 if match[0] in b"[{" else -1
        deepest = max(deepest, depth)
        if deepest > bound:
            break
    return deepest


def read(text: str | bytes, *, depth: int, number_length: int) -> JsonValue:
    """The value of a JSON text. Raises JsonError."""
    try:
        data = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise JsonError("encoding", "a lone surrogate is not text", offset=error.start) from None
    if number_length >= _EXACT_DIGITS:
        try:
            return _at_once(data, depth)
        except (ValueError, orjson.JSONEncodeError):
            pass  # a reason not to take it, or not to take it so: found out below
    return _step_by_step(_decoded(text), data, depth=depth, number_length=number_length)


def _at_once(data: bytes, depth: int) -> JsonValue:
    """The value where orjson alone can be trusted with it. ValueError: perhaps it is not JSON, perhaps it is.

    What orjson does not see is seen in what it writes of the value again: without a member that another of the same
    name replaced there are fewer quotes, and each level of nesting is two further from the margin. An empty object or
    array is not, so the deepest level that is allowed is left to a closer look.
    """
    value = orjson.loads(data)
    if len(data) <= _SHORT_TEXT and data.count(b"{") + data.count(b"[") <= depth:
        again = orjson.dumps(value)
    else:
        again = orjson.dumps(value, option=orjson.OPT_INDENT_2)
        if b"\n" + b" " * (2 * depth) in again:
            raise ValueError
    if b"\\" in data:
        data = _without_escapes(data)
        again = _without_escapes(again)
    if data.count(b'"') != again.count(b'"'):
        raise ValueError
    flat = data.translate(_FLAT)
    if _LONG in flat or b"0e" in flat:
        flat = b"".join(data.split(b'"')[::2]).translate(_FLAT)  # outside of strings
        if _LONG in flat or b"0e" in flat:
            raise ValueError
    return cast(JsonValue, value)


def _without_escapes(data: bytes) -> bytes:
    r"""Without those that change how many quotes there are: first ``\\``, which may stand before a quote."""
    return data.replace(b"\\\\", b"").replace(b'\\"', b"")


def _decoded(text: str | bytes) -> str:
    try:
        return text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError:
        raise JsonError("encoding", "not UTF-8") from None


def _step_by_step(text: str, data: bytes, *, depth: int, number_length: int) -> JsonValue:
    if nesting(data, depth) > depth:
        raise JsonError("depth", f"objects and arrays nest deeper than {depth}")
    _refuse_what_json_forbids(text, data)

    def exact(literal: str) -> int | float | Decimal:
        return number(literal, number_length)

    hook = (
        exact if number_length < _EXACT_DIGITS or _INEXACT.search(data) else None
    )  # a Python call per number is dear, and mostly not needed
    try:
        return cast(JsonValue, json.loads(text, object_pairs_hook=_members, parse_int=hook, parse_float=hook))
    except _DuplicateKeyError:
        path, offset = next(_duplicates(text))
        raise JsonError("duplicate_key", "the same key twice in one object", path=path, offset=offset) from None


def _refuse_what_json_forbids(text: str, data: bytes) -> None:
    """orjson is the strict one: json.loads takes NaN, lone surrogates and a byte-order mark's absence lightly."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        offset = min(error.pos, len(text))
        if "infinity" in error.msg:
            raise JsonError("number", "a number beyond the range of a 64-bit float", offset=offset) from None
        raise JsonError("syntax", f"not JSON: {error.msg.partition(': line')[0]}", offset=offset) from None


def members(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """The path and the offset of every member and element of a valid JSON text, in order; of a member, its key's."""
    path: list[str | int] = []
    position = _skip(text, 0)
    while True:
        opening = text[position]
        after = _skip(text, position + 1) if opening in "{[" else position
        if opening in "{[" and text[after] not in "}]":
            path.append("" if opening == "{" else -1)
            position = after
        else:
            position = after + 1 if opening in "{[" else _end_of_scalar(text, position)
            position = _close(text, position, path)
            if not path:
                return
        position = yield from _enter(text, position, path)


def _enter(text: str, position: int, path: list[str | int]) -> Generator[tuple[tuple[str | int, ...], int], None, int]:
    """Read the key, or count the element, at ``position``; the returned position is its value's."""
    start = position
    last = path[-1]
    if isinstance(last, int):
        path[-1] = last + 1
    else:
        after = _end_of_scalar(text, position)
        path[-1] = json.loads(text[position:after])
        position = _skip(text, _skip(text, after) + 1)
    yield tuple(path), start
    return position


def _close(text: str, position: int, path: list[str | int]) -> int:
    """Leave every object and array that ends here; the position after the comma that follows."""
    position = _skip(text, position)
    while path and text[position] in "}]":
        path.pop()
        position = _skip(text, position + 1)
    return _skip(text, position + 1) if path else position


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _end_of_scalar(text: str, position: int) -> int:
    match = (_STRING if text[position] == '"' else _SCALAR).match(text, position)
    return match.end() if match else position + 1


def _duplicates(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    seen: set[tuple[str | int, ...]] = set()
    for path, offset in members(text):
        if path in seen:
            yield path, offset
        seen.add(path)


def locate(text: str, pointer: str) -> int | None:
    """The offset of what ``pointer`` leads to, or of its nearest parent; None for the root."""
    wanted = pointers.split(pointer)
    best, best_offset = 0, None
    for path, offset in members(text):
        length = len(path)
        if length > best and tuple(str(token) for token in path) == wanted[:length]:
            best, best_offset = length, offset
            if length == len(wanted):
                break
    return best_offset


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def dump(value: JsonValue) -> str:
    """Compact JSON, key order kept, numbers exact."""
    try:
        return _compact(value)
    except TypeError:  # a Decimal is in it
        return "".join(_chunks(value))


def _chunks(value: JsonValue) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield "{"
        for index, (key, member) in enumerate(value.items()):
            yield f"{',' if index else ''}{_scalar(key)}:"
            yield from _chunks(member)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for index, member in enumerate(value):
            if index:
                yield ","
            yield from _chunks(member)
        yield "]"
    else:
        yield _scalar(value)


def _scalar(value: str | float | Decimal | None) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def is_number(literal: str) -> bool:
    return _NUMBER.fullmatch(literal) is not None
