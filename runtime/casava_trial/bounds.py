"""What one trial may take, and the words for what it did."""

from dataclasses import dataclass
from typing import Final

TRIED: Final = frozenset({"regex", "lark", "gbnf"})  # kinds whose work is not bounded by their size alone


@dataclass(frozen=True, slots=True)
class Bounds:
    """``work_seconds`` of CPU, counted from when the text has been read, so that a busy machine refuses nothing that an
    idle one takes; ``memory_bytes`` beyond what the worker needs by itself; ``wall_seconds`` after which a worker that
    says nothing is given up, whatever it waits for.
    """

    work_seconds: float = 0.5
    memory_bytes: int = 256 * 1024 * 1024
    wall_seconds: float = 15.0


READY = b"ready\n"
IDLE_SECONDS = 120.0  # after which a worker ends by itself, so that it keeps no memory for nothing
