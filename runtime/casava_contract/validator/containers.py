"""What a conjunction of subschemas asks of an object or an array, member by member."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final

from casava_contract.schema import oracle
from casava_contract.schema.graph import Subschema
from casava_contract.schema.kinds import ARRAY, OBJECT, STRING
from casava_contract.source import pointers
from casava_contract.validator.choices import Branching
from casava_contract.validator.evaluated import Evaluated
from casava_contract.validator.kind_plan import KindPlan
from casava_contract.verdict import Reason, listed

if TYPE_CHECKING:
    from casava_contract.validator.plans import Plan

_KEPT: Final = 1024  # plans of members that are kept by name; answers choose the names, so they are bounded
_PREFIX_BYTES: Final = 1 << 20
_NO_END: Final = 1 << 62


def bound(node: Subschema, keyword: str) -> int | None:
    value = node.keywords.get(keyword)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == int(value) else None


def _tightest(nodes: Sequence[Subschema], keyword: str, choose: Callable[[Iterable[int]], int]) -> int | None:
    found = [value for value in (bound(node, keyword) for node in nodes) if value is not None]
    return choose(found) if found else None


def reason(nodes: Sequence[Subschema], keyword: str, message: str, **more: object) -> Reason:
    """A reason that names the first of the subschemas that has the keyword."""
    node = next((node.pointer for node in nodes if keyword in node.keywords), "")
    return Reason(keyword, pointers.join(node, keyword), message, **more)  # type: ignore[arg-type]


class ObjectPlan(KindPlan):
    """``closed``: the only names that there may be; None where others may come. ``required``: names that must come.

    ``lasting``: nothing but its members, one by one, decides it, and once they are there it holds.
    """

    __slots__ = (
        "_closed", "_deciding", "_known", "_lasting", "_matchers", "_planning", "_prefixes", "children", "dependent",
        "fewest", "most", "names", "naming", "naming_known", "plain", "required",
    )  # fmt: skip

    def __init__(
        self,
        nodes: Sequence[Subschema],
        groups: tuple[Branching, ...],
        hard: tuple[str, ...],
        planning: "Callable[[Iterable[str]], Plan]",
        evaluated: "Callable[[Subschema], Evaluated | None]",
        *,
        trivial: bool,
        lasting: bool,
    ) -> None:
        super().__init__(OBJECT, nodes, groups, hard, trivial=trivial)
        self._planning = planning
        self.children: dict[str, Plan | None] = {}
        self._matchers = [_Members(node, evaluated(node)) for node in nodes]
        self.required = frozenset(str(name) for node in nodes for name in _names(node, "required"))
        self.dependent = [pair for node in nodes for pair in _dependent(node)]
        self.fewest = _tightest(nodes, "minProperties", max) or 0
        self.most = _tightest(nodes, "maxProperties", min)
        self.names = [e.target for node in nodes for e in node.edges if e.keyword == "propertyNames"]
        self.naming: KindPlan | None = None
        self.naming_known = False
        # Nothing is to be said of a name but what the member must be.
        self.plain = self.most is None and not self.names and not any(group.key for group in groups)
        self._lasting = lasting and self.most is None and not self.names and not self.dependent
        self._deciding: frozenset[str] | None = None
        self._closed: frozenset[str] | None = None
        self._prefixes: dict[bytes, list[str]] = {}
        self._known = False

    def child(self, name: str) -> "Plan | None":
        """What a member must be; None: anything."""
        try:
            return self.children[name]
        except KeyError:
            pass
        plan = self._planning(target for members in self._matchers for target in members.of(name))
        found = None if plan.any else plan
        if len(self.children) < _KEPT:
            self.children[name] = found
        return found

    @property
    def closed(self) -> frozenset[str] | None:
        """Worked out late: it asks whether the members can be anything, which leads around recursive schemas."""
        if not self._known:
            self._close()
        return self._closed

    @property
    def room(self) -> int:
        """With fewer members than these another may come."""
        most = _NO_END if self.most is None else self.most
        return most if self.closed is None else min(most, len(self.closed))

    @property
    def lasting(self) -> bool:
        return self._lasting and self.deciding is not None

    @property
    def deciding(self) -> frozenset[str] | None:
        """The members that decide it; None where any other could as well. Worked out late, as ``closed`` is."""
        if self._lasting and self._deciding is None:
            rest = [target for members in self._matchers for target in members.rest()]
            if self._planning(rest).any:
                named = {name for members in self._matchers for name in members.named if self.child(name) is not None}
                self._deciding = self.required | named
            else:
                self._lasting = False
        return self._deciding

    def decided(self, value: Collection[object], counts: list[int] | None) -> bool:  # noqa: ARG002 - arrays count
        """Of a lasting plan: whether the finished members of ``value`` decide it."""
        return len(value) >= self.fewest and self._deciding is not None and all(n in value for n in self._deciding)

    @property
    def longest(self) -> int:
        """Bytes of the longest name of a closed object."""
        return max((len(name.encode()) for name in self.closed or ()), default=0)

    @property
    def spells(self) -> bool:
        """Whether more may be asked of a name than to be one of a few."""
        return bool(self.names) or any(m.patterns and m.otherwise is not None for m in self._matchers)

    def left(self, begun: bytes, value: Container[str]) -> bool:
        """Of a closed object: whether an allowed name that is not in ``value`` begins so."""
        names = self._prefixes.get(begun, ()) if self._prefixes else self._slowly(begun)
        return any(name not in value for name in names)

    def goes_on(self, begun: bytes, value: Container[str]) -> bool:
        """The same of a longer name."""
        names = self._prefixes.get(begun, ()) if self._prefixes else self._slowly(begun)
        return any(name not in value and len(name.encode()) > len(begun) for name in names)

    def _slowly(self, begun: bytes) -> list[str]:
        return [name for name in self._closed or () if name.encode().startswith(begun)]

    def _never(self, target: str) -> bool:
        return not self._planning([target]).mask

    @property
    def closing(self) -> tuple[Subschema | None, str]:
        """The subschema and the keyword that close it."""
        for members in self._matchers:
            only = members.only(self._never)
            if only is not None:
                return members.node, only[0]
        return next((node for node in self.nodes if "propertyNames" in node.keywords), None), "propertyNames"

    @property
    def name_plan(self) -> KindPlan | None:
        """What ``propertyNames`` asks; None where no name satisfies it."""
        return self._planning(self.names).at(STRING)

    def patterned(self) -> Iterator[tuple[str, Subschema, list[str], list[str]]]:
        """Of each subschema that allows but its patterns and names: what forbids others, itself, patterns, names."""
        for members in self._matchers:
            if members.patterns and members.otherwise is not None and self._never(members.otherwise):
                patterns = [pattern for pattern, _ in members.patterns]
                yield "additionalProperties", members.node, patterns, list(members.named)

    def _close(self) -> None:
        allowed: AbstractSet[str] | None = None
        for members in self._matchers:
            only = members.only(self._never)
            if only is not None:
                allowed = only[1] if allowed is None else allowed & only[1]
        if self.names:
            asked = self.name_plan
            options = frozenset[str]() if asked is None else asked.options
            if options is not None:
                allowed = options if allowed is None else allowed & options
        if allowed is not None:
            possible = {name for name in allowed if (plan := self.child(name)) is None or plan.mask}
            self._closed = frozenset(possible)
            prefixes: dict[bytes, list[str]] = {}
            if sum(len(name.encode()) ** 2 for name in possible) <= _PREFIX_BYTES:
                for name in possible:
                    encoded = name.encode()
                    for end in range(len(encoded) + 1):
                        prefixes.setdefault(encoded[:end], []).append(name)
            self._prefixes = prefixes
        self._known = True  # last: other threads hold answers against the same plan

    def refusal(self, name: str) -> Reason:
        """Why a member of this name may not come."""
        for members in self._matchers:
            targets = list(members.of(name))
            if targets and not self._planning(targets).mask:
                keyword = "properties" if name in members.named else "additionalProperties"
                if targets[-1] == members.unevaluated:
                    keyword = "unevaluatedProperties"
                known = list(members.named)
                message = "this name is not allowed here"
                return reason([members.node], keyword, message, expected=listed(known), got=name[:40])
        return Reason("additionalProperties", "", "this name is not allowed here", got=name[:40])


class _Members:
    """Which subschemas of one subschema apply to a member, by its name.

    ``unevaluated`` applies to every name but ``known``.
    """

    __slots__ = ("known", "named", "node", "otherwise", "patterns", "unevaluated")

    def __init__(self, node: Subschema, evaluated: Evaluated | None) -> None:
        self.node = node
        self.named = {str(e.token): e.target for e in node.edges if e.keyword == "properties"}
        self.patterns = [(str(e.token), e.target) for e in node.edges if e.keyword == "patternProperties"]
        self.otherwise = _single(node, "additionalProperties")
        self.known = None if evaluated is None else evaluated.names
        self.unevaluated = None if self.known is None else _single(node, "unevaluatedProperties")

    def of(self, name: str) -> list[str]:
        found = [self.named[name]] if name in self.named else []
        found += [target for pattern, target in self.patterns if oracle.matches(pattern, name)]
        if not found and self.otherwise is not None:
            found = [self.otherwise]
        if self.known is not None and self.unevaluated is not None and name not in self.known:
            found.append(self.unevaluated)
        return found

    def rest(self) -> list[str]:
        """What may apply to a member that is not named."""
        found = [target for _, target in self.patterns]
        return found + [target for target in (self.otherwise, self.unevaluated) if target is not None]

    def only(self, never: Callable[[str], bool]) -> tuple[str, AbstractSet[str]] | None:
        """The keyword and the only names that it allows; ``never`` tells a subschema that nothing satisfies."""
        if self.otherwise is not None and not self.patterns and never(self.otherwise):
            return "additionalProperties", self.named.keys()
        if self.known is not None and self.unevaluated is not None and never(self.unevaluated):
            return "unevaluatedProperties", self.known
        return None


def _single(node: Subschema, keyword: str) -> str | None:
    return next((edge.target for edge in node.edges if edge.keyword == keyword), None)


def _names(node: Subschema, keyword: str) -> Sequence[object]:
    value = node.keywords.get(keyword)
    return value if isinstance(value, list) else ()


def _dependent(node: Subschema) -> list[tuple[str, frozenset[str], str]]:
    """Name, names that it needs, keyword."""
    found = []
    for keyword in ("dependentRequired", "dependencies"):
        value = node.keywords.get(keyword)
        for name, needed in value.items() if isinstance(value, dict) else ():
            if isinstance(needed, list | str):  # draft 4 and its users write one name without a list
                names = [needed] if isinstance(needed, str) else needed
                found.append((name, frozenset(map(str, names)), keyword))
    return found


class ArrayPlan(KindPlan):
    """``contains``: pointer of the subschema, how many elements must and how many may satisfy it."""

    __slots__ = (
        "_children",
        "_planning",
        "_room",
        "_rows",
        "contains",
        "fewest",
        "lasting",
        "listed",
        "most",
        "per_item",
        "unique",
    )

    def __init__(
        self,
        nodes: Sequence[Subschema],
        groups: tuple[Branching, ...],
        hard: tuple[str, ...],
        planning: "Callable[[Iterable[str]], Plan]",
        evaluated: "Callable[[Subschema], Evaluated | None]",
        *,
        trivial: bool,
        lasting: bool,
        exact: bool,
    ) -> None:
        super().__init__(ARRAY, nodes, groups, hard, trivial=trivial)
        self._planning = planning
        self._children: dict[int, Plan | None] = {}
        self._rows = [_Elements(node, evaluated(node)) for node in nodes]
        self.listed = max((row.alike for row in self._rows), default=0)
        self.fewest = _tightest(nodes, "minItems", max) or 0
        self.most = _tightest(nodes, "maxItems", min)
        self.unique = any(node.keywords.get("uniqueItems") is True for node in nodes)
        self.contains = [row for node in nodes for row in _contains(node)] if exact else []
        self.per_item = self.unique or bool(self.contains)
        # Nothing but its first elements and what contains asks decides it, and once they are there it holds.
        bounded = self.unique or self.most is not None or any(most is not None for _, _, most, _ in self.contains)
        self.lasting = lasting and not bounded and self.child(self.listed) is None
        self._room: int | None = None

    @property
    def room(self) -> int:
        """With fewer elements than these another may come."""
        if self._room is None:
            room = _NO_END if self.most is None else self.most
            for index in range(self.listed + 1):
                child = self.child(index)
                if child is not None and not child.mask:
                    room = min(room, index)
                    break
            self._room = room
        return self._room

    def decided(self, value: Collection[object], counts: list[int] | None) -> bool:
        """Of a lasting plan: whether the finished elements of ``value`` decide it; ``counts`` as contains counts."""
        if len(value) < max(self.fewest, self.listed):
            return False
        found = counts or [0] * len(self.contains)
        return all(count >= fewest for count, (_, fewest, _, _) in zip(found, self.contains, strict=True))

    def child(self, index: int) -> "Plan | None":
        """What the element at ``index`` must be; None: anything."""
        index = index if index < self.listed else self.listed  # noqa: FURB136 - a call costs more
        try:
            return self._children[index]
        except KeyError:
            plan = self._planning(target for row in self._rows for target in row.of(index))
            found = self._children[index] = None if plan.any else plan
            return found


class _Elements:
    """``alike``: from this index on every element must be the same."""

    __slots__ = ("alike", "first", "listed", "rest", "unevaluated")

    def __init__(self, node: Subschema, evaluated: Evaluated | None) -> None:
        self.listed = [e.target for e in node.edges if e.keyword in {"items", "prefixItems"} and e.token is not None]
        self.rest = [e.target for e in node.edges if e.keyword == "items" and e.token is None]
        if isinstance(node.keywords.get("items"), list):
            self.rest = [e.target for e in node.edges if e.keyword == "additionalItems"]

        known = None if evaluated is None else evaluated.elements
        self.unevaluated = None if known is None else _single(node, "unevaluatedItems")
        self.first = 0 if known is None else known
        self.alike = max(len(self.listed), self.first if self.unevaluated else 0)

    def of(self, index: int) -> list[str]:
        found = [self.listed[index]] if index < len(self.listed) else self.rest
        return [*found, self.unevaluated] if self.unevaluated and index >= self.first else found


def _contains(node: Subschema) -> list[tuple[str, int, int | None, Subschema]]:
    fewest = bound(node, "minContains")
    return [
        (edge.target, 1 if fewest is None else fewest, bound(node, "maxContains"), node)
        for edge in node.edges
        if edge.keyword == "contains"
    ]
