"""The cheapest readings of a text as one JSON document.

Readings are followed side by side in the order of where they need a decision; each decision makes a few new ones. One
that is dearer by more than SLACK than another that has come as far is dropped, and so is the dearest where there are
more than WIDTH: then it is known how cheap what was dropped was.
"""

import heapq
from dataclasses import dataclass, field
from typing import Final

from casava_contract.repair import lexical
from casava_contract.repair.path import ARRAY, CLOSERS, COLON, COMMA, OBJECT, Item, Mark, Path, Stack, State, Text
from casava_contract.repair.reader import Reader
from casava_contract.repair.rules import RULES

SLACK: Final = 8
WIDTH: Final = 32
_MOVES: Final = 64  # places that a bracket may have been meant for
NEVER: Final = 1 << 60


@dataclass(slots=True)
class Found:
    """``readings`` are complete, cheapest first.

    ``cut`` is the cost of the cheapest reading that the end of the text cut off, ``lost`` that of the cheapest that was
    not followed. ``broken``: a document had ended, and yet it went on; ``over``: too many edits were needed.
    """

    readings: list[Path] = field(default_factory=list)
    cut: int = NEVER
    lost: int = NEVER
    broken: bool = False
    over: bool = False


def search(text: Text, start: int) -> Found:
    """Readings of the document that begins at ``start``. Raises GiveUpError where the work is used up."""
    return _Search(text).run(start)


class _Search:
    def __init__(self, text: Text) -> None:
        self._text = text
        self._data = text.data
        self._reader = Reader(text)
        self._heap: list[tuple[int, int, int, Path]] = []
        self._count = 0
        self._found = Found()

    def run(self, start: int) -> Found:
        self._go(Path(start))
        while self._heap:
            path = heapq.heappop(self._heap)[3]
            ahead = [other.cost for *_, other in self._heap] + [done.cost for done in self._found.readings]
            if path.cost > min(ahead, default=NEVER) + SLACK:
                continue
            for successor in self._decided(path):
                self._go(successor)
        self._found.readings.sort(key=lambda done: done.cost)
        return self._found

    def _go(self, path: Path) -> None:
        """Follow a reading, and those that part from it, to their next decisions."""
        pending = [path]
        while pending:
            one = pending.pop()
            self._reader.follow(one)
            pending += self._reader.splits
            self._reader.splits.clear()
            self._settle(one)

    def _settle(self, path: Path) -> None:
        goes_on = path.state is not State.DONE or self._goes_on(path)
        if path.state is State.DEAD:
            self._found.over |= path.edits > self._text.most
            if path.cut:
                self._cut_off(path.cost)
        elif path.position < path.guard:
            return
        elif goes_on:
            self._push(path)
        elif self._ends_in_number(path) and not self._text.finished:
            self._cut_off(path.cost)
        else:
            if path.position < len(self._data) and not self._data.startswith(lexical.FENCE, path.position):
                path.cost += RULES["prose"].cost
            self._found.readings.append(path)

    def _cut_off(self, cost: int) -> None:
        self._found.cut = min(self._found.cut, cost)

    def _push(self, path: Path) -> None:
        self._count += 1
        heapq.heappush(self._heap, (path.position, path.cost, self._count, path))
        if len(self._heap) > WIDTH:
            dearest = max(self._heap, key=lambda entry: (entry[1], entry[2]))
            self._heap.remove(dearest)
            heapq.heapify(self._heap)
            self._lose(dearest[1])

    def _lose(self, cost: int) -> None:
        self._found.lost = min(self._found.lost, cost)

    def _goes_on(self, path: Path) -> bool:
        """Whether what follows a document belongs to it: then it was closed too early. Brackets alone are taken out."""
        data, stack = self._data, path.stack
        while True:
            match = lexical.SPACE.match(data, path.position)
            position = match.end() if match else path.position
            byte = data[position] if position < len(data) else 0
            if byte not in CLOSERS or stack is not None:
                break
            path.edit("extra_bracket", position, position + 1)
            path.position = position + 1
        path.position = position
        if byte == COLON:
            return True
        if byte != COMMA:
            return False
        after = lexical.SPACE.match(data, position + 1)
        ahead = after.end() if after else position + 1
        return bool(lexical.KEY_AHEAD.match(data, ahead) or lexical.VALUE_AHEAD.match(data, ahead)) and not (
            _root_kind(path) == OBJECT and data[ahead : ahead + 1] in {b"{", b"["}
        )

    def _ends_in_number(self, path: Path) -> bool:
        """Whether the text ends in a number of which more might have come."""
        log = path.log
        return log is not None and log.op in "nx" and log.end == len(self._data)

    # Decisions

    def _decided(self, path: Path) -> list[Path]:
        data, position = self._data, path.position
        byte = data[position] if position < len(data) else 0
        if path.state is State.DONE:
            self._found.broken = True
            return self._without_a_closer(path)
        stack = path.stack
        if stack is None:
            return []
        if path.state is State.FIRST and stack.kind == OBJECT == byte:
            return [_without_opening(path, stack)]
        if path.state is not State.AFTER:  # what should be a key is none, or no colon follows it
            return self._closed_before_comma(path, OBJECT)
        if position >= len(data) or data.startswith(lexical.FENCE, position):
            return self._closed_at_the_end(path, stack)
        if byte in CLOSERS:
            return self._mismatch(path, stack, CLOSERS[byte])
        if byte == COLON:
            return self._closed_before_comma(path, ARRAY)
        return self._closed_here(path, stack)

    def _closed_at_the_end(self, path: Path, stack: Stack) -> list[Path]:
        eof = path.position >= len(self._data)
        closed = path.fork()
        while closed.stack:
            closed.close("missing_bracket", closed.value_end, closed.value_end)
        if eof and (not self._text.finished or self._ends_in_number(path)):
            self._cut_off(closed.cost)
            return []
        return [closed, *self._closed_earlier(path, stack.depth)]

    def _mismatch(self, path: Path, stack: Stack, kind: int) -> list[Path]:
        """} in an array or ] in an object."""
        position = path.position
        replaced, dropped = path.fork(), path.fork()
        replaced.close("wrong_bracket", position, position + 1)
        replaced.position = position + 1
        dropped.edit("extra_bracket", position, position + 1)
        dropped.position = position + 1
        made = [replaced, dropped, *self._not_closed_earlier(path)]
        count = 0
        outer: Stack | None = stack
        while outer and outer.kind != kind:
            outer, count = outer.outer, count + 1
        if outer:
            made += [self._close(path, count), *self._closed_earlier(path, count)]
        return made

    def _closed_here(self, path: Path, stack: Stack) -> list[Path]:
        """A value in an object or a member in an array, and no comma before it: the inner one was not closed."""
        count = _nested(stack)
        fits = lexical.VALUE_AHEAD if stack.kind == OBJECT else lexical.KEY_AHEAD
        if not count or not fits.match(self._data, path.position):
            return []
        return [self._close(path, count), *self._closed_earlier(path, count)]

    def _closed_before_comma(self, path: Path, kind: int) -> list[Path]:
        """The same after a comma: the inner object (array) ended before it."""
        log = path.log
        while log is not None and log.op in "ske":
            log = log.before
        if log is None or log.op != "," or log.mark is None or log.mark.stack.kind != kind:
            return []
        count = _nested(log.mark.stack)
        if not count:
            return []
        before = path.at(log.mark)
        return [self._close(before, count), *self._closed_earlier(before, count)]

    def _close(self, path: Path, count: int) -> Path:
        closed = path.fork()
        for _ in range(count):
            closed.close("missing_bracket", closed.value_end, closed.value_end)
        return closed

    def _closed_earlier(self, path: Path, count: int) -> list[Path]:
        """Where a bracket is missing, it may be missing before any comma whose two sides could also part there.

        Such a reading must come as far as this one without another error. Of ``count`` brackets one is moved; from
        there the next ones may be.
        """
        outermost = path.stack
        for _ in range(count - 1):
            outermost = outermost.outer if outermost else None
        begin = max(outermost.start if outermost else 0, path.floor)
        made: list[Path] = []
        log = path.log
        while log is not None and log.start >= begin:
            self._text.work.spend()
            mark = log.mark
            if log.op == "," and mark is not None and _may_part(mark.stack):
                if len(made) == _MOVES:
                    self._lose(path.cost)
                    break
                made.append(self._moved(path, log, mark))
            log = log.before
        return made

    def _moved(self, path: Path, comma: Item, mark: Mark) -> Path:
        moved = path.at(mark)
        moved.close("missing_bracket", moved.value_end, moved.value_end)
        moved.floor, moved.guard = comma.end, max(path.position, path.guard)
        return moved

    def _without_a_closer(self, path: Path) -> list[Path]:
        """A document had ended too early: one of its closing brackets was too many."""
        return self._not_closed_earlier(path, root=True)

    def _not_closed_earlier(self, path: Path, *, root: bool = False) -> list[Path]:
        made: list[Path] = []
        log = path.log
        while log is not None and log.start >= path.floor:
            self._text.work.spend()
            mark = log.mark
            if (
                log.op in "}]"
                and mark is not None
                and (mark.stack.outer is None or mark.stack.outer.kind == mark.stack.kind)
            ):
                if len(made) == _MOVES:
                    self._lose(path.cost)
                    break
                if root or mark.stack.outer is not None:
                    open_still = path.at(mark)
                    open_still.position = log.end
                    open_still.edit("extra_bracket", log.start, log.end)
                    open_still.floor, open_still.guard = log.end, max(path.position, path.guard)
                    made.append(open_still)
            log = log.before
        return made


def _may_part(stack: Stack) -> bool:
    """Whether what belongs to the innermost could as well belong to what is around it."""
    return stack.outer is not None and stack.outer.kind == stack.kind


def _without_opening(path: Path, stack: Stack) -> Path:
    """{{ as templates have it: the first is too many."""
    single = path.fork()
    log = single.log
    while log is not None and log.start > stack.start:
        log = log.before
    single.log, single.stack, single.state = log.before if log else None, stack.outer, State.VALUE
    single.edit("extra_bracket", stack.start, stack.start + 1)
    return single


def _nested(stack: Stack) -> int:
    """How many of the innermost are of one kind, where something of the other kind is around them; else 0."""
    kind, count = stack.kind, 0
    outer: Stack | None = stack
    while outer and outer.kind == kind:
        outer, count = outer.outer, count + 1
    return count if outer else 0


def _root_kind(path: Path) -> int:
    log = path.log
    while log is not None and log.before is not None:
        log = log.before
    return ord(log.op) if log is not None and log.op in "{[" else 0
