"""GBNF, the grammars of llama.cpp, read as llama.cpp reads them."""

import re
from typing import Final, NamedTuple

from casava_contract.errors import ErrorCode, shorten
from casava_contract.grammars.reader import Reader
from casava_contract.grammars.syntax import (
    HIGHEST,
    Chars,
    Choice,
    Node,
    Range,
    Reference,
    Repeat,
    Sequence,
    chars,
    single,
    size,
)
from casava_contract.limits import Limits

ROOT: Final = "root"

_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_BLANK: Final = re.compile(r"(?:[ \t]|#[^\r\n]*)*")
_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_COUNT: Final = re.compile(r"\{[ \t]*([0-9]{1,9})[ \t]*(?:(,)[ \t]*([0-9]{1,9})?[ \t]*)?\}")
_CODES: Final = (
    re.compile(r"x([0-9A-Fa-f]{2})"),
    re.compile(r"u([0-9A-Fa-f]{4})"),
    re.compile(r"U([0-9A-Fa-f]{8})"),
)
_ESCAPES: Final = {"t": 0x09, "r": 0x0D, "n": 0x0A, "\\": 0x5C, '"': 0x22, "[": 0x5B, "]": 0x5D}
_ALTERNATIVES: Final = "|"


class Grammar(NamedTuple):
    rules: dict[str, Node]
    places: dict[str, int]  # where each rule begins


def read(text: str, limits: Limits) -> Grammar:
    """Raises ContractError with line and column."""
    reader = Reader(text, limits, limits.schema_nodes, ErrorCode.LIMIT_GRAMMAR)
    rules: dict[str, Node] = {}
    places: dict[str, int] = {}
    mentioned: dict[str, int] = {}
    reader.match(_SPACE)
    while not reader.ended:
        start = reader.at
        reader.count()
        name = _rule_name(reader)
        if name in rules:
            reader.fail(ErrorCode.GRAMMAR, f"rule {shorten(name)} is there twice: give each a name of its own", start)
        places[name] = start
        rules[name] = _choice(reader, mentioned, nested=False)
        reader.match(_BLANK)
        if reader.peek() not in {"", "\r", "\n"}:
            reader.fail(
                ErrorCode.GRAMMAR, f"{shorten(reader.peek(20))} where a rule ends: begin the next on a new line"
            )
        reader.match(_SPACE)
    _check(reader, rules, mentioned)
    return Grammar(rules, places)


def _check(reader: Reader, rules: dict[str, Node], mentioned: dict[str, int]) -> None:
    if not rules:
        reader.fail(ErrorCode.SYNTAX, "an empty text: write the grammar", 0)
    if ROOT not in rules:
        reader.fail(ErrorCode.GRAMMAR, "no rule is called root: the answer is what root says", 0)
    for name, place in mentioned.items():
        if name not in rules:
            reader.fail(ErrorCode.GRAMMAR, f"rule {shorten(name)} is not there: write it or correct the name", place)
    total = sum(map(size, rules.values()))
    if total > reader.limits.schema_nodes:
        message = f"{total} parts with repetitions written out: at most {reader.limits.schema_nodes}"
        reader.fail(ErrorCode.LIMIT_GRAMMAR, message, 0)


def _rule_name(reader: Reader) -> str:
    found = reader.match(_NAME)
    if found is None:
        reader.fail(ErrorCode.GRAMMAR, f"{shorten(reader.peek(20))} where a rule begins: write name ::= ...")
    reader.match(_BLANK)
    if not reader.take("::="):
        reader.fail(ErrorCode.GRAMMAR, f"no ::= after {shorten(found[0])}")
    reader.match(_SPACE)
    return found[0]


def _choice(reader: Reader, mentioned: dict[str, int], *, nested: bool) -> Node:
    options = [_sequence(reader, mentioned, nested=nested)]
    while reader.take(_ALTERNATIVES):
        reader.count()
        reader.match(_SPACE)
        options.append(_sequence(reader, mentioned, nested=nested))
    return options[0] if len(options) == 1 else Choice(tuple(options))


def _sequence(reader: Reader, mentioned: dict[str, int], *, nested: bool) -> Node:
    blank = _SPACE if nested else _BLANK
    parts: list[Node] = []
    while True:
        part = _atom(reader, mentioned)
        if part is None:
            return parts[0] if len(parts) == 1 else Sequence(tuple(parts))
        reader.match(blank)
        repeated = _repeated(reader, part)
        while repeated is not part:
            reader.match(blank)
            part, repeated = repeated, _repeated(reader, repeated)
        parts.append(repeated)


def _atom(reader: Reader, mentioned: dict[str, int]) -> Node | None:
    start = reader.at
    reader.count()
    if reader.take('"'):
        return _literal(reader, start)
    if reader.take("["):
        return _class(reader, start)
    if reader.take("("):
        return _group(reader, mentioned, start)
    if reader.take("."):
        return chars([(0, HIGHEST)])
    found = reader.match(_NAME)
    if found is None:
        return None
    mentioned.setdefault(found[0], start)
    return Reference(found[0])


def _group(reader: Reader, mentioned: dict[str, int], start: int) -> Node:
    reader.enter()
    reader.match(_SPACE)
    node = _choice(reader, mentioned, nested=True)
    reader.leave()
    if not reader.take(")"):
        reader.fail(ErrorCode.GRAMMAR, "a ( without its )", start)
    return node


def _repeated(reader: Reader, part: Node) -> Node:
    start = reader.at
    often = reader.repetition(_COUNT, ErrorCode.GRAMMAR)
    if often is None:
        if reader.peek() == "{":
            reader.fail(ErrorCode.GRAMMAR, "{ that begins no count: write {n}, {n,} or {n,m}")
        return part
    least, most = often
    if max(least, most or 0) > reader.limits.schema_nodes:
        message = f"a count of more than {reader.limits.schema_nodes}: repeat less"
        reader.fail(ErrorCode.LIMIT_GRAMMAR, message, start)
    return Repeat(part, least, most)


def _literal(reader: Reader, start: int) -> Node:
    parts: list[Node] = []
    while not reader.take('"'):
        reader.count()
        parts.append(single(_char(reader, start, "a string")))
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _class(reader: Reader, start: int) -> Chars:
    negated = bool(reader.take("^"))
    ranges: list[Range] = []
    while not reader.take("]"):
        reader.count()
        low = high = _char(reader, start, "a class")
        if reader.peek() == "-" and reader.peek(2) != "-]":
            reader.at += 1
            high = _char(reader, start, "a class")
        if high < low:
            reader.fail(ErrorCode.GRAMMAR, "a range that ends before it begins", start)
        ranges.append((low, high))
    return chars(ranges, negated=negated)


def _char(reader: Reader, start: int, what: str) -> int:
    sign = reader.peek()
    if not sign or sign in "\r\n":
        reader.fail(
            ErrorCode.GRAMMAR, f"{what} that does not end on its line: close it, or write a line end as \\n", start
        )
    if sign != "\\":
        reader.at += 1
        return ord(sign)
    at = reader.at
    reader.at += 1
    for form in _CODES:
        found = reader.match(form)
        if found:
            code = int(found[1], 16)
            if code > HIGHEST:
                reader.fail(ErrorCode.GRAMMAR, "no such character", at)
            return code
    escape = reader.peek()
    if escape not in _ESCAPES or not escape:
        reader.fail(
            ErrorCode.GRAMMAR,
            f'\\{escape} is no escape of GBNF: use \\n, \\r, \\t, \\\\, \\", \\[, \\], \\x, \\u or \\U',
            at,
        )
    reader.at += 1
    return _ESCAPES[escape]
