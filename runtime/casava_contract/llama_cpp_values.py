"""Which numbers, formats and regular expressions mean to the engine what they mean to JSON Schema."""

import re
from decimal import Decimal
from typing import Final

from casava_contract.jsontext import JsonValue

_LARGEST: Final = 2**53  # the engine holds bounds and constants as doubles
_DIGITS: Final = 15
_SMALLEST: Final = Decimal("1e-9")

# Every string that the engine's expression of the format allows is valid to the oracle.
FORMATS_PROVEN: Final = frozenset({"date", "ipv4", "uuid"})
# The engine knows these too, but allows more than the oracle.
FORMATS_KEPT: Final = frozenset({"date-time", "time", "duration", "email", "hostname", "ipv6"})

# Expressions that both engines read alike: literals, escapes of punctuation, the dot, \d and \w (ASCII to both),
# classes, groups, quantifiers, and anchors at the ends. Not \s (they differ on U+0085 and U+FEFF), and no class that
# excludes the quote or the backslash: of those the engine lets the escaped form pass.
_ATOM: Final = r"(?:[A-Za-z0-9 _,:;@#%&=~<>!'\"`/.-]|\\[dDwW./+*?()\[\]{}|^$\\-])"
_RANGE: Final = "[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]"
_IN_CLASS: Final = r"[A-Za-z0-9 _,:;@#%=<>!'`/.+*?(){}|$]|\\[dw./+*?()\[\]{}|^$-]"
_CLASS: Final = rf"""\[(?:\^(?:{_RANGE}|{_IN_CLASS})+|(?:{_RANGE}|{_IN_CLASS}|"|\\\\)+)-?\]"""
_QUANTIFIER: Final = r"(?:(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)?"
_TOKEN: Final = re.compile(rf"(?:{_ATOM}|{_CLASS}){_QUANTIFIER}|\((?:\?:)?(?!\?)|\){_QUANTIFIER}|\|")


def exact(value: JsonValue) -> bool:
    """Whether every number in the value survives as a double, written without an exponent."""
    if isinstance(value, dict):
        return all(exact(member) for member in value.values())
    if isinstance(value, list):
        return all(exact(element) for element in value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return True
    if value == 0:
        return True
    number = Decimal(str(value))
    short = len(number.normalize().as_tuple().digits) <= _DIGITS or isinstance(value, int)
    return short and _SMALLEST <= abs(number) <= _LARGEST


def proven_pattern(pattern: str) -> bool:
    body = pattern.removeprefix("^")
    if body.endswith("$") and not body.endswith("\\$"):
        body = body[:-1]
    if "|" in body and len(body) != len(pattern):
        return False  # ^a|b$ anchors each alternative on one side only
    position = 0
    while position < len(body):
        token = _TOKEN.match(body, position)
        if token is None:
            return False
        position = token.end()
    return True
