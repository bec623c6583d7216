"""Which readings end in the next piece of a string or of a member's name, and at which byte of it."""

from collections.abc import Sequence
from typing import TypeAlias

from casava_contract.source import pointers
from casava_contract.validator import lexemes
from casava_contract.validator.containers import ObjectPlan
from casava_contract.validator.frames import Frame
from casava_contract.validator.scalars import Scan, StringPlan
from casava_contract.validator.threads import Thread
from casava_contract.verdict import Reason, listed

Fallen: TypeAlias = tuple[int, Thread, Reason]  # where a reading ended, the reading, why


def scan(watched: list[tuple[Thread, StringPlan]], buffer: bytearray, start: int, told: int, stop: int) -> list[Fallen]:
    """The readings that end in the next piece of a text."""
    fallen: list[Fallen] = []
    raw = buffer[told:stop]
    piece = lexemes.content(raw)
    for thread, plan in watched:
        if thread.scan is None:
            thread.scan = Scan(plan)
        found = thread.scan.advance(piece)
        if found is not None:
            first, last = (told + place for place in lexemes.place_of(raw, found[0]))
            full = Scan.of(plan, lexemes.content(buffer[start:first])).full() if first < last else None
            fallen.append((last, thread, found[1]) if full is None else (first, thread, full))
    return fallen


def full(watched: Sequence[tuple[Thread, StringPlan]], offset: int) -> list[Fallen]:
    """The readings of a text that no further character may follow; one has begun at ``offset``."""
    found = [(thread, (thread.scan or Scan(plan)).full()) for thread, plan in watched]
    return [(offset, thread, why) for thread, why in found if why is not None]


def misnamed(frame: Frame, buffer: bytearray, start: int, told: int, stop: int) -> list[Fallen]:
    """The readings of closed objects whose names none begins so."""
    if told - start > frame.longest:
        return []
    if stop - start > frame.longest:
        stop = lexemes.BODY.match(buffer, start, start + frame.longest).end()  # type: ignore[union-attr]
    value, raw = frame.value, buffer[start:stop]
    begun = lexemes.content(raw)
    fallen: list[Fallen] = []
    for thread in frame.threads:
        plan = thread.plan
        if not isinstance(plan, ObjectPlan) or plan.closed is None or plan.left(begun, value):
            continue
        index = next((i for i in range(len(begun)) if not plan.left(begun[: i + 1], value)), None)
        if index is not None:
            left = listed([name for name in sorted(plan.closed) if name not in value])
            first, last = lexemes.place_of(raw, index)
            before = lexemes.content(raw[:first])
            ended = first < last and not plan.goes_on(before, value)
            got = before if ended else begun[: index + 1]
            why = _no_such_name(plan, got.decode(errors="replace"), left)
            fallen.append((start + (first if ended else last), thread, why))
    return fallen


def misnamed_character(frame: Frame, buffer: bytearray, start: int, stop: int) -> list[Fallen]:
    """The readings of closed objects of whose names none goes on where a character of the open one has begun."""
    if stop - start > frame.longest:
        return []
    begun = lexemes.content(buffer[start:stop])
    fallen: list[Fallen] = []
    for thread in frame.threads:
        plan = thread.plan
        if isinstance(plan, ObjectPlan) and plan.closed is not None and not plan.goes_on(begun, frame.value):
            left = listed([name for name in sorted(plan.closed) if name not in frame.value])
            fallen.append((stop, thread, _no_such_name(plan, begun.decode(), left)))
    return fallen


def _no_such_name(plan: ObjectPlan, begun: str, left: tuple[str, ...]) -> Reason:
    node, word = plan.closing
    place = "" if node is None else pointers.join(node.pointer, word)
    early = word == "additionalProperties"  # else an alternative that cannot hold any longer may have named it
    return Reason(word, place, "no allowed name that is left begins so", left, begun[:40], earliest=early)
