"""The readings of a schema that are followed at once, and how the end of one ends others.

A thread holds one value against one plan. What a thread depends on is shared: two parents that ask the same of a value
have one thread between them, so at any place there are at most as many threads as there are plans.
"""

from casava_contract.validator.choices import Branching, Mode
from casava_contract.validator.kind_plan import KindPlan
from casava_contract.validator.scalars import Scan
from casava_contract.verdict import MOST_EXPECTED, Reason


class Thread:
    """``uses``: the threads of the parent value and the groups that fall with it; None stands for the whole answer.

    ``sure``: whatever follows, it holds.
    """

    __slots__ = ("alive", "counts", "died", "groups", "plan", "reason", "scan", "sure", "uses")

    def __init__(self, plan: KindPlan) -> None:
        self.plan = plan
        self.uses: list[Thread | Group | None] = []
        self.groups: list[Group] = []
        self.alive = True
        self.sure = False
        self.reason: Reason | None = None
        self.died = -1
        self.scan: Scan | None = None
        self.counts: list[int] | None = None


class Group:
    """A choice over the value of its owner. A branch that is None could not even begin."""

    __slots__ = ("branches", "left", "owner", "plan", "seen")

    def __init__(self, plan: Branching, owner: Thread) -> None:
        self.plan = plan
        self.owner = owner
        self.branches: list[Thread | None] = []
        self.left = sum(branch is not None for branch in plan.branches)
        self.seen = False  # of dependentSchemas: the member is there

    def holds(self, branch: int) -> bool:
        thread = self.branches[branch]
        return thread is not None and thread.alive

    def sure(self) -> int:
        """Of how many branches it is known that they hold."""
        return sum(branch is not None and branch.sure for branch in self.branches)

    def broken(self) -> bool:
        """Whether it can no longer hold."""
        mode = self.plan.mode
        if mode is Mode.IF:
            first = self.branches[0]
            otherwise = self.holds(2) and not (first is not None and first.sure)
            return not otherwise and not (self.holds(0) and self.holds(1))
        if mode is Mode.WHEN:
            return self.seen and not self.holds(0)
        if mode is Mode.NOT:
            return self.sure() > 0
        return self.left == 0 or (mode is Mode.ONE and self.sure() > 1)

    def open_question(self) -> bool:
        """Of a finished value: whether only the oracle can tell."""
        mode = self.plan.mode
        if mode is Mode.ONE:
            return self.left > 1
        if mode is Mode.NOT:
            return self.holds(0)
        return mode is Mode.IF and self.holds(0) and not (self.holds(1) and self.holds(2))

    def reason(self, offset: int) -> Reason:
        """The last reading to die names the cause; where several died of the same byte, all of them do."""
        if self.sure():
            return self._too_much(offset)
        last = [t.reason for t in self.branches if t is not None and t.died == offset and t.reason is not None]
        if len(last) == 1:
            return last[0]
        expected = tuple(dict.fromkeys(one for reason in last for one in reason.expected))[:MOST_EXPECTED]
        got = next((reason.got for reason in last if reason.got), "")
        word = self.plan.mode.value
        return Reason(word, self.plan.pointer, f"no reading of {word} is left", expected, got)

    def _too_much(self, offset: int) -> Reason:
        """Why it cannot hold though, or because, a reading is certain to."""
        then = self.branches[1] if self.plan.mode is Mode.IF else None
        if then is not None and then.reason is not None:
            return then.reason if then.died == offset else then.reason._replace(earliest=False)
        word = self.plan.mode.value
        messages = {Mode.ONE: "more than one reading holds", Mode.NOT: "what is ruled out holds"}
        message = messages.get(self.plan.mode, "its condition holds, and what must follow cannot")
        return Reason(word, self.plan.pointer, f"{message}, whatever follows", earliest=False)


def die(thread: Thread, reason: Reason, offset: int) -> Reason | None:
    """End a reading at a byte, and whatever cannot hold without it. The reason where that is the whole answer."""
    pending = [(thread, reason)]
    whole: Reason | None = None
    while pending:
        one, why = pending.pop()
        if not one.alive:
            continue
        one.alive = False
        one.reason = why
        one.died = offset
        for use in one.uses:
            if use is None:
                whole = whole or why
            elif isinstance(use, Thread):
                pending.append((use, why))
            else:
                use.left -= 1
                if use.owner.alive and use.broken():
                    pending.append((use.owner, use.reason(offset)))
    return whole


def wanted(thread: Thread) -> bool:
    """Whether anything still depends on it."""
    for use in thread.uses:
        if use is None:
            return True
        owner = use if isinstance(use, Thread) else use.owner
        if owner.alive:
            return True
    return False


def matters(thread: Thread) -> bool:
    """Whether anything would follow from its being certain to hold."""
    for use in thread.uses:
        if isinstance(use, Group):
            mode = use.plan.mode
            if mode is Mode.NOT or mode is Mode.ONE or (mode is Mode.IF and use.branches[0] is thread):
                return True
    return False


class Spawn:
    """The threads of one value, made from what its parents ask."""

    __slots__ = ("made", "threads")

    def __init__(self) -> None:
        self.made: dict[int, Thread] = {}
        self.threads: list[Thread] = []

    def add(self, plan: KindPlan, use: "Thread | Group | None") -> Thread:
        thread = self.made.get(id(plan))
        if thread is None:
            thread = self.made[id(plan)] = Thread(plan)
            self.threads.append(thread)
            for branching in plan.groups:
                group = Group(branching, thread)
                thread.groups.append(group)
                for branch in branching.branches:
                    group.branches.append(None if branch is None else self.add(branch, group))
        thread.uses.append(use)
        return thread
