"""Regular expressions of the proven kind (casava_contract.patterns) in EBNF, over the characters of a JSON string."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from casava_contract.lowering import ebnf

_DIGITS: Final = frozenset("0123456789")
_WORD: Final = _DIGITS | set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAMED: Final = {"d": _DIGITS, "w": _WORD, "D": _DIGITS, "W": _WORD}
_QUANTIFIER: Final = re.compile(r"([*+?]|\{(?P<least>[0-9]+)(?:,(?P<most>[0-9]*))?\})\??")
_QUOTE: Final = ebnf.literal('\\"')
_BACKSLASH: Final = ebnf.literal("\\\\")


class TooSlowError(Exception):
    """The expression counts what the engine cannot count in time."""


@dataclass(slots=True)
class Translated:
    """``exact``: what the grammar takes matches the expression, even where an engine takes what is no UTF-8."""

    body: str
    exact: bool


def in_json(pattern: str, char: str) -> Translated:
    """All JSON strings in which a proven pattern is found; ``char`` is a rule for any character of a string.

    Raises TooSlowError.
    """
    body, before, after = pattern, f"({char})* ", f" ({char})*"
    if body.startswith("^"):
        body, before = body[1:], ""
    if body.endswith("$") and not body.endswith("\\$"):
        body, after = body[:-1], ""
    translator = _Translator(body)
    text = " ".join(translator.pieces())
    quote = ebnf.literal('"')
    return Translated(f"{quote} {before}({text}){after} {quote}", translator.exact)


class _Translator:
    def __init__(self, body: str) -> None:
        self._body = body
        self._at = 0
        self.exact = True

    def pieces(self) -> Iterator[str]:
        open_end = True  # nothing since the last "(" or "|"
        while self._at < len(self._body):
            char = self._body[self._at]
            if char == "(":
                self._at += 3 if self._body.startswith("(?:", self._at) else 1
                yield "("
                open_end = True
            elif char in "|)":
                self._at += 1
                yield from [ebnf.EMPTY] if open_end else []
                yield char if char == "|" else f"){self._quantifier(ebnf.ANY)}"
                open_end = char == "|"
            else:
                yield self._atom()
                open_end = False
        yield from [ebnf.EMPTY] if open_end else []

    def _atom(self) -> str:
        chars, negated = self._set()
        expression = self._negated(chars) if negated else self._listed(chars)
        quantifier = self._quantifier(ebnf.ANY if negated else len(chars))
        if negated and not quantifier.startswith(("*", "+")):
            self.exact = False  # one such character may become several when the engine's bytes become text
        return f"({expression}){quantifier}"

    def _quantifier(self, choices: int) -> str:
        found = _QUANTIFIER.match(self._body, self._at)
        if found is None:
            return ""
        self._at = found.end()
        if found["most"] and ebnf.is_slow(choices, int(found["least"]), int(found["most"])):
            raise TooSlowError
        return found[1]

    def _set(self) -> tuple[frozenset[str], bool]:
        """The characters of one atom, or those that it leaves out."""
        char = self._next()
        if char == ".":
            self.exact = False  # U+2028 and U+2029 cannot be left out
            return frozenset("\n\r"), True
        if char == "\\":
            escaped = self._next()
            return frozenset(_NAMED.get(escaped, escaped)), escaped in "DW"
        if char != "[":
            return frozenset(char), False
        negated = self._body[self._at] == "^"
        self._at += negated
        return frozenset(self._members()), negated

    def _members(self) -> Iterator[str]:
        while (char := self._next()) != "]":
            if char == "\\":
                escaped = self._next()
                yield from _NAMED.get(escaped, escaped)
            elif self._body[self._at] == "-" and self._body[self._at + 1] != "]":
                self._at += 1
                yield from map(chr, range(ord(char), ord(self._next()) + 1))
            else:
                yield char

    def _next(self) -> str:
        char = self._body[self._at]
        self._at += 1
        return char

    def _listed(self, chars: frozenset[str]) -> str:
        special = {'"', "\\"} & chars
        ways = [ebnf.one_of(chars - special)] if chars - special else []
        return ebnf.either(*ways, *(_QUOTE if char == '"' else _BACKSLASH for char in sorted(special)))

    def _negated(self, chars: frozenset[str]) -> str:
        ways = [ebnf.none_of(ebnf.CONTROL | {'"', "\\"} | chars)]
        return ebnf.either(*ways, *(way for char, way in (('"', _QUOTE), ("\\", _BACKSLASH)) if char not in chars))
