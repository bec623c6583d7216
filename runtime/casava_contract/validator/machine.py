"""One answer held against the plans of one schema: which readings are left after each value begins, grows and ends.

The parser tells it what it reads; it knows nothing of bytes but their offsets.
"""

from collections.abc import Sequence
from typing import Any, Final

from casava_contract.errors import shorten
from casava_contract.schema.kinds import NAMES, OBJECT
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue
from casava_contract.validator import elements, lexemes, number_prefix, texts
from casava_contract.validator.choices import Mode
from casava_contract.validator.containers import ArrayPlan, ObjectPlan, reason
from casava_contract.validator.frames import Frame, drop, full, lacking
from casava_contract.validator.kind_plan import KindPlan
from casava_contract.validator.naming import naming
from casava_contract.validator.plans import Plan, Planner
from casava_contract.validator.scalars import NumberPlan, ScalarPlan, StringPlan
from casava_contract.validator.texts import Fallen
from casava_contract.validator.threads import Group, Spawn, Thread, die
from casava_contract.verdict import Dead, Reason, listed

_CREDIT: Final = 65_536  # bytes of finished values that may be judged as a whole for nothing,
_PER_BYTE: Final = 8  # and how many more each byte of the answer pays for


_NO_END: Final = 1 << 62


class Machine:
    """Raises Dead."""

    def __init__(self, planner: Planner, bound: int) -> None:
        self._planner = planner
        self._bound = bound
        self._spent = 0
        self.frames: list[Frame] = []
        self.value: JsonValue = None
        self.begun = False
        self.threads: list[Thread] = []  # of the scalar that is open
        # What the next value must be: who asks, and what. The root is asked for by the whole answer.
        self._next: list[tuple[Thread | None, Plan]] = [(None, planner.root)]
        self._watched: list[Thread] = []

    # ---- values begin

    def begin(self, kind: int, offset: int) -> list[Thread]:
        """The threads of a value whose first byte has come."""
        frame = self.frames[-1] if self.frames else None
        if frame is None or frame.is_object:
            asked = self._next
        else:
            index = frame.key = len(frame.value)
            asked = []
            for thread in frame.threads:
                child = thread.plan.child(index) if isinstance(thread.plan, ArrayPlan) else None
                if child is not None:
                    asked.append((thread, child))
        if len(asked) == 1:  # nearly always
            use, plan = asked[0]
            alone = plan.at(kind)
            if alone is not None and not alone.groups:
                if alone.trivial:
                    return []
                only = Thread(alone)
                only.uses.append(use)
                return [only]
        return self._spawn(asked, kind, offset) if asked else []

    def _spawn(self, asked: list[tuple[Thread | None, Plan]], kind: int, offset: int) -> list[Thread]:
        spawn = Spawn()
        fallen: list[tuple[Thread | None, Plan]] = []
        for use, plan in asked:
            at = plan.at(kind)
            if at is None:
                fallen.append((use, plan))
            elif not at.trivial:
                spawn.add(at, use)
        for use, plan in fallen:
            self._kill(use, plan.refusal(kind), offset)
        if fallen:
            self._prune()
            drop(spawn.threads)
        if len(spawn.threads) > 1:
            self._count(offset)
        return spawn.threads

    def _count(self, offset: int) -> None:
        if sum(len(frame.threads) for frame in self.frames) > self._bound:
            message = (
                f"more than {self._bound} readings of the schema are open: make its alternatives easier to tell apart"
            )
            raise Dead(Reason("", "", message, code="limit.alternatives", earliest=False), offset)

    def open(self, kind: int, offset: int) -> None:
        """An object or array begins."""
        threads = self.begin(kind, offset)
        value: Any = {} if kind == OBJECT else []
        self._place(value)
        self.frames.append(Frame(value, threads, offset))

    def _place(self, value: JsonValue) -> None:
        if not self.frames:
            self.value = value
            self.begun = True
            return
        top = self.frames[-1]
        if top.is_object:
            top.value[top.key] = value
        else:
            top.value.append(value)

    # ---- members

    def may_add(self, offset: int) -> None:
        """A member or element begins: a comma after another, or the first byte of the first."""
        frame = self.frames[-1]
        count = len(frame.value)
        if count >= frame.room:
            fallen = [(t, why) for t in frame.threads if (why := full(t.plan, frame.value, count)) is not None]
            self._fall(fallen, offset)

    def key_so_far(self, buffer: bytearray, start: int, told: int, stop: int) -> None:
        """The whole characters from ``told`` to ``stop`` of the open key that began at ``start``."""
        frame = self.frames[-1]
        if frame.spelt:
            fallen = texts.misnamed(frame, buffer, start, told, stop)
            if frame.scans:
                fallen += texts.scan(self._namings(frame), buffer, start, told, stop)
            self._fall_in_order(fallen)

    def name_character(self, buffer: bytearray, start: int, stop: int) -> None:
        """A character of the open key has begun at ``stop``, and it is not known yet which one."""
        frame = self.frames[-1]
        fallen = texts.misnamed_character(frame, buffer, start, stop)
        self._fall_in_order(fallen + texts.full(self._namings(frame), stop) if frame.scans else fallen)

    def _namings(self, frame: Frame) -> list[tuple[Thread, StringPlan]]:
        found = []
        for thread in frame.threads:
            plan = naming(thread.plan, self._planner.draft) if isinstance(thread.plan, ObjectPlan) else None
            if plan is not None:
                found.append((thread, plan))
        return found

    def key(self, buffer: bytearray, start: int, told: int, offset: int) -> None:
        """A key that began at ``start`` and is known up to ``told`` has ended at ``offset``, the closing quote."""
        frame = self.frames[-1]
        name = lexemes.decode(buffer[start:offset])
        frame.key = name
        self._name(name, buffer, start, told, offset)
        if frame.scans:
            for thread in frame.threads:
                thread.scan = None  # the next name is another text

    def _name(self, name: str, buffer: bytearray, start: int, told: int, offset: int) -> None:
        frame = self.frames[-1]
        if name not in frame.value and not frame.undecided:
            asked: list[tuple[Thread | None, Plan]] = []
            for thread in frame.threads:
                plan = thread.plan
                if not isinstance(plan, ObjectPlan):
                    continue
                child = plan.child(name)
                if not plan.plain or (child is not None and not child.mask):
                    break  # something is to be said of the name
                if child is not None:
                    asked.append((thread, child))
            else:
                self._next = asked
                return
        self.key_so_far(buffer, start, told, offset)
        self._key(name, offset)

    def _key(self, name: str, offset: int) -> None:
        frame = self.frames[-1]
        if name in frame.value:
            message = "the same name twice in one object"
            raise Dead(Reason("", "", message, (), name[:40], code="syntax.duplicate_key"), offset)
        asked: list[tuple[Thread | None, Plan]] = []
        fallen: list[tuple[Thread, Reason]] = []
        for thread in frame.threads:
            plan = thread.plan
            if not isinstance(plan, ObjectPlan):
                continue
            child = plan.child(name)
            if child is not None:
                if child.mask:
                    asked.append((thread, child))
                else:
                    fallen.append((thread, plan.refusal(name)))
            why = self._with_name(thread, plan, name)
            if why is not None:
                fallen.append((thread, why))
        self._fall(fallen, offset)
        undecided = bool(frame.undecided)
        if undecided:
            self._decide(frame, offset, name)
        if fallen or undecided:
            asked = [(use, plan) for use, plan in asked if use is not None and use.alive]
        self._next = asked

    def _with_name(self, thread: Thread, plan: ObjectPlan, name: str) -> Reason | None:
        """What the name by itself breaks."""
        value = self.frames[-1].value
        if plan.names and self._planner.exact:
            for target in plan.names:
                if not self._planner.parts.valid(target, name):
                    return Reason("propertyNames", target, "the name is not allowed", (), name[:40])
        if plan.most is not None:
            missing = sum(one not in value and one != name for one in plan.required)
            if len(value) + 1 + missing > plan.most:
                message = "no room is left for the required members"
                left = listed([one for one in sorted(plan.required) if one not in value and one != name])
                return reason(plan.nodes, "maxProperties", message, expected=left, got=name[:40])
        for group in thread.groups:
            if group.plan.mode is Mode.WHEN and group.plan.key == name:
                group.seen = True
                if group.broken():
                    why = group.branches[0].reason if group.branches[0] is not None else None
                    return why or Reason("dependentSchemas", group.plan.pointer, "this member cannot come here")
        return None

    # ---- scalars

    def scalar(self, kind: int, offset: int) -> int | None:
        """A string or number begins. Of how many bytes nothing can be said until it ends; None: of all of them."""
        threads = self.threads = self.begin(kind, offset)
        if not threads:
            self._watched = threads
            return None
        watched = self._watched = []
        free = _NO_END
        for thread in threads:
            plan = thread.plan
            if isinstance(plan, ScalarPlan) and plan.watched:
                watched.append(thread)
                free = min(free, plan.free if isinstance(plan, StringPlan) else 0)
        return free if watched else None

    def text_so_far(self, buffer: bytearray, start: int, told: int, stop: int) -> None:
        """The whole characters from ``told`` to ``stop`` of the open string that began at ``start``."""
        self._fall_watched(texts.scan(self._watched_texts(), buffer, start, told, stop))

    def character(self, offset: int) -> None:
        """A character of the open string has begun at ``offset``, and it is not known yet which one."""
        self._fall_watched(texts.full(self._watched_texts(), offset))

    def _watched_texts(self) -> list[tuple[Thread, StringPlan]]:
        return [(thread, thread.plan) for thread in self._watched if isinstance(thread.plan, StringPlan)]

    def _fall_watched(self, fallen: list[Fallen]) -> None:
        if fallen:
            self._fall_in_order(fallen)
            self._watched = [thread for thread in self._watched if thread.alive]

    def number_so_far(self, literal: str, start: int) -> None:
        """The characters of the number that began at ``start``."""
        fallen: list[Fallen] = []
        for thread in self._watched:
            plan = thread.plan
            if isinstance(plan, NumberPlan) and not plan.bounds.viable(literal):
                index = number_prefix.earliest(plan.bounds.viable, literal)
                index = len(literal) - 1 if index is None else index
                fallen.append((start + index, thread, plan.too_far(literal[: index + 1])))
        self._fall_watched(fallen)

    def refuses(self, value: JsonValue) -> bool:
        """Whether a reading that is watched refuses the finished string or number."""
        return any(not t.plan.accepts(value) for t in self._watched if isinstance(t.plan, ScalarPlan))

    def end_scalar(self, value: JsonValue, start: int, offset: int) -> None:
        """A string, number or literal has ended, ``offset`` being its last byte, or what follows a number."""
        if self.threads:
            fallen = [
                (t, t.plan.refusal(value, shorten(jsontext.dump(value), 40)))
                for t in self.threads
                if isinstance(t.plan, ScalarPlan) and not t.plan.accepts(value)
            ]
            self._fall(fallen, offset)
            self._settle(self.threads, value, start, offset)
            self.threads = []
        self._place(value)
        if self.frames:
            self._part_ended(value, offset)

    # ---- values end

    def close(self, offset: int) -> JsonValue:
        """The innermost object or array ends; its value."""
        frame = self.frames[-1]
        if frame.threads:
            fallen = [(t, why) for t in frame.threads if (why := lacking(t, frame.value)) is not None]
            self._fall(fallen, offset)
            hard = [(t, pointer) for t in frame.threads for pointer in t.plan.hard]
            for thread, pointer in hard:
                if not thread.alive or not self._pay(frame.start, offset):
                    continue
                if not self._planner.parts.valid(pointer, frame.value):
                    self._fall([(thread, self._whole(thread.plan, pointer))], offset)
            self._settle(frame.threads, frame.value, frame.start, offset)
        self.frames.pop()
        if self.frames:
            self._part_ended(frame.value, offset)
        value: JsonValue = frame.value
        return value

    def _settle(self, threads: Sequence[Thread], value: JsonValue, start: int, offset: int) -> None:
        """Decide the choices over a finished value; branches come after their owners and so are decided before."""
        for thread in reversed([thread for thread in threads if thread.groups]):
            for group in thread.groups:
                if not thread.alive or not self._planner.exact:
                    break
                if not group.open_question() or not self._pay(start, offset):
                    continue
                if not self._planner.parts.valid(group.plan.node, value):
                    word = group.plan.mode.value
                    message = "more than one reading holds" if word == "oneOf" else f"{word} is not satisfied"
                    self._fall([(thread, Reason(word, group.plan.pointer, message, earliest=False))], offset)

    def _whole(self, plan: KindPlan, pointer: str) -> Reason:
        node = next(node for node in plan.nodes if node.pointer == pointer)
        words = ("enum", "const", "unevaluatedProperties", "unevaluatedItems")
        word = next(word for word in words if word in node.keywords)
        place = pointers.join(pointer, word)
        return Reason(word, place, f"the finished value does not satisfy {word}", (), NAMES[plan.kind], earliest=False)

    def _pay(self, start: int, offset: int) -> bool:
        """Values inside of values may be judged again and again: only as often as the answer is long."""
        cost = offset - start
        if self._spent + cost > _CREDIT + _PER_BYTE * offset:
            return False
        self._spent += cost
        return True

    def _part_ended(self, value: JsonValue, offset: int) -> None:
        """A member or an element has ended."""
        frame = self.frames[-1]
        if frame.per_item:
            self._fall(elements.fallen(frame, value, self._planner.parts.valid), offset)
        if frame.undecided:
            self._decide(frame, offset)

    def _decide(self, frame: Frame, offset: int, name: str | None = None) -> None:
        """Find the readings that are certain now: by the parts that have ended, or by a name whose value is to come.

        The oracle is asked as well: a plan may ask too little.
        """
        value = frame.value if name is None else frame.value | {name: None}
        for thread in tuple(frame.undecided):
            plan = thread.plan
            if not thread.alive or not isinstance(plan, ObjectPlan | ArrayPlan):
                frame.undecided.remove(thread)
                continue
            if name is not None and (not isinstance(plan, ObjectPlan) or plan.child(name) is not None):
                continue
            if plan.decided(value, thread.counts):
                frame.undecided.remove(thread)
                if self._pay(frame.start, offset) and self._holds(plan, value):
                    self._certain(thread, offset)

    def _holds(self, plan: KindPlan, value: JsonValue) -> bool:
        return all(self._planner.parts.valid(node.pointer, value) for node in plan.nodes)

    def _certain(self, thread: Thread, offset: int) -> None:
        thread.sure = True
        for use in thread.uses:
            if isinstance(use, Group) and use.owner.alive and use.broken():
                self._fall([(use.owner, use.reason(offset))], offset)

    # ---- deaths

    def _kill(self, use: Thread | None, why: Reason, offset: int) -> None:
        if use is None:
            raise Dead(why, offset)
        whole = die(use, why, offset)
        if whole is not None:
            raise Dead(whole, offset)

    def _fall(self, fallen: Sequence[tuple[Thread, Reason]], offset: int) -> None:
        if not fallen:
            return
        for thread, why in fallen:
            self._kill(thread, why, offset)
        self._prune()

    def _fall_in_order(self, fallen: list[Fallen]) -> None:
        """One piece of text may end several readings at different bytes: the order must not depend on the pieces."""
        if fallen:
            for offset, thread, why in sorted(fallen, key=lambda one: one[0]):
                self._kill(thread, why, offset)
            self._prune()

    def _prune(self) -> None:
        """Drop what nothing depends on any longer, from the root down."""
        for frame in self.frames:
            drop(frame.threads)
        drop(self.threads)
