"""What a person sees while it works: what is being done, for how long, and how long each step took."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

_BOLD, _GREEN, _DIM, _PLAIN = ("\033[1m", "\033[32m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("",) * 4
_started = time.monotonic()


def say(text: str) -> None:
    """A line with the seconds since the start."""
    print(f"{_DIM}{time.monotonic() - _started:7.1f} s{_PLAIN}  {text}", flush=True)


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say what begins and, when it ends, how long it took. On a terminal a clock runs meanwhile."""
    began = time.monotonic()
    say(f"{_BOLD}{what}{_PLAIN}")
    done = threading.Event()
    clock = threading.Thread(target=_tick, args=(what, began, done), daemon=True)
    if sys.stdout.isatty():
        clock.start()
    try:
        yield
    finally:
        done.set()
        if clock.is_alive():
            clock.join()
    say(f"{_GREEN}done{_PLAIN} {what} in {time.monotonic() - began:.1f} s")


def _tick(what: str, began: float, done: threading.Event) -> None:
    while not done.wait(1):
        print(f"\r{_DIM}           {what}: {time.monotonic() - began:.0f} s{_PLAIN}\r", end="", flush=True)
