"""Other programs: run one and get its output, or an error that says what it said. And locks between processes."""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

SAID: Final = 4000  # characters of a failed program's output that its error repeats


class ClusterError(Exception):
    """The cluster, or what it is made of, cannot do what was asked; the message says what to do."""


def say(text: str) -> None:
    """Tell a person what happens, on stderr: stdout belongs to what a command was asked for."""
    print(text, file=sys.stderr, flush=True)


def run(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 60,
    cwd: Path | None = None,
) -> str:
    """Run a program to its end and return its stdout. Raises ClusterError when it fails or takes over `timeout` s."""
    command = [str(argument) for argument in arguments]
    environment = None if env is None else {**os.environ, **env}
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, input=stdin, timeout=timeout, env=environment, cwd=cwd
        )
    except subprocess.TimeoutExpired as expired:
        raise ClusterError(f"{brief(command)} took more than {timeout:g} s") from expired
    except FileNotFoundError as missing:
        raise ClusterError(f"{command[0]} is not installed") from missing
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-SAID:]
        raise ClusterError(f"{brief(command)} failed with {done.returncode}: {said}")
    return done.stdout


def succeeds(*arguments: str | Path, timeout: float = 60) -> bool:
    """Whether a program ends with 0; for questions, not for work."""
    try:
        run(*arguments, timeout=timeout)
    except ClusterError:
        return False
    return True


def brief(command: Sequence[str]) -> str:
    """A command as an error shows it: the program's name and its arguments, cut where they are long."""
    text = " ".join([Path(command[0]).name, *command[1:]])
    return text if len(text) <= 200 else f"{text[:200]}..."


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, so that one which was killed blocks nobody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
