"""JSON's own words in EBNF: one space after ``:`` and ``,`` and no other white space."""

from collections.abc import Iterator
from typing import Final

from casava_contract.lowering import ebnf
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue

SEPARATOR: Final = '", "'
COLON: Final = '": "'
QUOTE: Final = ebnf.literal('"')
_SPECIAL: Final = ebnf.CONTROL | {'"', "\\"}  # what no string holds as it is
PLAIN: Final = ebnf.none_of(_SPECIAL)  # a character that stands for itself
ESCAPED: Final = '"\\\\" [\\"\\\\/bfnrt]'


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
