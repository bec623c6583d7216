"""Grammars as xgrammar 0.1.25 reads them: the parts of its EBNF that mean what they say.

Measured on its library: a class that lists characters beyond ASCII takes others than those (``[\\u1000-\\u1fff]`` takes
U+0001 to U+007F), while a negated class of ASCII characters takes every other character, and as one also bytes that are
no UTF-8. So classes are ASCII here; characters beyond it are written in literals or let pass by a negated class.

And it is slow where it counts letters up to a most: over a vocabulary of 49,152 words it took about 0.1 s to find
those that may come next for at most 32 of any characters, 0.2 to 0.3 s for 400, and every answer of the engine waits
for it. A fixed count, a least, and few characters to choose from cost little (one run each, on busy cores).
"""

from collections.abc import Iterable
from typing import Final

EMPTY: Final = '""'
CONTROL: Final = frozenset(map(chr, range(0x20)))
ANY: Final = 1 << 20  # choices, where characters beyond ASCII are among them
_ASCII: Final = range(0x20, 0x7F)
_FEW_CHOICES: Final = 16
_SHORT: Final = 8


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


def is_slow(choices: int, least: int, most: int | None) -> bool:
    """Whether to count some of so many different characters is too slow."""
    return most is not None and choices > _FEW_CHOICES and most - least > _SHORT


class Rules:
    """A grammar as it is written, in the order in which the names were given.

    An engine works for every rule and every word of its vocabulary, so what has been said once is referred to.
    """

    def __init__(self) -> None:
        self._bodies: dict[str, str] = {}
        self._names: dict[str, str] = {}  # by body

    def name(self) -> str:
        """A name for a rule that follows."""
        made = f"r{len(self._bodies)}"
        self._bodies[made] = ""
        return made

    def add(self, body: str) -> str:
        if body not in self._names:
            self.define(self.name(), body)
        return self._names[body]

    def define(self, name: str, body: str) -> None:
        self._bodies[name] = self._names.setdefault(body, name)
        if self._bodies[name] == name:
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
