"""Answers that are not repaired: whatever they became would be a guess."""

from typing import Final

from casava_contract.repair import Reason
from tests.unit.contract.repair.cases import Refuse

REFUSED: Final = (
    Refuse("a number cut short", '{"total": 12', reason=Reason.TRUNCATED),
    Refuse("a number cut short, whatever is said", '{"total": 12', reason=Reason.TRUNCATED, finished=False),
    Refuse("a string cut short", '{"total": 1, "note": "DE89 3704', reason=Reason.TRUNCATED),
    Refuse("a key cut short", '{"total": 1, "no', reason=Reason.TRUNCATED),
    Refuse("a value that never came", '{"total": 1, "note":', reason=Reason.TRUNCATED),
    Refuse("a comma at the end", '{"total": 1,', reason=Reason.TRUNCATED),
    Refuse("an array that had just begun", '{"total": 1, "tags": [', reason=Reason.TRUNCATED),
    Refuse("a literal cut short", '{"total": 1, "paid": tru', reason=Reason.TRUNCATED),
    Refuse("a cut answer with whole values", '{"total": 1, "tags": ["a"]', reason=Reason.TRUNCATED, finished=False),
    Refuse("a root number that may go on", "12", reason=Reason.TRUNCATED, contract="number", finished=False),
    Refuse("a cut document after a whole one", '{"total": 1}\nNo, wait: {"total": 2, "no', reason=Reason.TRUNCATED),
    Refuse("thoughts that never ended", '<think>{"total": 1}', reason=Reason.UNREADABLE),
    Refuse(
        "thoughts and a cut answer", 'maybe {"total": 1}</think>{"total": 2', reason=Reason.TRUNCATED, finished=False
    ),
    Refuse("a draft and a final one", 'Draft: {"total": 1}\nFinal: {"total": 2}', reason=Reason.AMBIGUOUS),
    Refuse("two in a row", '{"total": 1}\n{"total": 2}', reason=Reason.AMBIGUOUS),
    Refuse("two with a comma", '{"total": 1}, {"total": 2}', reason=Reason.AMBIGUOUS),
    Refuse("a part of a document", '"invoice": {"total": 1}', reason=Reason.UNREADABLE),
    Refuse(
        "a document inside of one that cannot be read",
        '{"total": NaN, "draft": {"total": 1}}',
        reason=Reason.UNREADABLE,
    ),
    Refuse("NaN", '{"total": NaN}', reason=Reason.UNREADABLE),
    Refuse("Infinity", '{"total": -Infinity}', reason=Reason.UNREADABLE),
    Refuse("a decimal comma", '{"total": 12,50}', reason=Reason.UNREADABLE),
    Refuse("one group that may be a decimal comma", '{"total": 1,234}', reason=Reason.INVALID),
    Refuse("a number with a unit", '{"total": 12 EUR}', reason=Reason.UNREADABLE),
    Refuse("two numbers or one", '{"total": 1, "marks": [1 234]}', reason=Reason.UNREADABLE),
    Refuse("an element left out", '{"total": 1, "marks": [1,,2]}', reason=Reason.UNREADABLE),
    Refuse("dots for what was left out", '{"total": 1, "tags": ["a", ...]}', reason=Reason.UNREADABLE),
    Refuse(
        "a comment for what was left out", '{"total": 1, "tags": ["a" /* ... 12 more */]}', reason=Reason.UNREADABLE
    ),
    Refuse("undefined for what may be absent", '{"total": 1, "note": undefined}', reason=Reason.INVALID),
    Refuse(
        "a bracket that may be missing in two places",
        '{"a": {"x": "1", "y": "2"',
        reason=Reason.AMBIGUOUS,
        contract="open",
    ),
    Refuse("an escape that means two things", '{"total": 1, "note": "C:\\data\\x\\q",}', reason=Reason.UNREADABLE),
    Refuse("a lone surrogate", '{"total": 1, "note": "\\ud83d",}', reason=Reason.INVALID),
    Refuse("a number as a string, not allowed", '{"total": "12"}', reason=Reason.INVALID),
    Refuse("a string that is no number", '{"total": "12 EUR"}', reason=Reason.INVALID, coercing=True),
    Refuse("a string that would be rounded", '{"total": 1, "count": "2.5"}', reason=Reason.INVALID, coercing=True),
    Refuse("a string of one group", '{"total": "1,234"}', reason=Reason.INVALID, coercing=True),
    Refuse("yes for true", '{"total": 1, "paid": "yes"}', reason=Reason.INVALID, coercing=True),
    Refuse(
        "null in place of a list",
        '{"total": 1, "tags": null}',
        reason=Reason.INVALID,
        coercing=True,
        lossy=("drop_property",),
    ),
    Refuse(
        "two alternatives that cost the same", '{"v": "1"}', reason=Reason.INVALID, contract="either", coercing=True
    ),
    Refuse("an enum far away", '{"total": 1, "status": "unknown"}', reason=Reason.INVALID, lossy=("enum_snap",)),
    Refuse("an enum between two", '{"size": "sn"}', reason=Reason.INVALID, contract="sizes", lossy=("enum_snap",)),
    Refuse("a missing property without a default", '{"note": "x"}', reason=Reason.INVALID, lossy=("default",)),
    Refuse("an undeclared property, not allowed", '{"total": 1, "vat": 3}', reason=Reason.INVALID, coercing=True),
    Refuse("a key twice, not allowed", '{"total": 1, "total": 1}', reason=Reason.INVALID),
    Refuse("too many edits", "{'total': 1, 'note': 'x'}", reason=Reason.EDITS, max_edits=2),
    Refuse("no UTF-8", b'{"total": 1, "note": "\xff",}', reason=Reason.UNREADABLE),
    Refuse("nothing", "", reason=Reason.UNREADABLE),
    Refuse("a sentence", "I cannot do that.", reason=Reason.UNREADABLE),
    Refuse("only fences", "``````", reason=Reason.UNREADABLE),
)
