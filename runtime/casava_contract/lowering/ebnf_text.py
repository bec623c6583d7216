"""Expressions and grammars over plain text in EBNF."""

from collections.abc import Iterable, Mapping
from typing import Final

from casava_contract.grammars.syntax import HIGHEST, Chars, Choice, Node, Range, Reference, Repeat, Sequence
from casava_contract.lowering import ebnf

_ASCII: Final = 0x80
_BEYOND: Final = ((_ASCII, 0xD7FF), (0xE000, HIGHEST))
_FEW: Final = 64
_SET: Final = "the engine's grammar cannot say a set of characters beyond ASCII"
_SLOW: Final = "a maximum length is too slow to count in this engine"


class UnsayableError(Exception):
    """The message says what the engine's grammar cannot say."""


class Printer:
    """``exact``: what the grammar takes matches the rules, even where an engine takes what is no UTF-8."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {name: f"t{index}" for index, name in enumerate(names)}
        self.exact = True

    def grammar(self, rules: Mapping[str, Node], start: str) -> str:
        """Raises UnsayableError."""
        body = "".join(f"{self._names[name]} ::= {self.expression(tree)}\n" for name, tree in rules.items())
        return f"root ::= {self._names[start]}\n{body}"

    def expression(self, node: Node) -> str:
        """Raises UnsayableError."""
        match node:
            case Chars():
                return self._one(node, alike=False)
            case Sequence(parts):
                return " ".join(self._grouped(part) for part in parts) or ebnf.EMPTY
            case Choice(options):
                return " | ".join(map(self.expression, options))
            case Repeat(part, least, most):
                if ebnf.is_slow(_choices(part), least, most):
                    raise UnsayableError(_SLOW)
                alike = isinstance(part, Chars) and least <= 1 and most is None
                inner = self._one(part, alike=alike) if isinstance(part, Chars) else self.expression(part)
                return ebnf.times(inner, least, most)
            case Reference(name):
                return self._names[name]

    def _grouped(self, node: Node) -> str:
        return f"({self.expression(node)})"

    def _one(self, chars: Chars, *, alike: bool) -> str:
        """One character. ``alike``: several in its place match as well."""
        if chars.properties or chars.negated:
            raise UnsayableError(_SET)
        ascii_part = {chr(code) for low, high in chars.ranges for code in range(low, min(high, _ASCII - 1) + 1)}
        beyond = tuple((max(low, _ASCII), high) for low, high in chars.ranges if high >= _ASCII)
        if beyond == _BEYOND:
            self.exact &= alike  # one that is no UTF-8 may become several when the engine's bytes become text
            return ebnf.none_of({chr(code) for code in range(_ASCII)} - ascii_part)
        ways = [ebnf.one_of(ascii_part)] if ascii_part else []
        ways += map(ebnf.literal, _listed(beyond))
        if not ways:
            raise UnsayableError(_SET)
        return f"({' | '.join(ways)})"


def _choices(node: Node) -> int:
    """Characters to choose from, as far as they are one character."""
    return sum(high - low + 1 for low, high in node.ranges) if isinstance(node, Chars) else ebnf.ANY


def _listed(ranges: tuple[Range, ...]) -> list[str]:
    if sum(high - low + 1 for low, high in ranges) > _FEW:
        raise UnsayableError(_SET)
    return [chr(code) for low, high in ranges for code in range(low, high + 1)]
