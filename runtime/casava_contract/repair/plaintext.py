"""Answers of contracts that are no documents: only what stands around the text is taken off."""

from collections.abc import Iterator

from casava_contract.contract import Contract
from casava_contract.repair import wrappers
from casava_contract.repair.model import Allowance, Edit, GaveUp, Reason, Repaired
from casava_contract.repair.rules import RULES


def unwrapped(contract: Contract, text: bytes, *, finished: bool, policy: Allowance) -> Repaired | GaveUp:
    """The text without white space, a byte-order mark, think blocks and one fence around it, as little as is needed."""
    if len(text) > contract.limits.output_bytes:
        return GaveUp(Reason.SIZE)
    if not contract.validate(text):
        return Repaired(text) if finished else GaveUp(Reason.TRUNCATED)
    for start, end, closed in wrappers.layers(text):
        if not contract.validate(text[start:end]):
            if not (finished or closed):
                return GaveUp(Reason.TRUNCATED)
            edits = tuple(_edits(text, start, end))
            return Repaired(text[start:end], edits) if len(edits) <= policy.max_edits else GaveUp(Reason.EDITS)
    return GaveUp(Reason.INVALID)


def _edits(text: bytes, start: int, end: int) -> Iterator[Edit]:
    for change in wrappers.around(text, start, end, wrappers.thought_until(text), spaces=True):
        before = text[change.start : change.end]
        yield Edit(RULES[change.rule].cls, change.rule, "", change.start, before, b"")
