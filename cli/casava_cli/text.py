"""Text for a terminal."""

import textwrap
from collections.abc import Sequence

WIDTH = 100


def clean(value: object) -> str:
    """``value`` as one line without control characters: what comes from a cluster must not steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(value)).split())


def wrapped(text: str, indent: str) -> str:
    """``text`` in lines of at most WIDTH characters, all but the first one indented."""
    return textwrap.fill(clean(text), WIDTH, subsequent_indent=indent, initial_indent=indent).strip()


def columns(rows: Sequence[tuple[str, ...]], indent: str = "  ") -> list[str]:
    """Rows with their columns aligned; the last one is wrapped below its own beginning."""
    if not rows:
        return []
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        head = indent + "".join(f"{cell:<{width}}  " for cell, width in zip(row, widths, strict=False))
        lines.append((head + wrapped(row[-1], " " * len(head))).rstrip())
    return lines
