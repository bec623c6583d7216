"""Changes to a document that belong together, before it is known which others come with them."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from casava_contract.repair.rules import RULES
from casava_contract.repair.tree import Change, Node


class Shape(NamedTuple):
    """A member of an object that is left out, or one that is added: then ``which`` is -1 and ``after`` its text."""

    node: Node
    which: int
    rule: str
    after: bytes
    pointer: str


class Fix(NamedTuple):
    changes: tuple[Change, ...] = ()
    shapes: tuple[Shape, ...] = ()

    @property
    def cost(self) -> int:
        rules = [change.rule for change in self.changes] + [shape.rule for shape in self.shapes]
        return sum(RULES[rule].cost for rule in rules)

    @property
    def literal(self) -> bytes:
        """What a scalar became, where it is one scalar that changed."""
        return self.changes[0].after if len(self.changes) == 1 and not self.shapes else b""


FINE: Final = Fix()
_LEAVING_OUT: Final = frozenset({"drop_property", "duplicate_key"})


def changed(node: Node, after: bytes, rule: str, at: str) -> Fix:
    return Fix((Change(node.start, node.first, node.end, node.last, after, rule, at),))


def both(one: Fix | None, other: Fix | None) -> Fix | None:
    """What both ask for; None where one of them asks for what cannot be."""
    if one is None or other is None:
        return None
    if other is FINE:
        return one
    return other if one is FINE else joined((one, other))


def joined(fixes: Sequence[Fix]) -> Fix:
    """What all ask for."""
    changes = dict.fromkeys(change for fix in fixes for change in fix.changes)
    shapes = dict.fromkeys(shape for fix in fixes for shape in fix.shapes)
    return Fix(tuple(changes), tuple(shapes)) if changes or shapes else FINE


def cheapest(fixes: list[Fix]) -> Fix | None:
    """None where there is none, or two that differ are as cheap."""
    best = min((fix.cost for fix in fixes), default=0)
    found = list(dict.fromkeys(fix for fix in fixes if fix.cost == best))
    return found[0] if len(found) == 1 else None


def settled(fix: Fix) -> list[Change] | None:
    """All changes in the order of their places; None where one contradicts another."""
    changes = list(fix.changes)
    shapes: dict[Node, list[Shape]] = {}
    for shape in fix.shapes:
        shapes.setdefault(shape.node, []).append(shape)
    for node, wanted in shapes.items():
        changes += _reshaped(node, wanted)
    changes.sort(key=lambda change: (change.start, change.end, change.order))
    position = 0
    kept: list[Change] = []
    for change in changes:
        if kept and kept[-1].rule in _LEAVING_OUT and change.start < change.end <= kept[-1].end:
            continue  # what is left out need not be mended
        if change.start < position:
            return None
        position = change.end
        kept.append(change)
    return kept


def _reshaped(node: Node, wanted: list[Shape]) -> Iterable[Change]:
    members = node.members
    gone = {shape.which for shape in wanted if shape.which >= 0}
    last = max((index for index in range(len(members)) if index not in gone), default=-1)
    anchor = members[last].node.end if last >= 0 else node.start + 1
    first = last < 0
    for shape in wanted:
        if shape.which < 0:
            order = node.last - 1
            yield Change(
                anchor,
                order,
                anchor,
                order - 1,
                shape.after if first else b", " + shape.after,
                shape.rule,
                shape.pointer,
            )
            first = False
            continue
        member = members[shape.which]
        start, order, end, until = member.start, member.first, member.node.end, member.node.last
        if shape.which < last:  # with the comma after it
            follower = members[shape.which + 1]
            end, until = follower.start, follower.first - 1
        elif shape.which:  # with the comma before it
            leader = members[shape.which - 1].node
            start, order = leader.end, leader.last + 1
        yield Change(start, order, end, until, b"", shape.rule, shape.pointer)
