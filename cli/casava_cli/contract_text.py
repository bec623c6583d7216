"""What the contract commands print."""

import unicodedata
from collections.abc import Iterator

from casava_cli.text import clean, columns
from casava_contract import Contract, Diagnostic, Enforcer, JsonContract, Limits, Lowering

_BEFORE = 60  # columns of a line that are shown around a byte
_AFTER = 30

_LIMITS = {
    "output_bytes": "bytes of an answer",
    "output_depth": "objects and arrays inside each other",
    "number_length": "characters of a number",
    "whitespace_run": "bytes of white space in a row",
    "repeated_bytes": "bytes of nothing but repetition",
    "output_alternatives": "readings of the schema at once",
}


def check_lines(contract: Contract, engine: str) -> Iterator[str]:
    """What a contract is, who enforces which keyword, and what an answer may cost."""
    lowering = contract.lower(engine)
    draft = f", draft {contract.draft}" if isinstance(contract, JsonContract) else ""
    yield f"{contract.kind}{draft}, {contract.digest}"
    yield f"satisfiable: {contract.satisfiable}"
    yield f"{engine} guarantees: {lowering.guarantee}"
    yield ""
    yield from columns([("KEYWORD", "BY", "IN A STREAM", ""), *_coverage(contract, lowering)])
    yield ""
    yield "limits of an answer:"
    yield from columns(_limits(contract.limits))


def _coverage(contract: Contract, lowering: Lowering) -> Iterator[tuple[str, ...]]:
    for entry in lowering.coverage:
        named = entry.pointer.endswith(f"/{entry.keyword}")
        asserted = named and entry.enforced_by is not Enforcer.ANNOTATION
        timing = contract.timing(entry.pointer) if asserted else None
        place = entry.pointer if named else f"{entry.pointer} {entry.keyword}"
        yield clean(place) or "all of it", str(entry.enforced_by), timing or "", entry.reason


def _limits(limits: Limits) -> list[tuple[str, ...]]:
    return [(f"{getattr(limits, name):,}", what) for name, what in _LIMITS.items()]


def error_lines(error: Diagnostic, answer: bytes) -> Iterator[str]:
    """One error, with a caret under the byte that decided it."""
    yield f"{error.code}: {clean(error.message)}"
    yield f"  line {error.line}, column {error.column}, byte {error.offset}"
    shown, before = _around(answer, error.offset)
    yield f"    {shown}"
    yield f"    {' ' * before}^"
    if error.expected:
        yield f"  expected: {clean(', '.join(error.expected))}"
    if error.got:
        yield f"  got: {clean(error.got)}"
    if not error.earliest:
        yield "  found when the value had ended"


def _around(answer: bytes, offset: int) -> tuple[str, int]:
    """The line of a byte as far as it fits, and the columns before the byte."""
    start = answer.rfind(b"\n", 0, offset) + 1
    end = answer.find(b"\n", offset)
    before = _visible(answer[start:offset])[-_BEFORE:]
    after = _visible(answer[offset : None if end < 0 else end])[:_AFTER]
    return before + after, sum(map(_width, before))


def _visible(text: bytes) -> str:
    """One character for one, without those that steer a terminal."""
    return "".join(char if char.isprintable() else "\u00b7" for char in text.decode(errors="replace"))


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
