"""The parsed expression as the library hands it over, the protobuf message cel.expr.ParsedExpr, without protobuf.

Field numbers are those of cel/expr/syntax.proto.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final, cast

from casava_contract.cel.nodes import (
    Call,
    Comprehension,
    Const,
    Ident,
    ListOf,
    MapOf,
    Node,
    Select,
    UnsupportedError,
    macro,
)

_VARINT: Final = 0
_FIXED64: Final = 1
_BYTES: Final = 2
_MORE: Final = 128  # the bit of a varint's byte that says that another follows
_SIGN: Final = 1 << 63
_PARSED: Final = 2  # Any.value
_EXPR: Final = 2  # ParsedExpr.expr


def read(serialized: bytes) -> Node:
    """The expression in an Any that holds a ParsedExpr. Raises UnsupportedError."""
    return _Reader().node(_once(_once(serialized)[_PARSED])[_EXPR])


def _once(message: object) -> dict[int, object]:
    """The fields of a message that come once."""
    return dict(_fields(message))


def _text(value: object) -> str:
    return cast(bytes, value).decode()


def _fields(message: object) -> Iterator[tuple[int, object]]:
    data = cast(bytes, message)
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value: object
        if key & 7 == _VARINT:
            value, at = _varint(data, at)
        elif key & 7 == _FIXED64:
            value, at = data[at : at + 8], at + 8
        elif key & 7 == _BYTES:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise UnsupportedError("this form of expression")
        yield key >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < _MORE:
            return value, at
        shift += 7


class _Reader:
    def __init__(self) -> None:
        self._forms: dict[int, Callable[[object], Node]] = {
            3: _constant,
            4: lambda data: Ident(_text(_once(data)[1])),
            5: self._select,
            6: self._call,
            7: lambda data: ListOf(tuple(self.node(value) for number, value in _fields(data) if number == 1)),
            8: lambda data: MapOf(tuple(self._entry(value) for number, value in _fields(data) if number == _ENTRY)),
            9: self._comprehension,
        }

    def node(self, message: object) -> Node:
        for number, value in _fields(message):
            if number in self._forms:
                return self._forms[number](value)
        raise UnsupportedError("this form of expression")

    def _select(self, data: object) -> Node:
        fields = _once(data)
        return Select(self.node(fields[1]), _text(fields[2]), test=bool(fields.get(3)))

    def _call(self, data: object) -> Node:
        name, operands = "", []
        for number, value in _fields(data):
            if number == _FUNCTION:
                name = _text(value)
            else:
                operands.append(self.node(value))
        return Call(name, tuple(operands))

    def _entry(self, data: object) -> tuple[Node, Node]:
        fields = _once(data)
        if _MAP_KEY not in fields:
            raise UnsupportedError("a message")
        return self.node(fields[_MAP_KEY]), self.node(fields[_VALUE])

    def _comprehension(self, data: object) -> Node:
        fields = _once(data)
        over, start, step = (self.node(fields[number]) for number in (2, 4, 6))
        return macro(Comprehension(_text(fields[1]), over, _text(fields[3]), start, step))


_ENTRY: Final = 2  # CreateStruct.entries
_FUNCTION: Final = 2  # Call.function
_MAP_KEY: Final = 3
_VALUE: Final = 4


def _constant(data: object) -> Node:
    ((number, value),) = _fields(data)
    match number:
        case 1:
            return Const(None)
        case 2:
            return Const(bool(value))
        case 3:
            whole = cast(int, value)
            return Const(whole - 2 * _SIGN if whole >= _SIGN else whole)
        case 5:
            return Const(cast(float, struct.unpack("<d", cast(bytes, value))[0]))
        case 6:
            return Const(_text(value))
    raise UnsupportedError("an unsigned integer: leave out the u" if number == _UINT64 else "bytes")


_UINT64: Final = 4
