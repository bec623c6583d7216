"""The tokens of an answer that is nearly JSON, and how each is spelled in JSON. Offsets are bytes."""

import re
from enum import IntEnum
from typing import Final, NamedTuple

from casava_contract.repair.rules import INNER_QUOTE
from casava_contract.repair.work import Work

FENCE: Final = b"```"
# White space that is not JSON's: no-break and other wide spaces, zero-width characters, line separators.
_ODD_SPACE: Final = (
    rb"(?:\xc2[\xa0\x85]|\xe2\x80[\x80-\x8f\xa8\xa9\xaf]|\xe2\x81[\x9f\xa0]|\xe3\x80\x80|\xef\xbb\xbf|[\x0b\x0c])"
)
SPACE: Final = re.compile(rb"[ \t\r\n]*")
_NOTHING: Final = re.compile(rb"[ \t\r\n]*\Z")
ODD_SPACES: Final = re.compile(_ODD_SPACE + rb"+")
_ANY_SPACE: Final = rb"(?:[ \t\r\n]|" + _ODD_SPACE + rb")*"
COMMENT: Final = re.compile(rb"//[^\r\n]*|#[^\r\n]*|/\*.*?\*/", re.DOTALL)
# What a comment begins with when it stands for content that was left out.
ELISION: Final = re.compile(rb"(?://|#|/\*)[\s*]*(?:\.\.\.|\xe2\x80\xa6)")

_STRICT: Final = re.compile(
    rb'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"'
)  # a string as JSON has it
_DOUBLE: Final = rb'"|\xe2\x80[\x9c-\x9f]|\xc2[\xab\xbb]'
_SINGLE: Final = rb"'|\xe2\x80[\x98-\x9b]"
OPENING: Final = re.compile(_DOUBLE + rb"|" + _SINGLE)
_CLOSINGS: Final = {
    b'"': re.compile(rb'\\.|(")', re.DOTALL),
    b"'": re.compile(rb"\\.|(')", re.DOTALL),
}
_TYPOGRAPHIC: Final = tuple(re.compile(rb"\\.|(" + quotes + rb")", re.DOTALL) for quotes in (_DOUBLE, _SINGLE))
_SINGLES: Final = frozenset(char.encode() for char in "\u2018\u2019\u201a\u201b")

# A key and its colon. Keys in typographic quotes begin with a byte over 0x7f.
KEY_AHEAD: Final = re.compile(
    rb"""(?:"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*'|\xe2\x80[\x98-\x9f][^":\r\n]{0,200}"""
    rb"|[A-Za-z_$\x80-\xff][A-Za-z0-9_$.\-\x80-\xff]*)" + _ANY_SPACE + rb":",
    re.DOTALL,
)
UNQUOTED_KEY: Final = re.compile(
    rb"(?:(?!"
    + _ODD_SPACE
    + rb")[A-Za-z_$\x80-\xff])(?:(?!"
    + _ODD_SPACE
    + rb")[A-Za-z0-9_$.\-\x80-\xff])*|0|[1-9][0-9]*"
)
VALUE_AHEAD: Final = re.compile(
    rb"""["'{\[\-+.0-9]|\xe2\x80[\x98-\x9f]|(?:true|false|null|True|False|None|TRUE|FALSE|NULL|undefined)\b"""
)
WORD: Final = re.compile(rb"(?:(?!" + _ODD_SPACE + rb")[^\s,:{}\[\]\"'`#/]|/(?![/*]))+")


# Most of a text is as it should be: a whole member or element, with the comma after it, is read at once.
_PLAIN: Final = (
    rb"(?:(" + _STRICT.pattern + rb")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))"
)
PLAIN_MEMBER: Final = re.compile(
    rb"[ \t\r\n]*("
    + _STRICT.pattern
    + rb")[ \t\r\n]*:[ \t\r\n]*"
    + _PLAIN
    + rb'[ \t\r\n]*(,)(?=[ \t\r\n]*"[^"\\]*(?:\\.[^"\\]*)*"[ \t\r\n]*:)',
    re.DOTALL,
)
PLAIN_ELEMENT: Final = re.compile(
    rb"[ \t\r\n]*()" + _PLAIN + rb"[ \t\r\n]*(,)(?=[ \t\r\n]*(?:" + VALUE_AHEAD.pattern + rb"))"
)


class Context(IntEnum):
    """Where a scalar stands: it decides what may follow."""

    KEY = 0
    MEMBER = 1
    ELEMENT = 2
    ROOT = 3


_LINE_END: Final = rb"[ \t\r]*\n[ \t\r\n]*"
_END: Final = rb"```|/[/*]|\#|\Z"
_FOLLOWS: Final = {
    Context.KEY: re.compile(_ANY_SPACE + rb"(?::|/[/*]|\#)"),
    Context.MEMBER: re.compile(
        _ANY_SPACE + rb"(?:[}\]]|" + _END + rb"|," + _ANY_SPACE + rb"(?:[}\]{\[]|" + _END + rb"|(?=" + KEY_AHEAD.pattern
        + rb"))|(?<=\s)(?=[\"'\xe2])" + KEY_AHEAD.pattern + rb")|" + _LINE_END + KEY_AHEAD.pattern,
        re.DOTALL,
    ),
    Context.ELEMENT: re.compile(
        _ANY_SPACE + rb"(?:[}\]]|" + _END + rb"|," + _ANY_SPACE + rb"(?:[}\]]|" + _END + rb"|(?=" + VALUE_AHEAD.pattern
        + rb"))|(?<=\s)[\"'{\[])|" + _LINE_END + rb"(?:" + VALUE_AHEAD.pattern + rb")",
        re.DOTALL,
    ),
    Context.ROOT: re.compile(_ANY_SPACE + rb"(?:" + _END + rb")"),
}  # fmt: skip


def is_cut(text: bytes, start: int) -> bool:
    """Whether more might have come of the word that begins here."""
    match = WORD.match(text, start)
    return match is not None and match.end() == len(text)


class Token(NamedTuple):
    """A scalar that ends before ``end``. ``after``: its spelling in JSON, None where it is that already.

    ``kind``: s string, n number, l literal; u undefined and x a number such as 1,234, which mean different things in
    different places. ``extra``: what it costs besides its rule.
    """

    kind: str
    end: int
    after: bytes | None = None
    rule: str = ""
    extra: int = 0


def follows(text: bytes, position: int, context: Context) -> bool:
    """Whether what comes next may follow a scalar that ends here."""
    return _FOLLOWS[context].match(text, position) is not None


def strings(text: bytes, start: int, context: Context, work: Work) -> tuple[Token, ...] | None:
    """The ways to read the string that begins here, likeliest first; None where it does not end.

    Most strings can be read in one way. A quote inside of a string is one that no comma, colon or bracket follows.
    """
    strict = _STRICT.match(text, start)
    if strict and follows(text, strict.end(), context):
        return (Token("s", strict.end()),)
    opening = OPENING.match(text, start)
    if opening is None:
        return ()
    closings = _closings(text, opening.end(), opening[0], context, work)
    if not closings:
        return None
    read = (_token(text, start, opening.end(), closing) for closing in closings)
    return tuple(token for token in read if token)


class _Closing(NamedTuple):
    """Where a closing quote begins and ends, and how many quotes come before it."""

    start: int
    end: int
    inner: int


def _closings(text: bytes, position: int, quote: bytes, context: Context, work: Work) -> list[_Closing]:
    """The first quote, and the first that may end a string here.

    Straight double quotes inside of a string come in pairs, or the string is not repaired; apostrophes need not. Where
    the text ends after a quote, nobody knows which one it was.
    """
    found: list[_Closing] = []
    inner = 0
    for match in _CLOSINGS.get(quote, _TYPOGRAPHIC[quote in _SINGLES]).finditer(text, position):
        if match[1] is None:
            continue
        work.spend()
        whole = inner % 2 == 0 or quote != b'"'
        ends = whole and follows(text, match.end(), context) and not (inner and _ends(text, match.end(), context))
        if ends or not inner:
            found.append(_Closing(match.start(), match.end(), inner))
        if ends:
            break
        inner += 1
    return found


def _token(text: bytes, start: int, inside: int, closing: _Closing) -> Token | None:
    body = respelled(text[inside : closing.start])
    if body is None:
        return None
    raw, after = text[start : closing.end], b'"' + body + b'"'
    if raw == after:
        return Token("s", closing.end)
    quotes = text[start:inside] + text[closing.start : closing.end]
    if quotes != b'""':
        return Token("s", closing.end, after, "quotes", closing.inner * INNER_QUOTE)
    if closing.inner:
        return Token("s", closing.end, after, "inner_quote", (closing.inner - 1) * INNER_QUOTE)
    rule = "control_character" if re.search(rb"[\x00-\x1f]", raw) else "escape"
    return Token("s", closing.end, after, rule)


def _ends(text: bytes, position: int, context: Context) -> bool:
    return context is not Context.ROOT and _NOTHING.match(text, position) is not None


_TO_RESPELL: Final = re.compile(rb'\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.?)|"|[\x00-\x1f]', re.DOTALL)
_CONTROLS: Final = {b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t", b"\b": rb"\b", b"\f": rb"\f"}


def respelled(body: bytes) -> bytes | None:
    """The inside of a string as JSON has it; None where an escape means different things to different readers."""
    parts: list[bytes] = []
    position = 0
    for match in _TO_RESPELL.finditer(body):
        spelled = _respelled_one(match)
        if spelled is None:
            return None
        parts += (body[position : match.start()], spelled)
        position = match.end()
    return b"".join((*parts, body[position:]))


def _respelled_one(match: re.Match[bytes]) -> bytes | None:
    found, escape = match[0], match[1]
    if escape is None:
        return rb"\"" if found == b'"' else _CONTROLS.get(found, rb"\u%04x" % found[0])
    if escape == b"'":
        return b"'"
    if escape[:1] == b"x" and len(escape) > 1:
        return rb"\u00" + escape[1:]
    return found if len(escape) > 1 or (escape and escape in rb'"\/bfnrt') else None


_SURROGATES: Final = range(0xD800, 0xE000)
_SIMPLE: Final = {b'"': b'"', b"\\": b"\\", b"/": b"/", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_ESCAPES: Final = re.compile(
    rb"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.?))",
    re.DOTALL,
)


def decoded(body: bytes) -> tuple[bytes, list[tuple[int, int]]] | None:
    """What the inside of a string says, and the offsets (there, in the body) at which an escape begins or ends.

    Between two of them both count the same bytes. None where an escape is not understood or names no character.
    """
    parts: list[bytes] = []
    marks = [(0, 0)]
    position = length = 0
    for match in _ESCAPES.finditer(body):
        meant = _meant(match)
        if meant is None:
            return None
        plain = body[position : match.start()]
        parts += (plain, meant)
        marks.append((length + len(plain), match.start()))
        length += len(plain) + len(meant)
        position = match.end()
        marks.append((length, position))
    return b"".join((*parts, body[position:])), marks


def _meant(match: re.Match[bytes]) -> bytes | None:
    high, low, unit, byte, simple = match.groups()
    if high is not None:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)).encode()
    if unit is not None or byte is not None:
        code = int(unit or byte, 16)
        return None if code in _SURROGATES else chr(code).encode()
    return b"'" if simple == b"'" else _SIMPLE.get(simple)


_NUMBER: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DIGITS: Final = rb"[0-9]+(?:_[0-9]+)*"
_LOOSE: Final = re.compile(
    rb"([+-]?)(?:0[xX]([0-9a-fA-F]{1,32})|(" + _DIGITS + rb")?(?:(\.)(" + _DIGITS + rb")?)?([eE][+-]?[0-9]+)?)"
)
_GROUPED: Final = re.compile(rb"([+-]?)([1-9][0-9]{0,2}(?:,[0-9]{3})+)(\.[0-9]+)?(?![0-9A-Za-z_.])")
_LITERALS: Final = {
    b"True": b"true", b"TRUE": b"true", b"False": b"false", b"FALSE": b"false",
    b"None": b"null", b"NULL": b"null", b"Null": b"null",
}  # fmt: skip


def word(text: bytes, start: int, context: Context) -> Token | None:
    """The number or literal that begins here; None where it is neither."""
    match = WORD.match(text, start)
    if match is None:
        return None
    found = match[0]
    if context in {Context.MEMBER, Context.ROOT} and (grouped := _grouped(text, start, context)):
        return grouped
    if _NUMBER.fullmatch(found):
        return Token("n", match.end())
    if found in {b"true", b"false", b"null"}:
        return Token("l", match.end())
    if found in _LITERALS:
        return Token("l", match.end(), _LITERALS[found], "literal")
    if found == b"undefined":  # in an array JSON.stringify writes null for it; of an object it leaves the member out
        kind = "l" if context is Context.ELEMENT else "u"
        return Token(kind, match.end(), b"null", "literal")
    number = loose_number(found)
    return None if number is None else Token("n", match.end(), number, "number")


def _grouped(text: bytes, start: int, context: Context) -> Token | None:
    match = _GROUPED.match(text, start)
    if match is None or not follows(text, match.end(), context):
        return None
    # One group alone may be a decimal comma as well: the contract decides.
    kind = "n" if match[3] or match[2].count(b",") > 1 else "x"
    return Token(kind, match.end(), ungrouped(match[0]), "number")


def ungrouped(literal: bytes) -> bytes:
    return literal.replace(b",", b"").lstrip(b"+")


def loose_number(literal: bytes) -> bytes | None:
    """A number as JSON has it, of the same value and with the same digits; None where it is none."""
    match = _LOOSE.fullmatch(literal)
    if match is None:
        return None
    sign, hexadecimal, whole, point, fraction, exponent = match.groups()
    minus = b"-" if sign == b"-" else b""
    if hexadecimal is not None:
        return minus + str(int(hexadecimal, 16)).encode()
    if whole is None and fraction is None:
        return None
    digits = (whole or b"0").replace(b"_", b"").lstrip(b"0") or b"0"
    tail = b"." + (fraction or b"0").replace(b"_", b"") if point else b""
    return minus + digits + tail + (exponent or b"")


def number_in(text: bytes) -> tuple[bytes, bool] | None:
    """What the inside of a string says where it is a number and nothing else; and whether 1,234 leaves it open."""
    if _NUMBER.fullmatch(text):
        return text, False
    match = _GROUPED.fullmatch(text)
    if match:
        return ungrouped(text), not match[3] and match[2].count(b",") == 1
    number = loose_number(text)
    return None if number is None else (number, False)
