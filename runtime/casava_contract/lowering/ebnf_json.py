"""JSON's own words in EBNF: one space after ``:`` and ``,`` and no other white space."""

from collections.abc import Iterable, Iterator
from typing import Final

from casava_contract import jsontext
from casava_contract.jsontext import JsonValue
from casava_contract.lowering import ebnf

SEPARATOR: Final = '", "'
COLON: Final = '": "'
QUOTE: Final = ebnf.literal('"')
_SPECIAL: Final = ebnf.CONTROL | {'"', "\\"}  # what no string holds as it is
PLAIN: Final = ebnf.none_of(_SPECIAL)  # a character that stands for itself
ESCAPED: Final = '"\\\\" [\\"\\\\/bfnrt]'

_MOST_KEY_CHARACTERS: Final = 4_000


class Words(ebnf.Rules):
    """The rules that any JSON grammar may need, each made when first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, str] = {}

    def char(self) -> str:
        return self._word("char", ebnf.either(PLAIN, ESCAPED))

    def string(self) -> str:
        return self._word("string", f"{QUOTE} ({self.char()})* {QUOTE}")

    def integer(self) -> str:
        return self._word("integer", '"-"? ("0" | [1-9] [0-9]*)')

    def number(self) -> str:
        return self._word("number", f'{self.integer()} ("." [0-9]+)? ([eE] [+-]? [0-9]+)?')

    def anything(self) -> str:
        if "anything" not in self._made:
            name = self._made["anything"] = self.name()
            parts = (
                self.string(),
                self.number(),
                '"true" | "false" | "null"',
                self.any_object(),
                f'"[" ({name} ({SEPARATOR} {name})*)? "]"',
            )
            self.define(name, " | ".join(parts))
        return self._made["anything"]

    def any_object(self) -> str:
        member = f"{self.string()} {COLON} {self.anything()}"
        return f'"{{" ({member} ({SEPARATOR} {member})*)? "}}"'

    def key_but(self, names: Iterable[str]) -> str | None:
        """Any key, written without escapes, that is none of some; None where that cannot be said."""
        known = [name for name in names if not _needs_escape(name)]
        if not all(map(str.isascii, known)) or sum(map(len, known)) > _MOST_KEY_CHARACTERS:
            return None
        return f"{QUOTE} {self._but(known)} {QUOTE}"

    def _but(self, names: list[str]) -> str:
        """One rule for each beginning of a name, those that are longer first."""
        beginnings = {name[:length] for name in names for length in range(len(name) + 1)} | {""}
        rules: dict[str, str] = {}
        following: dict[str, list[str]] = {}
        for beginning in sorted(beginnings, key=len, reverse=True):
            nexts = following.get(beginning, [])
            ways = [f"{ebnf.none_of(_SPECIAL.union(nexts))} ({PLAIN})*"]
            ways += [f"{ebnf.literal(char)} {rules[beginning + char]}" for char in nexts]
            ways += [] if beginning in names else [ebnf.EMPTY]
            rules[beginning] = self.add(" | ".join(ways))
            if beginning:
                following.setdefault(beginning[:-1], []).append(beginning[-1])
        return rules[""]

    def _word(self, name: str, body: str) -> str:
        if name not in self._made:
            self._made[name] = self.add(body)
        return self._made[name]


def key(name: str) -> str:
    return ebnf.literal(f"{jsontext.dump(name)}: ")


def value(constant: JsonValue) -> str:
    """One value, spelled as the schema spells it."""
    return ebnf.literal("".join(_spelled(constant)))


def _spelled(constant: JsonValue) -> Iterator[str]:
    if isinstance(constant, dict):
        members = ("".join((jsontext.dump(name), ": ", *_spelled(member))) for name, member in constant.items())
        yield "{" + ", ".join(members) + "}"
    elif isinstance(constant, list):
        yield "[" + ", ".join("".join(_spelled(element)) for element in constant) + "]"
    else:
        yield jsontext.dump(constant)


def _needs_escape(name: str) -> bool:
    return not _SPECIAL.isdisjoint(name)
