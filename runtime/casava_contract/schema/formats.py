"""The shapes of formats: every text of the format has the shape, and few others do.

jsonschema-rs 0.60.3 takes one of ``*+,-./`` for some digits of a date or a time ("181,-12-10"), so there the shape is
asked as well.
"""

import re
from collections.abc import Callable
from typing import Final

_DATE: Final = (
    r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|[12][0-9]))"
)
_TIME: Final = (
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:[.][0-9]+)?(?:[zZ]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_BYTE: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HEX: Final = "[0-9a-fA-F]"

SHAPES: Final = {
    "date": _DATE,
    "time": _TIME,
    "date-time": rf"{_DATE}[tT]{_TIME}",
    "ipv4": rf"{_BYTE}(?:[.]{_BYTE}){{3}}",
    "uuid": rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}",
}


def strict(form: str, also: Callable[[str], bool]) -> Callable[[str], bool]:
    """Whether a text has the shape of a format and satisfies ``also``."""
    shape = re.compile(SHAPES[form], re.ASCII)

    def judge(text: str) -> bool:
        return shape.fullmatch(text) is not None and also(text)

    return judge
