"""What a model is told of an answer that was refused, before it answers again."""

from collections.abc import Sequence
from typing import Final

from casava_contract import Diagnostic
from casava_contract.errors import shorten

MOST: Final = 3
LONGEST: Final = 80  # characters of anything that is echoed

_BEFORE: Final = "Your last answer was not accepted:"
_AFTER: Final = "Answer again, from the beginning, with the answer alone."


def feedback(diagnostics: Sequence[Diagnostic]) -> str:
    """At most three reasons, each on a line. Nothing long that the model wrote comes back to it."""
    return "\n".join([_BEFORE, *(f"- {_line(one)}" for one in diagnostics[:MOST]), _AFTER])


def _line(diagnostic: Diagnostic) -> str:
    if len(diagnostic.pointer) <= LONGEST:
        return diagnostic.hint
    # The hint begins with the pointer, which holds keys of the model's own.
    asked = f"; expected {', '.join(diagnostic.expected)}" if diagnostic.expected else ""
    return f"At {shorten(diagnostic.pointer, LONGEST)}: breaks {diagnostic.keyword or diagnostic.code}{asked}."
