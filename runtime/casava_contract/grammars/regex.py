"""Regular expressions, read so that every engine can be told the same: linear, ASCII classes, the whole answer.

The syntax is what Python, JavaScript and Rust have in common. ``^`` at the beginning and ``$`` at the end say what is
so anyway. Whether a repetition is lazy makes no difference to what matches as a whole.
"""

import re
from typing import Final

from casava_contract.errors import ErrorCode
from casava_contract.grammars.reader import Reader
from casava_contract.grammars.syntax import HIGHEST, Chars, Choice, Node, Range, Repeat, Sequence, chars, single, size
from casava_contract.limits import Limits

_DIGIT: Final[tuple[Range, ...]] = ((0x30, 0x39),)
_WORD: Final[tuple[Range, ...]] = (*_DIGIT, (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE: Final[tuple[Range, ...]] = ((0x09, 0x0D), (0x20, 0x20))
_CLASSES: Final = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS: Final = {"n": 0x0A, "r": 0x0D, "t": 0x09, "f": 0x0C, "v": 0x0B, "0": 0x00}
_CODES: Final = (
    re.compile(r"x([0-9A-Fa-f]{2})"),
    re.compile(r"u([0-9A-Fa-f]{4})"),
    re.compile(r"[xu]\{([0-9A-Fa-f]{1,6})\}"),
    re.compile(r"U([0-9A-Fa-f]{8})"),
)
_PROPERTY: Final = re.compile(r"([pP])(?:([A-Z])|\{([A-Za-z_]{1,40})\})")
_COUNT: Final = re.compile(r"\{([0-9]{1,9})(?:(,)([0-9]{1,9})?)?\}")
_GROUP: Final = re.compile(r"\?(?::|P?<[A-Za-z_][A-Za-z0-9_]*>)")
_LOOK: Final = ("?=", "?!", "?<=", "?<!", "?>")
_LINE_END: Final = 0x0A
_PARTS: Final = 20_000  # each may become a state of an automaton


def read(text: str, limits: Limits) -> Node:
    """Raises ContractError with line and column."""
    reader = Reader(text, limits, min(_PARTS, limits.schema_expansion), ErrorCode.LIMIT_PATTERN)
    if reader.peek() == "^":
        reader.at = 1
    node = _choice(reader)
    if not reader.ended:
        reader.fail(ErrorCode.PATTERN, "a ) without its (: escape it or open a group")
    if size(node) > reader.most:
        message = f"more than {reader.most} parts with repetitions written out: repeat less"
        reader.fail(ErrorCode.LIMIT_PATTERN, message, 0)
    return node


def _choice(reader: Reader) -> Node:
    options = [_sequence(reader)]
    while reader.take("|"):
        reader.count()
        options.append(_sequence(reader))
    return options[0] if len(options) == 1 else Choice(tuple(options))


def _sequence(reader: Reader) -> Node:
    parts: list[Node] = []
    while not reader.ended and reader.peek() not in {"|", ")"}:
        if reader.peek() == "$" and reader.at == len(reader.text) - 1:
            reader.at += 1
            break
        parts.append(_repeated(reader, _atom(reader)))
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _repeated(reader: Reader, atom: Node) -> Node:
    start = reader.at
    often = reader.repetition(_COUNT, ErrorCode.PATTERN)
    if often is None:
        if reader.peek() == "{":
            reader.fail(ErrorCode.PATTERN, "{ that begins no count: write {n}, {n,} or {n,m}, or escape it")
        return atom
    least, most = often
    if reader.take("+"):
        reader.fail(ErrorCode.PATTERN_NOT_LINEAR, "a possessive repetition: write it without the last +", start)
    reader.take("?")
    if reader.peek() in {"*", "+", "?"} or _COUNT.match(reader.text, reader.at):
        reader.fail(ErrorCode.PATTERN, "a repetition of a repetition: put the first in a group")
    return Repeat(atom, least, most)


def _atom(reader: Reader) -> Node:
    start = reader.at
    reader.count()
    sign = reader.take("(", "[", "\\", ".", "*", "+", "?", "^", "$")
    match sign:
        case "(":
            return _group(reader, start)
        case "[":
            return _class(reader, start)
        case "\\":
            return _escaped(reader, start)
        case ".":
            return chars([(_LINE_END, _LINE_END)], negated=True)
        case "^" | "$":
            reader.fail(ErrorCode.PATTERN, f"{sign} inside of the expression can never hold: escape it", start)
        case "*" | "+" | "?":
            reader.fail(ErrorCode.PATTERN, f"{sign} repeats nothing: escape it", start)
    code = ord(reader.peek())
    reader.at += 1
    return single(code)


def _group(reader: Reader, start: int) -> Node:
    if reader.take(*_LOOK):
        message = "look-around and atomic groups are not linear: say what matches instead"
        reader.fail(ErrorCode.PATTERN_NOT_LINEAR, message, start)
    if reader.peek() == "?" and not reader.match(_GROUP):
        reader.fail(
            ErrorCode.PATTERN, "flags and conditions are not read: write (?:...), and [aA] for either case", start
        )
    reader.enter()
    node = _choice(reader)
    reader.leave()
    if not reader.take(")"):
        reader.fail(ErrorCode.PATTERN, "a ( without its ): escape it or close the group", start)
    return node


def _escaped(reader: Reader, start: int) -> Chars:
    """Outside of a class."""
    found = reader.match(_PROPERTY)
    if found:
        return chars((), [_property(found)])
    sign = reader.peek()
    if sign.lower() in _CLASSES and sign:
        reader.at += 1
        return chars(_CLASSES[sign.lower()], negated=sign.isupper())
    if sign in set("bBAzZG"):
        reader.fail(
            ErrorCode.PATTERN, f"\\{sign} asserts a place, which is not read: the whole answer is matched", start
        )
    if sign in set("123456789k"):
        message = "a back-reference is not linear: write what it would repeat"
        reader.fail(ErrorCode.PATTERN_NOT_LINEAR, message, start)
    return single(_code(reader, start))


def _property(found: re.Match[str]) -> str:
    return f"\\{found[1]}{{{found[2] or found[3]}}}"


def _code(reader: Reader, start: int) -> int:
    """The character that an escape stands for; the backslash has been read."""
    for form in _CODES:
        found = reader.match(form)
        if found:
            code = int(found[1], 16)
            if code > HIGHEST:
                reader.fail(ErrorCode.PATTERN, "no such character", start)
            return code
    sign = reader.peek()
    reader.at += 1
    if sign in _CONTROLS and not (sign == "0" and reader.peek().isdigit()):
        return _CONTROLS[sign]
    if not sign or sign.isalnum() or not sign.isascii():
        reader.fail(ErrorCode.PATTERN, f"\\{sign} means nothing here: escape signs of ASCII alone", start)
    return ord(sign)


def _class(reader: Reader, start: int) -> Chars:
    negated = bool(reader.take("^"))
    ranges: list[Range] = []
    properties: list[str] = []
    if reader.peek() == "]":
        reader.fail(ErrorCode.PATTERN, "] at the beginning of a class: escape it")
    while not reader.take("]"):
        if reader.ended:
            reader.fail(ErrorCode.PATTERN, "a [ without its ]: escape it or close the class", start)
        _member(reader, ranges, properties)
    return chars(ranges, properties, negated=negated)


def _member(reader: Reader, ranges: list[Range], properties: list[str]) -> None:
    start = reader.at
    reader.count()
    if reader.peek(2) in {"&&", "--", "~~", "[:"}:
        reader.fail(ErrorCode.PATTERN, f"{reader.peek(2)} in a class is read differently by engines: escape it")
    low = _single(reader, ranges, properties)
    if reader.peek() != "-" or reader.peek(2) == "-]":
        if low is not None:
            ranges.append((low, low))
        return
    reader.at += 1
    high = _single(reader, ranges, properties)
    if low is None or high is None or high < low:
        reader.fail(ErrorCode.PATTERN, "a range that begins after its end or with a class: escape the -", start)
    ranges.append((low, high))


def _single(reader: Reader, ranges: list[Range], properties: list[str]) -> int | None:
    """One character of a class; None where it was a class by itself, which has been added."""
    start = reader.at
    if reader.take("\\"):
        found = reader.match(_PROPERTY)
        if found:
            properties.append(_property(found))
            return None
        sign = reader.peek()
        if sign and sign.lower() in _CLASSES:
            reader.at += 1
            ranges.extend(chars(_CLASSES[sign.lower()], negated=sign.isupper()).ranges)
            return None
        if reader.take("b"):
            return 0x08
        return _code(reader, start)
    sign = reader.peek()
    if sign in {"", "["}:
        reader.fail(ErrorCode.PATTERN, "[ in a class is read differently by engines: escape it", start)
    reader.at += 1
    return ord(sign)
