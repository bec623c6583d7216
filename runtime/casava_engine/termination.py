"""The termination message: what Kubernetes shows of a container that ended."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from casava_wire.reasons import EngineReason

LIMIT: Final = 4096  # bytes; Kubernetes cuts what is longer at its end, where the newest lines are


def compose(reason: EngineReason, sentence: str, lines: Iterable[str]) -> str:
    """The reason, the sentence, and as many of the last lines as fit."""
    head = f"{reason}: {sentence}"
    room = LIMIT - len(head.encode())
    kept: list[str] = []
    for line in reversed(tuple(lines)):
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([head, *reversed(kept)])


def write(path: Path, message: str) -> None:
    """Leave the message. A container without that file loses it, which must not hide the exit status."""
    with suppress(OSError):
        path.write_text(message)


def how_it_ended(returncode: int) -> str:
    """In words: an exit code, or the signal that ended the process."""
    return f"was ended by signal {-returncode}" if returncode < 0 else f"ended with exit code {returncode}"
