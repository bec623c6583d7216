"""Whether the beginning of a number can still become one within bounds.

An exponent may follow any digits: 151e-1 is 15.1, so 151 does not exceed a maximum of 20 yet. What the digits decide is
the sign and the significant digits; what an exponent decides is the order of magnitude.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

_PARTS: Final = re.compile(r"(-?)([0-9]*)(?:\.([0-9]*))?(?:([eE])([+-]?)([0-9]*))?")
_ZERO: Final = Fraction(0)
_FAR: Final = 400  # beyond it an exponent decides nothing that a double's range has not decided


class Bounds:
    """What ends a number early.

    ``low`` and ``high`` include themselves, None is no bound; ``values`` are sign and significant digits of the only
    values allowed (zero: False and "").
    """

    __slots__ = ("_free", "_sizes", "high", "integer", "low", "values")

    def __init__(
        self,
        low: Fraction | None = None,
        high: Fraction | None = None,
        *,
        integer: bool = False,
        values: tuple[tuple[bool, str], ...] | None = None,
    ) -> None:
        self.low = low
        self.high = high
        self.integer = integer
        self.values = values
        # The bounds on the absolute value, without and with a sign.
        positive = _ZERO if low is None else max(low, _ZERO), high
        negative = _ZERO if high is None else max(-high, _ZERO), None if low is None else -low
        self._sizes = positive, negative
        self._free = values is None and high is None and positive[0] == 0  # nothing ends a number without a sign

    def viable(self, prefix: str) -> bool:
        """``prefix`` is the beginning of a JSON number. False: no number that begins so is within the bounds."""
        if self._free and prefix[0] != "-":
            return True
        match = _PARTS.fullmatch(prefix)
        if match is None:
            return True
        sign, whole, part, exponent, exponent_sign, exponent_digits = match.groups()
        digits = (whole + (part or "")).lstrip("0")
        if self.values is not None and not _spells(self.values, sign == "-", digits, ended=exponent is not None):
            return False
        low, high = self._sizes[sign == "-"]
        if high is not None and low > high:
            return False
        if not digits:
            return exponent is None or low <= 0
        if not _reaches(int(digits), low, high, integer=self.integer):
            return False
        if exponent is None:
            return True
        power = min(int(exponent_digits or "0"), _FAR)
        return _magnitude(int(digits) * Fraction(10) ** -len(part or ""), exponent_sign, power, low, high)


def _spells(values: tuple[tuple[bool, str], ...], negative: bool, digits: str, *, ended: bool) -> bool:
    for sign, wanted in values:
        if not wanted:
            if not digits:
                return True  # a zero may have either sign
        elif (
            sign == negative
            and wanted.ljust(len(digits), "0").startswith(digits)
            and (not ended or len(digits) >= len(wanted))
        ):
            return True
    return False


def _reaches(digits: int, low: Fraction, high: Fraction | None, *, integer: bool) -> bool:
    """Whether digits, more digits and a power of ten give a size between ``low`` and ``high``. ``digits`` > 0."""
    if high is None or (low <= 0 < high and not integer):
        return True
    if high <= 0:
        return False
    if integer:
        low = max(low, Fraction(1))
    power = len(str(high.numerator)) - len(str(high.denominator)) - len(str(digits)) + 1
    while digits * Fraction(10) ** power > high:
        power -= 1
    # The largest power reaches the highest: below it every interval ends before this one begins.
    if integer and power >= 0:
        return (digits + 1) * Fraction(10) ** power - 1 >= low
    if integer:
        value = digits * Fraction(10) ** power
        return value.denominator == 1 and value >= low
    return (digits + 1) * Fraction(10) ** power > low


def _magnitude(mantissa: Fraction, sign: str, power: int, low: Fraction, high: Fraction | None) -> bool:
    if sign == "-":
        return mantissa * Fraction(10) ** -power >= low
    if sign == "+" or power:
        return high is None or mantissa * Fraction(10) ** power <= high
    return high is None or high > 0


def earliest(viable: Callable[[str], bool], literal: str) -> int | None:
    """The index of the first character after which ``literal`` is not viable."""
    for length in range(1, len(literal) + 1):
        if not viable(literal[:length]):
            return length - 1
    return None
