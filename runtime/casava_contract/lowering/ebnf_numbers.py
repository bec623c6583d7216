"""Numbers between bounds, in EBNF."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from casava_contract.lowering import ebnf

LARGEST: Final = 10**18
_FRACTION: Final = '("." [0-9]+)?'
_ABOVE_ZERO: Final = '"." [0-9]* [1-9] [0-9]*'
_EXPONENT: Final = "([eE] [+-]? [0-9]+)?"


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds, whether they are part of it, and None where there is none."""

    low: Decimal | None = None
    high: Decimal | None = None
    above: bool = False  # low itself is not part of it
    below: bool = False

    @property
    def whole(self) -> bool:
        """Whether numbers that are not integers can be held to the bounds exactly."""
        return all(bound is None or bound == bound.to_integral_value() for bound in (self.low, self.high))


def integers(bounds: Range) -> str | None:
    """The integers of a range; None where there are none."""
    low = None if bounds.low is None else _up(bounds.low, beyond=bounds.above)
    high = None if bounds.high is None else -_up(-bounds.high, beyond=bounds.below)
    ways = [*_naturals(max(low or 0, 0), high)]
    ways += [f'"-" {way}' for way in _naturals(max(-high if high is not None else 1, 1), None if low is None else -low)]
    return ebnf.either(*ways) if ways else None


def numbers(bounds: Range) -> str | None:
    """The numbers of a range, whose bounds are widened to integers; None where there are none.

    They are written without an exponent, except where there is no bound on their side of zero.
    """
    low = None if bounds.low is None else int(bounds.low.to_integral_value(ROUND_FLOOR))
    high = None if bounds.high is None else int(bounds.high.to_integral_value(ROUND_CEILING))
    above, below = bounds.above and bounds.low == low, bounds.below and bounds.high == high
    ways: list[str] = []
    if high is None or high >= 0:
        ways += _positive(max(low or 0, 0), high, above=above and (low or 0) >= 0, below=below)
    if low is None or low < 0:
        inner = 0 if high is None or high >= 0 else -high
        ways += [
            f'"-" {way}'
            for way in _positive(inner, None if low is None else -low, above=not inner or below, below=above)
        ]
    return ebnf.either(*ways) if ways else None


def _positive(low: int, high: int | None, *, above: bool, below: bool) -> list[str]:
    if high is None and low == 0:
        return [f'"0" {_ABOVE_ZERO if above else _FRACTION}', f"[1-9] [0-9]* {_FRACTION} {_EXPONENT}"]
    ways = []
    last = None if high is None else high - 1
    if above and (last is None or low <= last):
        ways.append(f"{ebnf.literal(str(low))} {_ABOVE_ZERO}")
    first = low + 1 if above else low
    ways += [f"{way} {_FRACTION}" for way in _naturals(first, last)]
    if high is not None and not below and high >= first:
        ways.append(ebnf.literal(str(high)))
    return ways


def _naturals(low: int, high: int | None) -> list[str]:
    """Ways to write the integers from ``low``, which is not negative, to ``high``."""
    if high is not None and high < low:
        return []
    ways: list[str] = []
    if low == 0:
        ways.append('"0"')
        low = 1
    if high is None:
        size = len(str(low))
        return [*ways, _same_length(str(low), "9" * size), f"[1-9] {ebnf.times('[0-9]', size, None)}"]
    for size in range(len(str(low)), len(str(high)) + 1):
        first, last = max(low, 10 ** (size - 1)), min(high, 10**size - 1)
        ways += [_same_length(str(first), str(last))] if first <= last else []
    return ways


def _same_length(low: str, high: str) -> str:
    if not low:
        return ebnf.EMPTY
    if low[0] == high[0]:
        return f"{ebnf.literal(low[0])} {_same_length(low[1:], high[1:])}"
    rest = len(low) - 1
    first, last = int(low[0]), int(high[0])
    ways: list[str] = []
    if low[1:] != "0" * rest:
        ways.append(f"{ebnf.literal(low[0])} {_same_length(low[1:], '9' * rest)}")
        first += 1
    tail: list[str] = []
    if high[1:] != "9" * rest:
        tail.append(f"{ebnf.literal(high[0])} {_same_length('0' * rest, high[1:])}")
        last -= 1
    if first <= last:
        ways.append(f"[{first}-{last}] {ebnf.times('[0-9]', rest, rest)}")
    return ebnf.either(*ways, *tail)


def _up(bound: Decimal, *, beyond: bool) -> int:
    """The first integer from the bound on."""
    first = int(bound.to_integral_value(ROUND_CEILING))
    return first + 1 if beyond and first == bound else first
