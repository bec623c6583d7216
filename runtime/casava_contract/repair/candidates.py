"""The parts of an answer that may be the document, each with its readings."""

import re
from dataclasses import dataclass
from typing import Final

from casava_contract.repair import wrappers
from casava_contract.repair.model import Reason
from casava_contract.repair.path import Path, Text
from casava_contract.repair.search import NEVER, Found, search
from casava_contract.repair.tree import Document, Node, document, spelled
from casava_contract.repair.work import GiveUpError, Work

_MOST: Final = 64
_ESCAPED: Final = re.compile(rb'[{\[](?:[ \t\r\n{\[]|\\[nrt])*\\"')  # a document whose every quote is escaped
_SCALAR: Final = re.compile(rb"[^{\[]")


class Reading:
    """One way to read a candidate, up to ``end``. ``cost``: of its edits, and of leaving out what follows."""

    def __init__(self, data: bytes, path: Path, work: Work) -> None:
        self.cost = path.cost
        self.end = path.position
        self._data = data
        self._path = path
        self._work = work

    def text(self) -> bytes | None:
        """It in JSON; None where only the contract can tell what a part of it means."""
        return spelled(self._data, self._path, self._work)

    def document(self) -> Document:
        return document(self._data, self._path, self._work)


class Escaped(Reading):
    """A document that was written as a string, and its quotes were lost."""

    def __init__(self, data: bytes, start: int, end: int, work: Work) -> None:
        super().__init__(data, Path(start), work)
        self.end = end
        self._node = Node("s", start, 0, end, 0, b'""')

    def text(self) -> None:
        return None

    def document(self) -> Document:
        return Document(self._data, self._node, [], [self._node], twice=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What stands from ``start`` to ``end`` of the answer, and its ``readings``, cheapest first: ``end`` is of that.

    ``cut``: the cost of the cheapest reading that the end of the text cut off; ``lost``: of the cheapest that was not
    followed.
    """

    start: int
    end: int
    readings: tuple[Reading, ...]
    cut: int = NEVER
    lost: int = NEVER


def candidates(text: Text, start: int) -> list[Candidate]:
    """From ``start`` on. Raises GiveUpError where one of them is cut off, or goes on after its end."""
    alone = _alone(text, start)
    if alone is not None:
        return [alone]
    found: list[Candidate] = []
    position = start
    while (opening := wrappers.next_opening(text.data, position)) is not None:
        if len(found) == _MOST:
            raise GiveUpError(Reason.WORK)
        if wrappers.is_member(text.data, opening):
            raise GiveUpError(Reason.UNREADABLE)
        read = search(text, opening)
        if read.readings:
            found.append(_candidate(text, opening, read))
            position = found[-1].end
        elif read.cut < NEVER:
            raise GiveUpError(Reason.TRUNCATED)
        elif read.over or read.lost < NEVER:
            raise GiveUpError(Reason.EDITS if read.over else Reason.WORK)
        elif read.broken:
            raise GiveUpError(Reason.UNREADABLE)
        else:
            position = wrappers.extent(text.data, opening)
    return found


def _candidate(text: Text, start: int, found: Found) -> Candidate:
    readings = tuple(Reading(text.data, path, text.work) for path in found.readings)
    return Candidate(start, readings[0].end, readings, found.cut, found.lost)


def _alone(text: Text, start: int) -> Candidate | None:
    """The whole answer as one scalar, or as one escaped document."""
    begin, end = wrappers.bare(text.data, start)
    if begin >= end:
        return None
    if _ESCAPED.match(text.data, begin):
        return Candidate(begin, end, (Escaped(text.data, begin, end, text.work),))
    if not _SCALAR.match(text.data, begin):
        return None
    delimited = text.finished or end < len(text.data)
    read = search(text._replace(data=text.data[:end], finished=delimited), begin)
    read.readings = [path for path in read.readings if path.position == end]
    return _candidate(text, begin, read) if read.readings else None
