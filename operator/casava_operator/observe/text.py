"""Foreign text made fit for a status: bounded, one line, nothing that a terminal would obey."""

import unicodedata
from collections.abc import Iterator

ELLIPSIS = "..."
_BLANK = frozenset({"Zl", "Zp", "Zs"})
_OVERSCAN = 4  # a limit counts visible characters; what may be dropped is read up to this many times of it


def _visible(text: str) -> Iterator[str]:
    for character in text:
        category = unicodedata.category(character)
        if character in "\n\r\t" or category in _BLANK:
            yield " "
        elif category[0] != "C":  # control, format (bidirectional overrides), surrogate, private use, unassigned
            yield character


def _one_line(text: str) -> str:
    if text.isascii() and text.isprintable():  # nearly always; looking at each character is slow
        return " ".join(text.split())
    return " ".join("".join(_visible(text)).split())


def head(text: str, limit: int) -> str:
    """The first ``limit`` characters of ``text`` as one printable line."""
    line = _one_line(text[: limit * _OVERSCAN])
    whole = len(text) <= limit * _OVERSCAN and len(line) <= limit
    return line if whole else line[: limit - len(ELLIPSIS)].rstrip() + ELLIPSIS


def tail(text: str, limit: int) -> str:
    """The last ``limit`` characters of ``text`` as one printable line: the end of a log says why it ended."""
    line = _one_line(text[-limit * _OVERSCAN :])
    whole = len(text) <= limit * _OVERSCAN and len(line) <= limit
    return line if whole else ELLIPSIS + line[len(ELLIPSIS) - limit :].lstrip()
