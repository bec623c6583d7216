"""Trees as text: a regular expression that engines read alike, and rules in llguidance's Lark."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from casava_contract.grammars.syntax import HIGHEST, Chars, Choice, Node, Range, Reference, Repeat, Sequence

_ASCII: Final = 0x7F
_BASIC: Final = 0xFFFF
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def expression(node: Node) -> str:
    """A regular expression without groups that capture, classes by name and signs that engines read differently."""
    return "".join(_pieces(node))


def _pieces(node: Node) -> Iterator[str]:
    match node:
        case Chars():
            yield _set(node)
        case Sequence(parts):
            for part in parts:
                yield from _grouped(part) if isinstance(part, Choice) else _pieces(part)
        case Choice(options):
            for index, option in enumerate(options):
                yield "|" if index else ""
                yield from _pieces(option)
        case Repeat(part, least, most):
            yield from _pieces(part) if isinstance(part, Chars) else _grouped(part)
            yield _times(least, most)
        case Reference(name):
            raise AssertionError(f"{name} is a rule, not an expression")


def _grouped(node: Node) -> Iterator[str]:
    yield "(?:"
    yield from _pieces(node)
    yield ")"


def _times(least: int, most: int | None) -> str:
    signs = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    if (least, most) in signs:
        return signs[least, most]
    if least == most:
        return f"{{{least}}}"
    return f"{{{least},{'' if most is None else most}}}"


def _set(one: Chars) -> str:
    if not one.properties and not one.negated:
        if one.ranges == ((0, HIGHEST),):
            return "(?s:.)"
        if len(one.ranges) == 1 and one.ranges[0][0] == one.ranges[0][1]:
            return char(one.ranges[0][0])
    body = "".join(map(_range, one.ranges)) + "".join(one.properties)
    return f"[{'^' if one.negated else ''}{body}]"


def _range(one: Range) -> str:
    low, high = one
    if low == high:
        return char(low)
    return f"{char(low)}{'' if high == low + 1 else '-'}{char(high)}"


def char(code: int) -> str:
    """One character, escaped so that it means itself inside of classes and outside."""
    text = chr(code)
    if text.isascii() and text.isalnum():
        return text
    if text in _NAMED:
        return _NAMED[text]
    if code <= _ASCII:
        return f"\\x{code:02X}" if not text.isprintable() or text in "/ " else f"\\{text}"
    return f"\\u{code:04X}" if code <= _BASIC else f"\\U{code:08X}"


def lark_of_choices(values: Iterable[str]) -> str:
    """A grammar of one lexeme: one of the texts."""
    known = lru_cache(maxsize=None)(lambda one: char(ord(one)))  # a call for each character is dear
    return f"start: /{'|'.join(''.join(map(known, value)) for value in values)}/\n"


def lark_of_expression(node: Node) -> str:
    """A grammar of one lexeme: exact, for there is nothing that the lexer could be greedy about."""
    text = expression(node)
    return f"start: /{text}/\n" if text else 'start: ""\n'


def lark_of_rules(rules: Mapping[str, Node], start: str) -> str:
    """A grammar whose lexemes are single characters.

    Lexemes are greedy: of two that could end here the longer one wins. No character is the beginning of another, so
    that nothing is left to win, and the grammar means what its rules say.
    """
    printer = _Printer(rules, start)
    lines = [f"{printer.name(name)}: {printer.body(body)}\n" for name, body in rules.items()]
    return "".join(lines) + printer.terminals()


class _Printer:
    def __init__(self, rules: Mapping[str, Node], start: str) -> None:
        self._names = {name: f"r{index}" for index, name in enumerate(rules)} | {start: "start"}
        self._terminals: dict[str, str] = {}

    def name(self, rule: str) -> str:
        return self._names[rule]

    def terminals(self) -> str:
        return "".join(f"{name}: /{one}/\n" for one, name in self._terminals.items())

    def body(self, node: Node) -> str:
        match node:
            case Chars():
                one = _set(node)
                return self._terminals.setdefault(one, f"C{len(self._terminals)}")
            case Sequence(parts):
                return " ".join(self._part(part) for part in parts) if parts else '""'
            case Choice(options):
                return " | ".join(map(self.body, options))
            case Repeat(part, least, most):
                inner = self.body(part)
                whole = inner if isinstance(part, Chars | Reference) else f"({inner})"
                return f"{whole}{_times(least, most)}"
            case Reference(name):
                return self._names[name]

    def _part(self, node: Node) -> str:
        return f"({self.body(node)})" if isinstance(node, Choice | Sequence) else self.body(node)
