"""The parent's end of one worker."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from casava_trial.bounds import READY, Bounds

_ANSWER: Final = 1 << 16  # bytes, more than any


class WorkerGone(Exception):  # noqa: N818 - no error by itself
    """The worker ended, or said nothing in time and was killed. ``code`` is as in subprocess.Popen.returncode."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the worker ended with {code}")
        self.code = code


class Worker:
    """One process. Not for use by two threads at once."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-B",
                "-m",
                "casava_trial.worker",
                str(bounds.work_seconds),
                str(bounds.memory_bytes),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a crash may print what it was given
            cwd="/",
            env={"LC_ALL": "C.UTF-8"},
            bufsize=0,
            start_new_session=True,
        )

    def start(self) -> None:
        """Wait until it is ready. Raises WorkerGone."""
        if self._line() != READY:
            raise self._gone()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Its answer. Raises WorkerGone."""
        line = json.dumps(request).encode() + b"\n"
        try:
            self._write(line)
            answer = json.loads(self._line())
        except (BrokenPipeError, ValueError):
            raise self._gone() from None
        return dict(answer)

    def stop(self) -> None:
        """Kill it, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _gone(self) -> WorkerGone:
        code = self._process.poll()
        if code is None:
            try:
                code = self._process.wait(timeout=0.2)  # its pipe closes a moment before it is gone
            except subprocess.TimeoutExpired:
                code = 0
        self.stop()
        return WorkerGone(code)

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        left = memoryview(line)
        while left:
            left = left[self._process.stdin.write(left) :]

    def _line(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101
        descriptor = self._process.stdout.fileno()
        deadline = time.monotonic() + self._bounds.wall_seconds
        read = b""
        while not read.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                break
            piece = os.read(descriptor, _ANSWER)
            if not piece or len(read) > _ANSWER:
                break
            read += piece
        return read
