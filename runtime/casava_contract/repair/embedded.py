"""JSON that was written as a string: what is inside, and where its bytes stand in the text around it."""

from bisect import bisect_right
from typing import Final, NamedTuple

from casava_contract.repair import lexical
from casava_contract.repair.path import Text
from casava_contract.repair.search import search
from casava_contract.repair.tree import Change, Document, Node, document
from casava_contract.repair.work import Work

_OPENING: Final = (b"{", b"[", b'"')


class Embedded(NamedTuple):
    """``documents``: the cheapest readings of the inside. ``marks``: see lexical.decoded; ``offset`` of the inside."""

    documents: tuple[Document, ...]
    marks: list[tuple[int, int]]
    offset: int


def read(data: bytes, node: Node, deepest: int, most: int, work: Work) -> Embedded | None:
    """The documents that the string ``node`` of ``data`` may hold; None where it holds none to its end."""
    opening = lexical.OPENING.match(data, node.start)
    before = len(opening[0]) if opening else 0  # escaped JSON may have lost its quotes
    after = len(opening[0]) if opening else 0
    inside = lexical.decoded(data[node.start + before : node.end - after])
    if inside is None:
        return None
    text, marks = inside
    work.spend(len(text) // 64)
    start = len(text) - len(text.lstrip(b" \t\r\n"))
    if not text.startswith(_OPENING, start):
        return None
    # Where the string ends nobody's answer ended: nothing is closed there.
    found = search(Text(text, False, deepest, most, work), start)
    readings = [path for path in found.readings if not text[path.position :].strip(b" \t\r\n")]
    if not readings or min(found.cut, found.lost) <= readings[0].cost:
        return None
    best = readings[0].cost
    documents = tuple(document(text, path, work) for path in readings if path.cost == best)
    return Embedded(documents, marks, node.start + before)


def translated(embedded: Embedded, inner: list[Change], node: Node, at: str, data: bytes) -> tuple[Change, ...]:
    """The changes of the inside as changes of the text around it, and what lies between them unwrapped."""
    text = embedded.documents[0].data
    changes: list[Change] = []
    outer, done = node.start, 0

    def unwrap(upto: int, place: int) -> None:
        before, after = data[outer:place], text[done:upto]
        if before != after:
            changes.append(Change(outer, node.first, place, node.last, after, "double_encoded", at))

    for change in inner:
        start, end = _outside(embedded, change.start), _outside(embedded, change.end)
        unwrap(change.start, start)
        changes.append(Change(start, node.first, end, node.last, change.after, change.rule, at + change.pointer))
        outer, done = end, change.end
    unwrap(len(text), node.end)
    return tuple(changes)


def _outside(embedded: Embedded, position: int) -> int:
    index = bisect_right(embedded.marks, position, key=lambda mark: mark[0]) - 1
    inside, outside = embedded.marks[index]
    return embedded.offset + outside + position - inside
