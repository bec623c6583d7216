"""What one reading says: its values with their places in the text, and its edits."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from casava_contract.repair.path import Item, Path
from casava_contract.repair.work import Work
from casava_contract.source import pointers


class Change(NamedTuple):
    """The bytes from ``start`` to ``end`` become ``after``.

    ``order`` sorts what is written in at one place. A change stands for all with an order from ``order`` up to
    ``until``; for itself alone where that is less. Orders of what was read are even, there is room between them.
    """

    start: int
    order: int
    end: int
    until: int
    after: bytes
    rule: str
    pointer: str


@dataclass(slots=True, eq=False)  # a node is itself alone
class Node:
    """A value. ``kind``: { [ s n l u x as in Item. ``first`` and ``last``: the orders of what it is made of."""

    kind: str
    start: int
    first: int
    end: int = 0
    last: int = 0
    after: bytes | None = None
    members: list["Member"] = field(default_factory=list)
    elements: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Member:
    name: str
    start: int
    first: int
    node: Node


@dataclass(slots=True)
class Document:
    """One reading of a text. ``open``: numbers and undefined whose meaning only the contract can tell."""

    data: bytes
    root: Node
    changes: list[Change]
    open: list[Node]
    twice: bool  # whether an object has a key twice

    def literal(self, node: Node) -> bytes:
        """A scalar in JSON."""
        return self.data[node.start : node.end] if node.after is None else node.after

    def written(self, node: Node, extra: Sequence[Change]) -> bytes:
        """A value in JSON, with more changes."""
        low = bisect_left(self.changes, node.first, key=lambda change: change.order)
        high = bisect_left(self.changes, node.last + 1, key=lambda change: change.order)
        return applied(self.data, merged(self.changes[low:high], extra), node.start, node.end)

    def all_changes(self, extra: Sequence[Change]) -> list[Change]:
        """What this reading changes, and more."""
        return merged(self.changes, extra)


def spelled(data: bytes, path: Path, work: Work) -> bytes | None:
    """A complete reading in JSON; None where only the contract can tell what a part of it means."""
    work.spend(1 + (path.position - path.start) // 32)
    log, changes = path.log, []
    while log is not None and log.op == "e":  # beyond the end of the document
        log = log.before
    end = start = log.end if log else 0
    while log is not None:
        if log.op in "ux":
            return None
        if log.after is not None:
            changes.append(log)
        start, log = log.start, log.before
    changes.reverse()
    changes.sort(key=lambda item: (item.start, item.end))
    parts: list[bytes] = []
    for item in changes:
        parts += (data[start : item.start], item.after or b"")
        start = item.end
    return b"".join((*parts, data[start:end]))


def document(data: bytes, path: Path, work: Work) -> Document:
    """The values of a complete reading."""
    items: list[Item] = []
    log = path.log
    while log is not None:
        items.append(log)
        log = log.before
    items.reverse()
    work.spend(1 + len(items) // 2)
    return _Builder(data).build(items)


class _Builder:
    def __init__(self, data: bytes) -> None:
        self._stack: list[Node] = []
        self._tokens: list[str | int] = []
        self._member: tuple[str, int, int] = ("", 0, 0)
        self._document = Document(data, Node("l", 0, 0), [], [], twice=False)

    def build(self, items: list[Item]) -> Document:
        for index, item in enumerate(items):
            order = 2 * index
            if item.op in "{[":
                node = Node(item.op, item.start, order)
                self._place(node)
                self._stack.append(node)
                self._tokens.append(-1)
            elif item.op in "}]":
                self._close(item, order)
            elif item.op == "k":
                self._key(item, order)
            elif item.op not in ",e":
                self._scalar(item, order)
            if item.after is not None and item.op not in "ux":
                self._change(item, order)
        return self._document

    def _place(self, node: Node) -> None:
        if not self._stack:
            self._document.root = node
            return
        top = self._stack[-1]
        if top.kind == "[":
            self._tokens[-1] = len(top.elements)
            top.elements.append(node)
        else:
            name, start, first = self._member
            top.members.append(Member(name, start, first, node))

    def _key(self, item: Item, order: int) -> None:
        raw = self._document.data[item.start : item.end] if item.after is None else item.after
        name = _text(raw)
        self._member = (name, item.start, order)
        self._tokens[-1] = name

    def _scalar(self, item: Item, order: int) -> None:
        node = Node(item.op, item.start, order, item.end, order, item.after)
        self._place(node)
        if item.op in "ux":
            self._document.open.append(node)

    def _close(self, item: Item, order: int) -> None:
        node = self._stack.pop()
        self._tokens.pop()
        node.end, node.last = item.end, order
        if node.kind == "{" and len({member.name for member in node.members}) < len(node.members):
            self._document.twice = True

    def _change(self, item: Item, order: int) -> None:
        tokens = self._tokens if item.op not in ",e" else self._tokens[:-1]
        pointer = pointers.of(token for token in tokens if token != -1)
        self._document.changes.append(Change(item.start, order, item.end, order, item.after or b"", item.rule, pointer))


def _text(literal: bytes) -> str:
    """What a string in JSON says; one that is no text, such as a lone surrogate, stays as it is written."""
    try:
        return str(orjson.loads(literal))
    except orjson.JSONDecodeError:
        return literal.decode()


def merged(changes: Sequence[Change], extra: Sequence[Change]) -> list[Change]:
    """All of them in order, without those that another stands for."""
    spans = sorted((one.order, one.until) for one in extra)
    kept: list[Change] = []
    index = 0
    for change in changes:
        while index < len(spans) and spans[index][1] < change.order:
            index += 1
        if index == len(spans) or change.order < spans[index][0]:
            kept.append(change)
    return sorted((*kept, *extra), key=lambda change: (change.start, change.end, change.order))


def applied(data: bytes, changes: Iterable[Change], start: int, end: int) -> bytes:
    """The bytes from ``start`` to ``end`` after the changes."""
    parts: list[bytes] = []
    for change in changes:
        parts += (data[start : change.start], change.after)
        start = change.end
    return b"".join((*parts, data[start:end]))
