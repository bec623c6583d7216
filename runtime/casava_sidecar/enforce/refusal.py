"""A refusal in the form that a request can allow: the object ``{"refusal": "..."}`` in place of what was asked for."""

import json
from typing import Final

from casava_contract import Completed
from casava_sidecar.enforce.release import Complete, Gate

_SHAPE: Final = '{"refusal"'
_SPACES: Final = " \t\r\n"


def refusal(text: str) -> str | None:
    """Why the model refuses, None where it does not. ``text`` is a valid answer."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if isinstance(value, dict) and value.keys() == {"refusal"} and isinstance(value["refusal"], str):
        return str(value["refusal"])
    return None


def refuses(text: str) -> bool | None:
    """Whether an answer that begins so has the form of a refusal, as far as its first key tells. None: not known yet.

    A key with escapes may be any.
    """
    compact = ""
    for character in text:
        if character in _SPACES:
            continue
        compact += character
        if len(compact) == len(_SHAPE):
            return compact == _SHAPE
        if character == "\\" and compact.startswith('{"') and compact.count('"') == 1:
            return True
    return None if _SHAPE.startswith(compact) else False


class Undecided:
    """Holds an answer back until its first key says that it is no refusal; a refusal is held to its end."""

    def __init__(self, behind: Gate) -> None:
        self._behind = behind
        self._gate: Gate | None = None

    def upto(self, text: bytearray, completed: tuple[Completed, ...]) -> int:
        if self._gate is None:
            refused = refuses(text.decode())  # a few characters: a validator takes no endless white space
            if refused is None:
                return 0
            self._gate = Complete() if refused else self._behind
        return self._gate.upto(text, completed)
