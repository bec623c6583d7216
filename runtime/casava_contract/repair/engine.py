"""From an answer to a valid document: finds the candidates, reads them, mends them, and lets the contract choose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from casava_contract.json_contract import JsonContract
from casava_contract.repair import wrappers
from casava_contract.repair.candidates import Candidate, Reading, candidates
from casava_contract.repair.declared import Declared
from casava_contract.repair.fix import FINE, settled
from casava_contract.repair.mend import Means, Mender
from casava_contract.repair.model import Allowance, Edit, GaveUp, Reason, Repaired
from casava_contract.repair.path import Text
from casava_contract.repair.rules import CLASSES, LOSSY_RULES, RULES
from casava_contract.repair.tree import Change, applied
from casava_contract.repair.work import GiveUpError, Work
from casava_contract.source import jsontext

_COERCING: Final = frozenset(name for name, rule in RULES.items() if rule.cls == "coercing")


@dataclass(frozen=True, slots=True)
class Winner:
    """A valid document.

    ``start`` and ``end``: its bounds; ``rank``: of the severest class that it took; ``read``: what reading it cost;
    ``cost``: that and mending it; ``text``: of the document alone.
    """

    start: int
    end: int
    rank: int
    read: int
    cost: int
    text: bytes
    changes: Sequence[Change]


def repaired(contract: JsonContract, text: bytes, *, finished: bool, policy: Allowance) -> Repaired | GaveUp:
    """See casava_contract.repair.attempt."""
    if len(text) > contract.limits.output_bytes:
        return GaveUp(Reason.SIZE)
    try:
        text.decode()
    except UnicodeDecodeError:
        return GaveUp(Reason.UNREADABLE)
    if _valid(contract, text):
        # Of a number at the very end more might have come.
        cut = not finished and text[-1:].isdigit()
        return GaveUp(Reason.TRUNCATED) if cut else Repaired(text)
    try:
        return _Repair(contract, text, finished, policy).run()
    except GiveUpError as error:
        return GaveUp(error.reason)


def _valid(contract: JsonContract, text: bytes) -> bool:
    """What validate says, which has the last word; but it would say at length why not."""
    return contract.holds(text) and not contract.validate(text)


class _Repair:
    def __init__(self, contract: JsonContract, text: bytes, finished: bool, policy: Allowance) -> None:
        self._contract = contract
        self._max_edits = policy.max_edits
        work = Work(len(text))
        self._text = Text(text, finished, contract.limits.output_depth, policy.max_edits, work)
        self._means = Means(
            graph=contract.graph,
            declared=Declared(contract.graph, work),
            parts=contract.parts,
            rules=LOSSY_RULES.intersection(policy.lossy) | (_COERCING if policy.coercing else frozenset()),
            max_edits=policy.max_edits,
            deepest=contract.limits.output_depth,
            work=work,
        )

    def run(self) -> Repaired | GaveUp:
        text = self._text.data
        thought = wrappers.thought_until(text)
        if (wrapped := self._wrapped(thought)) is not None:
            return self._repaired(wrapped, thought)
        found = candidates(self._text, thought)
        if thought and not found:  # unless the tag is part of a document
            found = [one for one in candidates(self._text, 0) if one.start < thought <= one.end]
            thought = 0
        if not found:
            return GaveUp(Reason.UNREADABLE)
        winner = self._chosen([won for one in found for won in self._as_read(one)])
        if winner is None:
            winner = self._chosen([won for one in found for won in self._mended(one)])
        return GaveUp(Reason.INVALID) if winner is None else self._repaired(winner, thought)

    def _valid(self, text: bytes) -> bool:
        self._text.work.spend(1 + len(text) // 16)
        return _valid(self._contract, text)

    # Winners

    def _wrapped(self, thought: int) -> Winner | None:
        """Most often the document is as it should be, and only something stands around it: then nothing is read."""
        text = self._text.data
        bounds = wrappers.only_document(text, thought)
        if bounds is None or not self._valid(text[slice(*bounds)]):
            return None
        return Winner(*bounds, rank=0, read=0, cost=0, text=text[slice(*bounds)], changes=())

    def _as_read(self, candidate: Candidate) -> list[Winner]:
        """The cheapest readings of a candidate that are valid."""
        won: list[Winner] = []
        for reading in candidate.readings:
            if won and reading.cost > won[0].cost:
                break
            text = reading.text()
            if text is not None and self._valid(text):
                changes = reading.document().changes
                won.append(Winner(candidate.start, reading.end, 0, reading.cost, reading.cost, text, changes))
        return self._sound(candidate, won)

    def _mended(self, candidate: Candidate) -> list[Winner]:
        """The cheapest readings of a candidate that can be made valid."""
        won: list[Winner] = []
        for reading in candidate.readings:
            winner = self._mend(candidate.start, reading)
            if winner is None:
                continue
            if won and (winner.rank, winner.cost) > (won[0].rank, won[0].cost):
                continue
            if won and (winner.rank, winner.cost) < (won[0].rank, won[0].cost):
                won.clear()
            won.append(winner)
        return self._sound(candidate, won)

    def _mend(self, start: int, reading: Reading) -> Winner | None:
        document = reading.document()
        fix = Mender(document, self._means).mend()
        changes = None if fix is None or fix is FINE else settled(fix)
        if fix is None or changes is None:
            return None
        text = document.written(document.root, changes)
        if not self._valid(text):
            return None
        rank = max(CLASSES.index(RULES[change.rule].cls) for change in changes)
        cost = reading.cost + fix.cost
        return Winner(start, reading.end, rank, reading.cost, cost, text, document.all_changes(changes))

    def _sound(self, candidate: Candidate, won: list[Winner]) -> list[Winner]:
        """Raises GiveUpError where a reading that is no dearer was cut off or not followed."""
        if won and candidate.cut <= won[0].read:
            raise GiveUpError(Reason.TRUNCATED)
        if won and candidate.lost <= won[0].read:
            raise GiveUpError(Reason.WORK)
        return won

    def _chosen(self, won: list[Winner]) -> Winner | None:
        """The only one, or one of those that say the same, of the mildest class. Raises GiveUpError: they differ."""
        mildest = min((winner.rank for winner in won), default=0)
        left = [winner for winner in won if winner.rank == mildest]
        if len({self._said(winner.text) for winner in left}) > 1:
            raise GiveUpError(Reason.AMBIGUOUS)
        return left[0] if left else None

    def _said(self, text: bytes) -> str:
        limits = self._contract.limits
        return jsontext.dump(
            jsontext.read(text.decode(), depth=limits.output_depth, number_length=limits.number_length)
        )

    # The result

    def _repaired(self, winner: Winner, thought: int) -> Repaired | GaveUp:
        data = self._text.data
        changes = wrappers.around(data, winner.start, winner.end, thought) + list(winner.changes)
        changes.sort(key=lambda change: (change.start, change.end, change.order))
        edits = tuple(_edits(data, changes))
        if len(edits) > self._max_edits:
            return GaveUp(Reason.EDITS)
        text = applied(data, changes, 0, len(data))
        return Repaired(text, edits) if self._valid(text) else GaveUp(Reason.INVALID)


def _edits(data: bytes, changes: Iterable[Change]) -> Iterable[Edit]:
    for change in changes:
        before = data[change.start : change.end]
        if before != change.after:
            yield Edit(RULES[change.rule].cls, change.rule, change.pointer, change.start, before, change.after)
