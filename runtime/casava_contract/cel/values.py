"""Values of CEL and what may be done with them: equality, order, arithmetic. Every step is counted.

A value is what JSON text is read to (jsontext.JsonValue), or an Instant, a Span or a TypeName. Numbers are one kind: an
int or a decimal, exactly as written; a float stands for the decimal of at most 15 digits that it was read from.
"""

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Any, Final, TypeAlias

from casava_contract.errors import shorten

Value: TypeAlias = Any  # JsonValue | Instant | Span | TypeName
Number: TypeAlias = "int | Decimal"

_DIGITS: Final = 1_000
_EXACT: Final = Context(prec=_DIGITS, traps=[Inexact, InvalidOperation, Overflow])
_DIVISION: Final = Context(prec=34, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
_CHARACTERS: Final = 64  # of a string that count as one step
_MOST_BITS: Final = 3_322  # of an integer of 1,000 digits


class Failure(Exception):  # noqa: N818 - CEL's own error value, which && and || may absorb
    """The expression has no value; says why, with no part of the answer but names."""


class Spent(Exception):  # noqa: N818 - not an error of the expression
    """More steps than are allowed."""


class Meter:
    """Steps that are left. ``places``: JSON pointers of the elements that variables stand for, by slot."""

    __slots__ = ("left", "places")

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.places: dict[int, str | None] = {}

    def charge(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise Spent

    def read(self, *texts: str) -> None:
        """Charge for reading or writing strings."""
        self.charge(1 + sum(map(len, texts)) // _CHARACTERS)


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A timestamp: nanoseconds since 1970."""

    nanoseconds: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A duration."""

    nanoseconds: int


@dataclass(frozen=True, slots=True)
class TypeName:
    name: str


_NAMES: Final[dict[type, str]] = {
    str: "string",
    dict: "map",
    list: "list",
    bool: "bool",
    type(None): "null_type",
    Instant: "google.protobuf.Timestamp",
    Span: "google.protobuf.Duration",
    TypeName: "type",
}


def type_of(value: Value) -> str:
    """The name of the value's type in CEL: a number of JSON is a double."""
    return _NAMES.get(type(value), "double")


def is_number(value: Value) -> bool:
    return type(value) in _NUMERIC


_NUMERIC: Final = frozenset({int, float, Decimal})


def number(value: Value, what: str) -> Number:
    """The exact number. Raises Failure."""
    if type(value) is int or type(value) is Decimal:
        return value
    if type(value) is float:
        return Decimal(repr(value))
    raise Failure(f"{what} is not defined for {type_of(value)}")


def no_overload(symbol: str, left: Value, right: Value) -> Failure:
    return Failure(f"{symbol} is not defined between {type_of(left)} and {type_of(right)}")


def equal(left: Value, right: Value, meter: Meter) -> bool:
    """CEL's ==, across types: what is not of the same kind is not equal."""
    kind = type(left)
    meter.charge(1)
    if kind is not type(right):
        return kind in _NUMERIC and type(right) in _NUMERIC and number(left, "==") == number(right, "==")
    if kind is list:
        return len(left) == len(right) and _equal_pairs(zip(left, right, strict=True), meter)
    if kind is dict:
        if len(left) != len(right):
            return False
        meter.charge(len(left))
        return left.keys() == right.keys() and _equal_pairs(((one, right[key]) for key, one in left.items()), meter)
    if kind is str:
        meter.read(left)
    return bool(left == right)


def _equal_pairs(pairs: Iterable[tuple[Value, Value]], meter: Meter) -> bool:
    return all(equal(one, other, meter) for one, other in pairs)


def compare(symbol: str) -> Callable[[Value, Value, Meter], bool]:
    """One of < <= > >=. Raises Failure where the two have no order."""
    holds: Callable[[Any, Any], bool] = _ORDERS[symbol]

    def ordered(left: Value, right: Value, meter: Meter) -> bool:
        if type(left) in _NUMERIC and type(right) in _NUMERIC:
            return holds(number(left, symbol), number(right, symbol))
        if type(left) is not type(right) or type(left) not in _ORDERED:
            raise no_overload(symbol, left, right)
        if type(left) is str:
            meter.read(left)
        return holds(left, right)

    return ordered


_ORDERED: Final = frozenset({str, bool, Instant, Span})
_ORDERS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _exact(symbol: str, left: Number, right: Number, meter: Meter) -> Number:
    """The exact sum, difference or product."""
    if type(left) is int and type(right) is int:
        if left.bit_length() + right.bit_length() > _MOST_BITS:
            raise Failure(f"a number of more than {_DIGITS} digits")
        return _WHOLE[symbol](left, right)
    meter.charge(1)
    try:
        return _DECIMAL[symbol](left, right)
    except (Inexact, InvalidOperation, Overflow):
        raise Failure(f"a number of more than {_DIGITS} digits") from None


_WHOLE: Final[dict[str, Callable[[int, int], int]]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_DECIMAL: Final[dict[str, Callable[[Number, Number], Decimal]]] = {
    "+": _EXACT.add,
    "-": _EXACT.subtract,
    "*": _EXACT.multiply,
}


def add(left: Value, right: Value, meter: Meter) -> Value:
    if type(left) in _NUMERIC and type(right) in _NUMERIC:
        return _exact("+", number(left, "+"), number(right, "+"), meter)
    if type(left) is str and type(right) is str:
        meter.read(left, right)
        return left + right
    if type(left) is list and type(right) is list:
        meter.charge(1 + len(left) + len(right))
        return left + right
    if type(left) is Span and type(right) in {Span, Instant}:
        return type(right)(left.nanoseconds + right.nanoseconds)
    if type(left) is Instant and type(right) is Span:
        return Instant(left.nanoseconds + right.nanoseconds)
    raise no_overload("+", left, right)


def subtract(left: Value, right: Value, meter: Meter) -> Value:
    if type(left) in _NUMERIC and type(right) in _NUMERIC:
        return _exact("-", number(left, "-"), number(right, "-"), meter)
    if type(left) in {Span, Instant} and type(right) is type(left):
        return Span(left.nanoseconds - right.nanoseconds)
    if type(left) is Instant and type(right) is Span:
        return Instant(left.nanoseconds - right.nanoseconds)
    raise no_overload("-", left, right)


def multiply(left: Value, right: Value, meter: Meter) -> Value:
    if type(left) in _NUMERIC and type(right) in _NUMERIC:
        return _exact("*", number(left, "*"), number(right, "*"), meter)
    raise no_overload("*", left, right)


def divide(left: Value, right: Value, meter: Meter) -> Value:
    """To 34 digits, which is exact where 34 digits suffice."""
    if type(left) not in _NUMERIC or type(right) not in _NUMERIC:
        raise no_overload("/", left, right)
    meter.charge(1)
    dividend, divisor = number(left, "/"), number(right, "/")
    if divisor == 0:
        raise Failure("a division by zero")
    try:
        return _DIVISION.divide(dividend, divisor)
    except (InvalidOperation, Overflow):
        raise Failure(f"a number of more than {_DIGITS} digits") from None


def whole(value: Value, what: str) -> int:
    """The number as an int, where it is one. Raises Failure."""
    exact = number(value, what)
    if type(exact) is int:
        return exact
    if exact != 0 and exact.adjusted() > _DIGITS:  # type: ignore[union-attr]
        raise Failure(f"a number of more than {_DIGITS} digits")
    if exact != exact.to_integral_value():  # type: ignore[union-attr]
        raise Failure(f"{what} asks for a whole number")
    return int(exact)


def quotient(left: Value, right: Value, _: Meter) -> Value:
    """Of two ints, truncated."""
    return _truncated(left, right)[0]


def remainder(left: Value, right: Value, _: Meter) -> Value:
    """Of two whole numbers, with the sign of the first."""
    return _truncated(left, right)[1]


def _truncated(left: Value, right: Value) -> tuple[int, int]:
    dividend, divisor = whole(left, "%"), whole(right, "%")
    if divisor == 0:
        raise Failure("a division by zero")
    times = abs(dividend) // abs(divisor)
    result = times if (dividend < 0) == (divisor < 0) else -times
    return result, dividend - result * divisor


def text(value: Number) -> str:
    """A number in as few characters as it takes, without an exponent where that is short."""
    if type(value) is int:
        return str(value)
    exact = value.normalize(_EXACT)  # type: ignore[union-attr]
    return format(exact, "f") if -_PLAIN < exact.adjusted() < _PLAIN else str(exact)


_PLAIN: Final = 21


def key(value: Number) -> str:
    """The same text for the same number alone. Texts are hashed with a secret: numbers can be made to collide."""
    return str(_EXACT.normalize(Decimal(value))) if value != 0 else "0"


def member(value: Value, name: str) -> Value:
    """``value.name``. Raises Failure."""
    if type(value) is not dict:
        raise Failure(f"{shorten(name, 40)!r} is asked of {type_of(value)}")
    if name not in value:
        raise Failure(f"{shorten(name, 40)!r} is missing")
    return value[name]


def element(value: Value, key: Value, meter: Meter) -> Value:
    """``value[key]``. Raises Failure."""
    meter.charge(1)
    if type(value) is list:
        at = whole(key, "an index")
        if not 0 <= at < len(value):
            raise Failure("an index is out of range")
        return value[at]
    if type(key) is not str:
        raise no_overload("[]", value, key)
    return member(value, key)


def contains(needle: Value, hay: Value, meter: Meter) -> bool:
    """``needle in hay``."""
    if type(hay) is list:
        found = False
        for one in hay:
            meter.charge(1)
            if equal(needle, one, meter):
                found = True
                break
        return found
    if type(hay) is dict:
        meter.charge(1)
        return type(needle) is str and needle in hay
    raise no_overload("in", needle, hay)
