"""The child process: started, signalled, reaped, its output read. This process may be PID 1."""

import ctypes
import os
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from casava_engine.problems import Stopped

TAIL_LINES: Final = 40
MAX_LINE: Final = 2048
_PR_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent died, as PID 1 is by nature."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


class Signals:
    """SIGTERM, SIGINT and SIGCHLD as something to wait for. No handler does more than write a byte."""

    def __init__(self) -> None:
        self._read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        self.stop: int | None = None
        self._interrupting = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _note(self, number: int, _frame: object) -> None:
        self.stop = number
        if self._interrupting:
            raise Stopped

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Within it a request to stop raises Stopped, wherever the work is: a download may wait for bytes for long."""
        self._interrupting = True  # before the look: a signal in between must not be lost
        try:
            if self.stop is not None:
                raise Stopped
            yield
        finally:
            self._interrupting = False

    def wait(self, seconds: float) -> None:
        """Return after ``seconds``, or at once when a signal came."""
        ready, _, _ = select.select([self._read], [], [], max(0.0, seconds))
        if ready:
            with suppress(BlockingIOError):
                os.read(self._read, 4096)


class Child:
    """One child in a process group of its own, so that its own children can be ended with it."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], line: Callable[[str], str | None]) -> None:
        """``line`` gets every line of output and gives what may be shown of it, or None."""
        self._line = line
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.returncode: int | None = None
        read, write = os.pipe2(os.O_CLOEXEC)
        self.pid = os.posix_spawn(
            arguments[0],
            arguments,
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_DUP2, write, 2)],
            setpgroup=0,
            setsigdef=[signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE],
        )
        os.close(write)
        self._pump = threading.Thread(target=self._read, args=(read,), name="child-output", daemon=True)
        self._pump.start()

    def _read(self, fd: int) -> None:
        with os.fdopen(fd, "rb", buffering=1 << 16) as stream:
            while raw := stream.readline(MAX_LINE):
                shown = self._line(raw.decode("utf-8", "replace").rstrip())
                if shown is not None:
                    self.tail.append(shown)
                    os.write(2, shown.encode() + b"\n")

    def reap(self) -> bool:
        """Collect every child that ended. True when this one has."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if pid == self.pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode is not None

    def signal(self, number: int) -> None:
        """Send a signal to the process itself."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the whole group at once; a stopped process is ended too."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def drain_output(self, seconds: float = 1.0) -> None:
        """Wait until the last lines are read."""
        self._pump.join(seconds)
