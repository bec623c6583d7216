"""The functions that a rule may call.

Beyond CEL's standard: sum, min, max, distinct, abs, round, lowerAscii, upperAscii and trim.
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

from casava_contract.cel import times, values
from casava_contract.cel.values import Failure, Instant, Meter, Span, TypeName, Value
from casava_contract.source import jsontext

Function = Callable[..., Value]  # the operands, then the Meter

_INT64: Final = 1 << 63
_ROUNDING: Final = Context(prec=2_000, rounding=ROUND_HALF_UP)
_MOST_PLACES: Final = 30
_CHANGED: Final = 16  # characters that are written anew in one step


def _string(value: Value, what: str) -> str:
    if type(value) is not str:
        raise Failure(f"{what} is not defined for {values.type_of(value)}")
    return value


def _list(value: Value, what: str) -> list[Value]:
    if type(value) is not list:
        raise Failure(f"{what} is not defined for {values.type_of(value)}")
    return value


def _size(value: Value, meter: Meter) -> int:
    meter.charge(1)
    if type(value) not in {str, list, dict}:
        raise Failure(f"size() is not defined for {values.type_of(value)}")
    return len(value)


def _of_two_strings(name: str, holds: Callable[[str, str], bool]) -> Function:
    def function(value: Value, part: Value, meter: Meter) -> bool:
        whole, sought = _string(value, name), _string(part, name)
        meter.read(whole, sought)
        return holds(whole, sought)

    return function


def _cased(name: str, change: Callable[[str], str]) -> Function:
    def function(value: Value, meter: Meter) -> str:
        whole = _string(value, name)
        meter.charge(1 + len(whole) // _CHANGED)
        return change(whole)

    return function


def _ascii(change: Callable[[str], str], letters: str) -> Callable[[str], str]:
    expression = re.compile(letters)
    return lambda text: expression.sub(lambda found: change(found[0]), text)


def _sum(value: Value, meter: Meter) -> Value:
    total: Value = 0
    for one in _list(value, "sum()"):
        if not values.is_number(one) and type(one) is not Span:
            raise Failure(f"sum() is not defined for {values.type_of(one)}")
        total = one if total == 0 and type(one) is Span else values.add(total, one, meter)
        meter.charge(2)
    return total if type(total) is Span else values.number(total, "sum()")


def _extreme(name: str, symbol: str) -> Function:
    better = values.compare(symbol)

    def function(value: Value, meter: Meter) -> Value:
        every = _list(value, name)
        if not every:
            raise Failure(f"{name} of an empty list")
        best = every[0]
        if len(every) == 1:
            better(best, best, meter)  # the one element must have an order too
        for one in every[1:]:
            meter.charge(1)
            if better(one, best, meter):
                best = one
        return best

    return function


def _distinct(value: Value, meter: Meter) -> list[Value]:
    """The elements that are not equal to one before them, in order."""
    seen: set[object] = set()
    kept = []
    for one in _list(value, "distinct()"):
        key = _key(one, meter)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept


def _key(value: Value, meter: Meter) -> object:
    """Equal for equal values alone."""
    meter.charge(1)
    if values.is_number(value):
        meter.charge(4)
        return ("number", values.key(values.number(value, "distinct()")))
    if type(value) is list:
        return ("list", tuple(_key(one, meter) for one in value))
    if type(value) is dict:
        return ("map", frozenset((name, _key(one, meter)) for name, one in value.items()))
    if type(value) is str:
        meter.read(value)
    return (values.type_of(value), value)


def _abs(value: Value, _: Meter) -> Value:
    exact = values.number(value, "abs()")
    return abs(exact) if type(exact) is int else exact.copy_abs()  # type: ignore[union-attr]


def _round(value: Value, places: Value, meter: Meter) -> Value:
    """To so many decimal places, halves away from zero."""
    meter.charge(1)
    at = values.whole(places, "round()")
    if abs(at) > _MOST_PLACES:
        raise Failure(f"round() to more than {_MOST_PLACES} places")
    try:
        return _ROUNDING.quantize(Decimal(values.number(value, "round()")), Decimal(1).scaleb(-at))
    except InvalidOperation:
        raise Failure("round() of a number with too many digits") from None


def _int(value: Value, meter: Meter) -> int:
    if type(value) is str:
        meter.read(value)
        if not re.fullmatch(r"-?[0-9]{1,19}", value):
            raise Failure("int() of a string that is not a whole number")
        result = int(value)
    elif type(value) is Instant:
        return value.nanoseconds // 10**9
    else:
        exact = values.number(value, "int()")
        if not -_INT64 - 1 < exact < _INT64:
            raise Failure("int() of a number beyond 64 bits")
        result = int(exact)
    if not -_INT64 <= result < _INT64:
        raise Failure("int() of a number beyond 64 bits")
    return result


def _double(value: Value, meter: Meter) -> Value:
    if type(value) is not str:
        return values.number(value, "double()")
    meter.read(value)
    if not jsontext.is_number(value):
        raise Failure("double() of a string that is not a number")
    try:
        return values.number(jsontext.number(value, 400), "double()")
    except jsontext.JsonError:
        raise Failure("double() of a number beyond the range of a 64-bit float") from None


def _to_string(value: Value, meter: Meter) -> str:
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    meter.charge(1)
    return values.text(values.number(value, "string()"))


def _timestamp(value: Value, meter: Meter) -> Instant:
    meter.charge(4)
    return value if type(value) is Instant else times.timestamp(_string(value, "timestamp()"))


def _duration(value: Value, meter: Meter) -> Span:
    meter.charge(4)
    return value if type(value) is Span else times.duration(_string(value, "duration()"))


def _type(value: Value, _: Meter) -> TypeName:
    return TypeName(values.type_of(value))


def _negate(value: Value, meter: Meter) -> Value:
    if type(value) is Span:
        return Span(-value.nanoseconds)
    return values.subtract(0, values.number(value, "-"), meter)


FUNCTIONS: Final[dict[str, Function]] = {
    "size": _size,
    "contains": _of_two_strings("contains()", lambda whole, part: part in whole),
    "startsWith": _of_two_strings("startsWith()", str.startswith),
    "endsWith": _of_two_strings("endsWith()", str.endswith),
    "lowerAscii": _cased("lowerAscii()", _ascii(str.lower, "[A-Z]+")),
    "upperAscii": _cased("upperAscii()", _ascii(str.upper, "[a-z]+")),
    "trim": _cased("trim()", str.strip),
    "sum": _sum,
    "min": _extreme("min()", "<"),
    "max": _extreme("max()", ">"),
    "distinct": _distinct,
    "abs": _abs,
    "round": _round,
    "int": _int,
    "double": _double,
    "string": _to_string,
    "timestamp": _timestamp,
    "duration": _duration,
    "type": _type,
    "dyn": lambda value, _: value,
    "-_": _negate,
    "_+_": values.add,
    "_-_": values.subtract,
    "_*_": values.multiply,
    "_/_": values.divide,
    "_%_": values.remainder,
    "_==_": values.equal,
    "_!=_": lambda left, right, meter: not values.equal(left, right, meter),
    "_<_": values.compare("<"),
    "_<=_": values.compare("<="),
    "_>_": values.compare(">"),
    "_>=_": values.compare(">="),
    "_[_]": values.element,
    "@in": values.contains,
}
_OF_TWO: Final = frozenset({"contains", "startsWith", "endsWith", "round", "@in"})
ARITY: Final[dict[str, int]] = {
    **{name: 2 if name in _OF_TWO or (name.startswith("_") and name.endswith("_")) else 1 for name in FUNCTIONS},
    "_[_]": 2,
    "_&&_": 2,
    "_||_": 2,
    "_?_:_": 3,
    "!_": 1,
    "matches": 2,
}
TYPES: Final = frozenset(
    {"bool", "int", "double", "string", "list", "map", "null_type", "type"}
    | {"google.protobuf.Timestamp", "google.protobuf.Duration"}
)  # fmt: skip
