"""The lexemes of JSON for text in pieces: how far they reach, and whether a beginning can still become one.

Every expression is possessive: it takes time linear in what it reads, whatever that is.
"""

import json
import re
from typing import Final

_HEX: Final = rb"[0-9a-fA-F]"
_ESCAPE: Final = (
    rb'\\(?:["\\/bfnrt]|u(?:[0-9abceABCEfF]' + _HEX + rb"{3}|[dD][0-7]" + _HEX + rb"{2}"
    rb"|[dD][89abAB]" + _HEX + rb"{2}\\u[dD][c-fC-F]" + _HEX + rb"{2}))"
)
_WIDE: Final = (
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
# Whole characters and whole escapes of a string.
BODY: Final = re.compile(rb"(?:[ !#-\[\]-\x7f]++|" + _WIDE + rb"|" + _ESCAPE + rb")*+")
_UNIT: Final = re.compile(_ESCAPE + rb"|[\x00-\x7f]|[\xc2-\xf4][\x80-\xbf]*", re.DOTALL)

_LOW: Final = rb"(?:\\(?:u(?:[dD](?:[c-fC-F]" + _HEX + rb"?)?)?)?)?"
_TAIL: Final = re.compile(
    rb"\\(?:u(?:[0-9abceABCEfF]" + _HEX + rb"{0,2}"
    rb"|[dD](?:[0-7]" + _HEX + rb"?|[89abAB](?:" + _HEX + rb"(?:" + _HEX + _LOW + rb")?)?)?)?)?"
    rb"|[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xec\xee\xef][\x80-\xbf]?|\xed[\x80-\x9f]?"
    rb"|\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?"
)
_LONGEST_UNIT: Final = 12  # of bytes: two \uXXXX

# The longest beginning of a number; a group where it has an exponent. It is a number where it ends in a digit.
NUMBER: Final = re.compile(rb"-?(?:(?:0|[1-9][0-9]*+)(?:\.(?:[0-9]++([eE](?:[+-]?[0-9]*+))?)?|([eE][+-]?[0-9]*+))?)?")
SPACE: Final = re.compile(rb"[ \t\r\n]*+")
LITERALS: Final[dict[int, tuple[bytes, bool | None]]] = {
    ord("t"): (b"true", True),
    ord("f"): (b"false", False),
    ord("n"): (b"null", None),
}
_CONTINUATION: Final = bytes(range(0x80, 0xC0))


def broken_at(tail: bytes | bytearray) -> int | None:
    """Where what follows the whole characters of a string stops being the beginning of one; None where it does not."""
    for length in range(1, min(len(tail), _LONGEST_UNIT) + 1):
        if not _TAIL.fullmatch(tail, 0, length):
            return length - 1
    return None


def decode(raw: bytes | bytearray) -> str:
    """The text of a string's whole characters."""
    if b"\\" in raw:
        return str(json.loads(b'"' + raw + b'"'))
    return raw.decode()


def content(raw: bytes | bytearray) -> bytes:
    """The same in UTF-8."""
    return decode(raw).encode() if b"\\" in raw else bytes(raw)


def characters(utf8: bytes) -> int:
    """Code points in UTF-8 bytes."""
    return len(utf8.translate(None, _CONTINUATION))


def place_of(raw: bytes | bytearray, index: int) -> tuple[int, int]:
    """The first and the last byte, in ``raw``, of the character that gives the byte ``index`` of its content."""
    seen = 0
    for unit in _UNIT.finditer(raw):
        seen += len(content(unit[0]))
        if seen > index:
            return unit.start(), unit.end() - 1
    return len(raw) - 1, len(raw) - 1
