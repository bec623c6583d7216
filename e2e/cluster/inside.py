"""The first process of a node: it furnishes the node's namespaces, starts its programs, and starts again what ends.

Run as a file with the path of a JSON description (`settings.node_spec`), by a bare interpreter: only the standard
library is imported. When this process ends the kernel ends all others of the node and drops its mounts.
"""

import ctypes
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

BIND: Final = 4096  # MS_BIND
RECURSIVE: Final = 16384  # MS_REC
TICK: Final = 0.05  # seconds between two looks at what is due
SLOWEST_RESTART: Final = 5.0  # seconds that a program which keeps ending has to wait
STEADY: Final = 30.0  # seconds after which a program counts as well

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str | None, flags: int) -> None:
    """mount(2) itself: the program of that name would resolve a path that a later mount has hidden."""
    kind_bytes = None if kind is None else kind.encode()
    if _libc.mount(source.encode(), target.encode(), kind_bytes, ctypes.c_ulong(flags), None):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def furnish(spec: Mapping[str, Any]) -> None:
    """Mounts, kernel settings and packet rules. All of them end with the namespaces."""
    socket.sethostname(spec["hostname"])
    # Opened before anything is mounted: the sources may lie under a folder that becomes empty.
    binds = [(os.open(source, os.O_PATH), source, target) for source, target in spec["binds"]]
    for folder in spec["empty"]:
        mount("tmpfs", folder, "tmpfs", 0)
    for descriptor, source, target in binds:
        where = Path(target)
        if Path(source).is_dir() or not where.exists():
            where.mkdir(parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{descriptor}", target, None, BIND | RECURSIVE)
        os.close(descriptor)
    for folder in spec["folders"]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    for source, target in spec["files"]:
        if Path(target).exists():
            mount(source, target, None, BIND)
    for name, value in spec["settings"].items():
        Path("/proc/sys", name).write_text(value, encoding="ascii")
    for command in spec["commands"]:
        subprocess.run(command, check=True)


def api_answers(gate: Mapping[str, str]) -> bool:
    """Whether the API server says that it is ready."""
    trust = ssl.create_default_context(cafile=gate["authority"])
    connection = http.client.HTTPSConnection(gate["host"], int(gate["port"]), timeout=2, context=trust)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def socket_answers(path: str) -> bool:
    """Whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
        except OSError:
            return False
    return True


class Program:
    """One program of the node: due, running, or waiting to be started again."""

    def __init__(self, spec: Mapping[str, Any], logs: Path) -> None:
        self.name: str = spec["name"]
        self.command: Sequence[str] = spec["command"]
        self.gate: Mapping[str, str] | None = spec.get("after")
        self.then: list[Sequence[str]] = list(spec.get("then", []))
        self.then_socket: str = spec.get("then_socket", "")
        self.log = logs / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.due = 0.0
        self.pause = 0.1

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.started = time.monotonic()

    def ended(self, now: float) -> None:
        self.process = None
        self.pause = 0.1 if now - self.started > STEADY else min(self.pause * 2, SLOWEST_RESTART)
        self.due = now + self.pause

    def follow_up(self) -> None:
        """What is to be done once, as soon as the program listens: at the first start only."""
        if self.process and self.then and socket_answers(self.then_socket):
            with self.log.open("ab") as log:
                for command in self.then:
                    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.then = []


def reap(programs: Sequence[Program]) -> None:
    """Collect every process that has ended, orphans of pods too: this is their init."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        for program in programs:
            if program.process and program.process.pid == pid:
                program.process.returncode = os.waitstatus_to_exitcode(status)
                program.ended(time.monotonic())


def attend(programs: Sequence[Program]) -> None:
    """Start what is due, for ever."""
    ready = False
    while True:
        reap(programs)
        now = time.monotonic()
        for program in programs:
            if program.process is None and now >= program.due:
                if program.gate and not ready:
                    ready = api_answers(program.gate)
                    if not ready:
                        continue
                program.start()
            program.follow_up()
        time.sleep(TICK)


def main() -> None:
    """Furnish the node, then attend to its programs until somebody ends this process."""
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    furnish(spec)
    logs = Path(spec["logs"])
    attend([Program(each, logs) for each in spec["programs"]])


if __name__ == "__main__":
    main()
