"""What a finished element breaks by being there: that it came before, or that too many are like it."""

from collections.abc import Callable

from casava_contract.errors import shorten
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue
from casava_contract.validator.containers import ArrayPlan, reason
from casava_contract.validator.frames import Frame
from casava_contract.validator.threads import Thread
from casava_contract.verdict import Reason

_Valid = Callable[[str, JsonValue], bool]  # whether a value satisfies the subschema at a pointer


def fallen(frame: Frame, value: JsonValue, valid: _Valid) -> list[tuple[Thread, Reason]]:
    """The readings of the array that end with this element; it is counted."""
    found: list[tuple[Thread, Reason]] = []
    for thread in frame.counting:
        plan = thread.plan
        why = _contains(thread, plan, value, valid) if thread.alive and isinstance(plan, ArrayPlan) else None
        if why is not None:
            found.append((thread, why))
    if frame.seen is not None and frame.seen.again(value):
        unique = [t for t in frame.threads if isinstance(t.plan, ArrayPlan) and t.plan.unique]
        if unique:
            shown = shorten(jsontext.dump(value), 40)
            why = reason(unique[0].plan.nodes, "uniqueItems", "the same element twice", got=shown)
            found += [(thread, why) for thread in unique]
    return found


def _contains(thread: Thread, plan: ArrayPlan, value: JsonValue, valid: _Valid) -> Reason | None:
    if thread.counts is None:
        thread.counts = [0] * len(plan.contains)
    for place, (target, _, most, node) in enumerate(plan.contains):
        if valid(target, value):
            thread.counts[place] += 1
            if most is not None and thread.counts[place] > most:
                message = f"more than {most} elements match contains"
                return reason([node], "maxContains", message, expected=(f"at most {most}",))
    return None
