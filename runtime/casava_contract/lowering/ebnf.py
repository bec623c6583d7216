"""Grammars as xgrammar 0.1.25 reads them: the parts of its EBNF that mean what they say.

Measured on its library: a class that lists characters beyond ASCII takes others than those (``[\\u1000-\\u1fff]`` takes
U+0001 to U+007F), while a negated class of ASCII characters takes every other character, and as one also bytes that are
no UTF-8. So classes are ASCII here; characters beyond it are written in literals or let pass by a negated class.
"""

from collections.abc import Iterable
from typing import Final

EMPTY: Final = '""'
CONTROL: Final = frozenset(map(chr, range(0x20)))
_ASCII: Final = range(0x20, 0x7F)


def literal(text: str) -> str:
    """Exactly this text."""
    return '"' + "".join(_escaped(char, '"\\') for char in text) + '"'


def one_of(chars: Iterable[str]) -> str:
    """One of some ASCII characters."""
    return f"[{_class(chars)}]"


def none_of(chars: Iterable[str]) -> str:
    """One character that is none of some ASCII characters."""
    return f"[^{_class(chars)}]"


def either(*alternatives: str) -> str:
    return alternatives[0] if len(alternatives) == 1 else f"({' | '.join(alternatives)})"


def times(expression: str, least: int, most: int | None) -> str:
    """An expression again and again."""
    if (least, most) == (1, 1):
        return expression
    if most == 0:
        return EMPTY
    return f"({expression}){{{least},{'' if most is None else most}}}"


class Rules:
    """A grammar as it is written: every rule once, in the order in which the names were given."""

    def __init__(self) -> None:
        self._bodies: dict[str, str] = {}

    def name(self) -> str:
        """A name for a rule that follows."""
        made = f"r{len(self._bodies)}"
        self._bodies[made] = ""
        return made

    def add(self, body: str) -> str:
        made = self.name()
        self._bodies[made] = body
        return made

    def define(self, name: str, body: str) -> None:
        self._bodies[name] = body

    def text(self) -> str:
        return "".join(f"{name} ::= {body}\n" for name, body in self._bodies.items())


def _class(chars: Iterable[str]) -> str:
    """Runs of more than two characters as ranges."""
    points = sorted(map(ord, set(chars)))
    out, start = [], 0
    for index, point in enumerate(points):
        if index + 1 < len(points) and points[index + 1] == point + 1:
            continue
        low, high = chr(points[start]), chr(point)
        run = f"{_in_class(low)}-{_in_class(high)}" if index - start > 1 else None
        out.append(run or "".join(_in_class(chr(p)) for p in points[start : index + 1]))
        start = index + 1
    return "".join(out)


def _in_class(char: str) -> str:
    return _escaped(char, '\\]^-["')


def _escaped(char: str, special: str) -> str:
    if char in special:
        return f"\\{char}"
    point = ord(char)
    return char if point in _ASCII or (char.isprintable() and point > 0x7F) else f"\\U{point:08x}"  # noqa: PLR2004
