"""Objects and arrays that are open, and what their threads miss or have too much of."""

from typing import Any, Final

from casava_contract.validator.containers import ArrayPlan, ObjectPlan, reason
from casava_contract.validator.kind_plan import KindPlan
from casava_contract.validator.threads import Thread, matters, wanted
from casava_contract.validator.unique import Seen
from casava_contract.verdict import Reason, listed

_NO_END: Final = 1 << 62
_RAW: Final = 6  # bytes of an escape that stands for one byte


class Frame:
    """An object or array that is open. ``key``: the member or element that is being read.

    ``spelt``: something may be said of a name before it has ended, and ``scans`` where it is more than which names
    there may be; ``longest``: raw bytes after which no allowed name of a closed object is left.
    ``counting``: the readings that have ``contains``. ``undecided``: those that may become certain, whatever follows,
    while something depends on that.
    """

    __slots__ = (
        "counting", "is_object", "key", "longest", "per_item", "room", "scans", "seen", "spelt", "start", "threads",
        "undecided", "value",
    )  # fmt: skip

    def __init__(self, value: Any, threads: list[Thread], start: int) -> None:
        self.value = value
        self.is_object = isinstance(value, dict)
        self.threads = threads
        self.start = start
        self.key: str | int = "" if self.is_object else 0
        self.per_item = False
        self.spelt = False
        self.scans = False
        self.longest = 0
        self.room = _NO_END
        self.undecided: list[Thread] = []
        self.counting: list[Thread] = []
        self.seen: Seen | None = None
        for thread in threads:
            plan = thread.plan
            if isinstance(plan, ObjectPlan):
                self.room = min(self.room, plan.room)
                if plan.closed is not None:
                    self.spelt = True
                    self.longest = max(self.longest, _RAW * (plan.longest + 2))
                if plan.spells:
                    self.spelt = self.scans = True
            elif isinstance(plan, ArrayPlan):
                self.room = min(self.room, plan.room)
                self.per_item = self.per_item or plan.per_item
                if plan.unique and self.seen is None:
                    self.seen = Seen()
                if plan.contains:
                    self.counting.append(thread)
            if isinstance(plan, ObjectPlan | ArrayPlan) and matters(thread) and plan.lasting:
                self.undecided.append(thread)


def drop(threads: list[Thread]) -> None:
    kept = []
    for thread in threads:  # owners stand before their branches
        if thread.alive and not wanted(thread):
            thread.alive = False
        if thread.alive:
            kept.append(thread)
    threads[:] = kept


def full(plan: KindPlan, value: Any, count: int) -> Reason | None:
    """Why no further member or element may come."""
    if isinstance(plan, ObjectPlan):
        if plan.most is not None and count >= plan.most:
            return reason(plan.nodes, "maxProperties", "no more members are allowed", expected=("}",))
        closed = plan.closed
        if closed is not None and count >= len(closed) and all(name in value for name in closed):
            node, word = plan.closing
            return reason([node] if node else (), word, "every allowed member is there", expected=("}",))
    elif isinstance(plan, ArrayPlan):
        if plan.most is not None and count >= plan.most:
            return reason(plan.nodes, "maxItems", "no more elements are allowed", expected=("]",))
        child = plan.child(count)
        if child is not None and not child.mask:
            word = next(
                (
                    w
                    for w in ("items", "additionalItems", "unevaluatedItems")
                    if any(w in n.keywords for n in plan.nodes)
                ),
                "",
            )
            return reason(plan.nodes, word, "no further element is allowed", expected=("]",))
    return None


def lacking(thread: Thread, value: Any) -> Reason | None:
    """What a finished object or array lacks."""
    plan = thread.plan
    if isinstance(plan, ObjectPlan):
        if not plan.required <= value.keys():
            missing = listed([name for name in sorted(plan.required) if name not in value])
            return reason(plan.nodes, "required", f"missing {', '.join(missing)}", expected=missing, got="}")
        if len(value) < plan.fewest:
            return reason(
                plan.nodes, "minProperties", "too few members", expected=(f"at least {plan.fewest}",), got="}"
            )
        for name, needed, word in plan.dependent:
            if name in value and not needed <= value.keys():
                missing = listed([one for one in sorted(needed) if one not in value])
                return reason(plan.nodes, word, f"{name} needs {', '.join(missing)}", expected=missing, got="}")
    elif isinstance(plan, ArrayPlan):
        if len(value) < plan.fewest:
            return reason(plan.nodes, "minItems", "too few elements", expected=(f"at least {plan.fewest}",), got="]")
        for place, (_, fewest, _, node) in enumerate(plan.contains):
            if (thread.counts[place] if thread.counts else 0) < fewest:
                message = f"fewer than {fewest} elements match contains"
                return reason([node], "contains", message, expected=(f"at least {fewest}",), got="]")
    return None
