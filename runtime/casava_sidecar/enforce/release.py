"""Which part of a viable answer a stream may show now."""

from typing import Final, Protocol

from casava_contract import Completed
from casava_wire.config import Release


class Gate(Protocol):
    def upto(self, text: bytearray, completed: tuple[Completed, ...]) -> int:
        """The offset up to which ``text`` may be shown, on a whole character: less than before means no further.

        ``text``: all that has come, to be read alone. ``completed``: the subtrees that ended in its last piece.
        """


class Eager:
    """Everything at once."""

    def upto(self, text: bytearray, completed: tuple[Completed, ...]) -> int:  # noqa: ARG002
        return len(text)


class Complete:
    """Nothing before the verdict."""

    def upto(self, text: bytearray, completed: tuple[Completed, ...]) -> int:  # noqa: ARG002
        return 0


class Element:
    """Up to the end of the last subtree that was completed: no value is shown before it was judged."""

    def upto(self, text: bytearray, completed: tuple[Completed, ...]) -> int:  # noqa: ARG002
        return completed[-1].stop if completed else 0  # a subtree ends with an ASCII character


_GATES: Final[dict[Release, type[Eager | Element | Complete]]] = {
    "eager": Eager,
    "element": Element,
    "complete": Complete,
}


def gate(release: Release) -> Gate:
    return _GATES[release]()
