"""SHA-256 of a model's file, remembered: hashing 40 GB at each start of a container would take minutes."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from casava_engine.state_file import replace

CHUNK: Final = 1 << 22


def file_digest(path: Path, tick: Callable[[int], None]) -> str:
    """The SHA-256 in hex. ``tick`` gets the bytes done after each chunk and may raise to stop."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            tick(done)
    return digest.hexdigest()


def remembered(path: Path, memory: Path, tick: Callable[[int], None]) -> str:
    """The same, from ``memory`` (a folder) while the file's size, time, inode and path are what they were."""
    identity = _identity(path)
    note = memory / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.digest.json"
    with suppress(OSError, ValueError, TypeError, KeyError):
        stored = json.loads(note.read_text())
        if stored["identity"] == identity:
            return str(stored["sha256"])
    sha256 = file_digest(path, tick)
    if _identity(path) == identity:  # not while somebody writes to it
        with suppress(OSError):
            replace(note, json.dumps({"identity": identity, "sha256": sha256}))
    return sha256


def _identity(path: Path) -> list[int | str]:
    stat = path.stat()
    return [str(path), stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns]
