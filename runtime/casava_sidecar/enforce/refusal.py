"""A refusal in the form that a request can allow: the object ``{"refusal": "..."}`` in place of what was asked for."""

import json
from typing import Final

from casava_contract import Completed
from casava_sidecar.enforce.release import Gate

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


def may_refuse(text: str) -> bool:
    """Whether an answer that begins so is a refusal or can become one. A first key with escapes may be any."""
    compact = ""
    for character in text:
        if character not in _SPACES:
            compact += character
            if len(compact) == len(_SHAPE) or character == "\\":
                break
    escaped = compact.startswith('{"') and compact.endswith("\\") and compact.count('"') == 1
    return escaped or _SHAPE.startswith(compact)


class Undecided:
    """Holds an answer back until its first key says that it is no refusal; a refusal is held to its end."""

    def __init__(self, behind: Gate) -> None:
        self._gate = behind
        self._text = ""
        self._decided = False

    def take(self, text: str, completed: tuple[Completed, ...]) -> str:
        if self._decided:
            return self._gate.take(text, completed)
        self._text += text
        if may_refuse(self._text):
            return ""
        self._decided = True
        return self._gate.take(self._text, completed)

    def held(self) -> str:
        return self._gate.held() if self._decided else self._text
