"""Which part of a viable answer a stream may show now.

Each gate takes text as it comes and gives what is released by it, in order, nothing twice. ``held`` is the rest.
"""

from typing import Final, Protocol

from casava_contract import Completed
from casava_wire.config import Release


class Gate(Protocol):
    """``held``: text that was taken and not released, released by nobody but who takes it."""

    def take(self, text: str, completed: tuple[Completed, ...]) -> str:
        """What is released by this piece. ``completed``: the subtrees that ended in it."""

    def held(self) -> str: ...


class Eager:
    """Everything at once."""

    def take(self, text: str, completed: tuple[Completed, ...]) -> str:  # noqa: ARG002
        return text

    def held(self) -> str:
        return ""


class Complete:
    """Nothing before the verdict."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def take(self, text: str, completed: tuple[Completed, ...]) -> str:  # noqa: ARG002
        self._texts.append(text)
        return ""

    def held(self) -> str:
        return "".join(self._texts)


class Element:
    """Up to the end of the last subtree that was completed: no value is shown before it was judged."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._released = 0  # bytes

    def take(self, text: str, completed: tuple[Completed, ...]) -> str:
        self._texts.append(text)
        if not completed:
            return ""
        held = "".join(self._texts).encode()
        end = completed[-1].stop - self._released
        self._released += end
        # A subtree ends with an ASCII character, so both parts are whole characters.
        self._texts = [held[end:].decode()]
        return held[:end].decode()

    def held(self) -> str:
        return "".join(self._texts)


_GATES: Final[dict[Release, type[Eager | Element | Complete]]] = {
    "eager": Eager,
    "element": Element,
    "complete": Complete,
}


def gate(release: Release) -> Gate:
    return _GATES[release]()
