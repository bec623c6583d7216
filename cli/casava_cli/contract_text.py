"""What the contract commands print."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from casava_cli.text import clean, columns
from casava_contract import (
    Contract,
    ContractError,
    CoverageEntry,
    Diagnostic,
    Enforcer,
    JsonContract,
    Lowering,
)
from casava_contract.coverage import refused

_BEFORE = 60  # columns of a line that are shown around a byte
_AFTER = 30

_LONG_PREFIX = "tensorrt-llm-"  # left out above a column

_MEANING = {
    Enforcer.ENGINE: "the decoder cannot write a violation",
    Enforcer.SIDECAR_EARLY: "the sidecar finds a violation while the answer comes",
    Enforcer.SIDECAR_FINAL: "the sidecar finds a violation when the answer has ended",
    Enforcer.ANNOTATION: "nothing is constrained: the draft does not know the keyword or the format",
}

_LIMITS = {
    "output_bytes": "bytes of an answer",
    "output_depth": "objects and arrays inside each other",
    "number_length": "characters of a number",
    "whitespace_run": "bytes of white space in a row",
    "repeated_bytes": "bytes of nothing but repetition",
    "output_alternatives": "readings of the schema at once",
}


def check_lines(contract: Contract, engines: Sequence[str]) -> Iterator[str]:
    """What a contract is, who enforces which keyword on which engine, and what an answer may cost."""
    yield f"{contract.kind}{_draft(contract)}, {contract.digest}"
    yield f"satisfiable: {contract.satisfiable}"
    lowerings = {engine: contract.lower(engine) for engine in engines}
    for engine, lowering in lowerings.items():
        yield f"{engine} guarantees: {lowering.guarantee}"
    yield ""
    yield from columns(_coverage(lowerings) if len(lowerings) > 1 else _details(contract, *lowerings.values()))
    yield ""
    yield from columns(_legend(lowerings.values()))
    if len(lowerings) > 1:
        yield "with one --engine the reasons are said too"
    yield ""
    yield f"longest valid answer: {_size(contract)}"
    yield "limits of an answer:"
    yield from columns(_limits(contract))


def refused_lines(error: ContractError) -> Iterator[str]:
    """The line of the table for what makes a contract one that nobody can enforce."""
    entry = refused(error)
    yield from columns(
        [("KEYWORD", "BY", ""), (clean(entry.pointer) or "all of it", str(entry.enforced_by), clean(entry.reason))]
    )


def _draft(contract: Contract) -> str:
    return f", draft {contract.draft}" if isinstance(contract, JsonContract) else ""


def _size(contract: Contract) -> str:
    """Without needless white space and escapes."""
    bound = contract.worst_case_bytes
    return "no bound but the limits" if bound is None else f"{bound:,} bytes"


def _coverage(lowerings: Mapping[str, Lowering]) -> list[tuple[str, ...]]:
    """One line for each keyword, one column for each engine."""
    by = [{_place(entry): str(entry.enforced_by) for entry in lowering.coverage} for lowering in lowerings.values()]
    places = dict.fromkeys(place for found in by for place in found)
    rows = [(place, *(found.get(place, "-") for found in by)) for place in places]
    return [("KEYWORD", *(engine.removeprefix(_LONG_PREFIX).upper() for engine in lowerings)), *rows]


def _legend(lowerings: Iterable[Lowering]) -> list[tuple[str, ...]]:
    """What the words of the table mean, those that stand in it."""
    said = {entry.enforced_by for lowering in lowerings for entry in lowering.coverage}
    return [(str(enforcer), meaning) for enforcer, meaning in _MEANING.items() if enforcer in said]


def _details(contract: Contract, lowering: Lowering) -> list[tuple[str, ...]]:
    """One line for each keyword, with the reason where it is not the engine's."""
    rows = [(_place(e), str(e.enforced_by), _timing(contract, e), clean(e.reason)) for e in lowering.coverage]
    return [("KEYWORD", "BY", "IN A STREAM", ""), *rows]


def _place(entry: CoverageEntry) -> str:
    named = entry.pointer.endswith(f"/{entry.keyword}")
    return clean(entry.pointer if named else f"{entry.pointer} {entry.keyword}".strip()) or "all of it"


def _timing(contract: Contract, entry: CoverageEntry) -> str:
    asserted = entry.enforced_by is not Enforcer.ANNOTATION
    return (contract.timing(entry.pointer) or "") if asserted else ""


def _limits(contract: Contract) -> list[tuple[str, ...]]:
    names = _LIMITS if isinstance(contract, JsonContract) else ("output_bytes", "repeated_bytes")
    return [(f"{getattr(contract.limits, name):,}", _LIMITS[name]) for name in names]


def error_lines(error: Diagnostic, answer: bytes) -> Iterator[str]:
    """One error, with a caret under the byte that decided it."""
    yield f"{error.code}: {clean(error.message)}"
    yield f"  line {error.line}, column {error.column}, byte {error.offset}"
    shown, before = _around(answer, error.offset)
    yield f"    {shown}"
    yield f"    {' ' * before}^"
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
