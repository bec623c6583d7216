"""Signs of life of the Triton model in a small shared file: its one dispatcher thread writes, the watchdog reads.

Eight unsigned 64-bit words. Times are CLOCK_MONOTONIC in ns, which all processes of a machine share. A word is written
with one store, so a reader never sees half of it; words may be of different moments, which the watchdog can bear.
"""

import mmap
import os
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Self

_SIZE = 8 * 8


class _Word(IntEnum):
    PID = 0
    HEARTBEAT = 1
    ACTIVITY = 2
    RUNNING = 3
    WAITING = 4
    TOKENS = 5
    LOADED = 6
    REFUSED = 7


@dataclass(frozen=True)
class Vitals:
    """One reading. ``heartbeat`` and ``activity``: seconds on the monotonic clock, 0 before the first."""

    pid: int
    heartbeat: float
    activity: float  # when a token or a piece of prompt was last done, or a request began to run
    running: int
    waiting: int
    tokens: int  # generated since start
    loaded: bool  # the model is in memory
    refused: bool  # llama.cpp could not load it


class VitalsFile:
    """The shared file, mapped."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        fd = os.open(path, os.O_RDWR | (os.O_CREAT | os.O_TRUNC if create else 0), 0o600)
        try:
            if create:
                os.ftruncate(fd, _SIZE)
            self._map = mmap.mmap(fd, _SIZE)
        finally:
            os.close(fd)
        self._words = memoryview(self._map).cast("Q")

    def born(self, pid: int) -> None:
        self._words[_Word.PID] = pid

    def loaded(self) -> None:
        self._words[_Word.LOADED] = 1

    def refused(self) -> None:
        self._words[_Word.REFUSED] = 1

    def beat(self, now_ns: int) -> None:
        self._words[_Word.HEARTBEAT] = now_ns

    def act(self, now_ns: int) -> None:
        self._words[_Word.ACTIVITY] = now_ns

    def load(self, *, running: int, waiting: int) -> None:
        self._words[_Word.RUNNING] = running
        self._words[_Word.WAITING] = waiting

    def count(self, tokens: int) -> None:
        self._words[_Word.TOKENS] += tokens

    def read(self) -> Vitals:
        words = self._words
        return Vitals(
            pid=words[_Word.PID],
            heartbeat=words[_Word.HEARTBEAT] / 1e9,
            activity=words[_Word.ACTIVITY] / 1e9,
            running=words[_Word.RUNNING],
            waiting=words[_Word.WAITING],
            tokens=words[_Word.TOKENS],
            loaded=bool(words[_Word.LOADED]),
            refused=bool(words[_Word.REFUSED]),
        )

    def close(self) -> None:
        self._words.release()
        self._map.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
