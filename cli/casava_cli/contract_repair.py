"""What ``casava contract test`` says of the repair of an answer."""

from collections.abc import Iterator
from typing import Final

from casava_cli.text import clean
from casava_contract import Contract
from casava_contract.errors import shorten
from casava_contract.repair import LOSSY_RULES, Edit, Policy, Reason, Repaired, attempt

_SHOWN: Final = 40  # characters of what an edit takes away or puts in
_POLICIES: Final = (Policy(), Policy(coercing=True), Policy(coercing=True, lossy=LOSSY_RULES))  # mildest first
_REASONS: Final = {
    Reason.SIZE: "it is longer than an answer may be",
    Reason.UNREADABLE: "no document is recognised in it",
    Reason.TRUNCATED: "something is open at its end, and closing it might falsify it",
    Reason.AMBIGUOUS: "it can be read in several ways that the contract allows",
    Reason.INVALID: "no edits make it valid",
    Reason.EDITS: "more edits are needed than a repair makes",
    Reason.WORK: "no end was found in bounded work",
}


def repair_lines(contract: Contract, answer: bytes, *, finished: bool) -> Iterator[str]:
    """The edits of the mildest repair, or why there is none. ``finished``: the answer was not cut off."""
    reason = Reason.INVALID
    for policy in _POLICIES:
        outcome = attempt(contract, answer, finished=finished, policy=policy)
        if isinstance(outcome, Repaired):
            yield f"a repair ({' and '.join(outcome.classes)}) would make it valid:"
            for edit in outcome.edits:
                yield _edit_line(edit, answer)
            return
        reason = outcome.reason
    yield f"a repair would not help: {_REASONS[reason]}"


def _edit_line(edit: Edit, answer: bytes) -> str:
    start = answer.rfind(b"\n", 0, edit.offset) + 1
    line = answer.count(b"\n", 0, edit.offset) + 1
    column = len(answer[start : edit.offset].decode()) + 1
    place = f" {clean(edit.pointer)}" if edit.pointer else ""
    return f"  line {line}, column {column}: {edit.cls} {edit.rule}{place}: {_what(edit)}"


def _what(edit: Edit) -> str:
    before, after = (_shown(text) for text in (edit.before, edit.after))
    if not edit.before:
        return f"{after} put in"
    return f"{before} left out" if not edit.after else f"{before} becomes {after}"


def _shown(text: bytes) -> str:
    return clean(shorten(text.decode(), _SHOWN)) if text.strip() else repr(text.decode())
