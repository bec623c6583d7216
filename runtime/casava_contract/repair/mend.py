"""Mends the values of a document by what the schema declares for the place of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from casava_contract.repair import coerce, embedded
from casava_contract.repair.declared import Declared
from casava_contract.repair.fix import FINE, Fix, Shape, both, changed, cheapest, joined, settled
from casava_contract.repair.model import Reason
from casava_contract.repair.tree import Document, Member, Node
from casava_contract.repair.work import GiveUpError, Work
from casava_contract.schema import oracle
from casava_contract.schema.graph import Edge, Graph, Subschema
from casava_contract.source import jsontext, pointers

_DEEPEST: Final = 150  # schemas and values entered, one inside the other
_UNWRAPPED: Final = 3  # strings inside of strings
_CONTAINERS: Final = {"{": "object", "[": "array"}
_FOLLOWED: Final = frozenset({"$ref", "allOf"})
_CHOICES: Final = ("anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Means:
    """What a mend may use.

    ``rules``: the names of those allowed; ``parts`` judges values by subschema; ``deepest``: levels of a document.
    """

    graph: Graph
    declared: Declared
    parts: oracle.Parts
    rules: frozenset[str]
    max_edits: int
    deepest: int
    work: Work


class Mender:
    """Mends one document."""

    def __init__(self, document: Document, means: Means, wrapped: int = 0, level: int = 0) -> None:
        self._document = document
        self._means = means
        self._nodes = means.graph.nodes
        self._wrapped = wrapped
        self._level = level
        self._gone: frozenset[tuple[Node, int]] = frozenset()

    def mend(self, place: str = "") -> Fix | None:
        """The cheapest changes that make the document fit the subschema at ``place``, as far as can be told.

        None where there are none, or two are as cheap.
        """
        twice = self._without_duplicates()
        if twice is None:
            return None
        self._gone = frozenset((shape.node, shape.which) for shape in twice.shapes)
        fix = both(twice, self._mend(self._document.root, place, ""))
        if fix is None or len(fix.changes) + len(fix.shapes) > self._means.max_edits:
            return None
        covered = {order for change in fix.changes for order in range(change.order, change.until + 1)}
        return fix if all(node.first in covered for node in self._document.open) else None

    def _without_duplicates(self) -> Fix | None:
        if not self._document.twice:
            return FINE
        if "duplicate_key" not in self._means.rules:
            return None
        shapes: list[Shape] = []
        pending = [(self._document.root, "")]
        while pending:
            node, at = pending.pop()
            last = {member.name: index for index, member in enumerate(node.members)}
            for index, member in enumerate(node.members):
                place = pointers.join(at, member.name)
                pending.append((member.node, place))
                if last[member.name] != index:
                    shapes.append(Shape(node, index, "duplicate_key", b"", place))
            pending += ((element, pointers.join(at, index)) for index, element in enumerate(node.elements))
        return Fix((), tuple(shapes))

    # One value and one subschema

    def _mend(self, node: Node, place: str, at: str) -> Fix | None:
        self._means.work.spend()
        schema = self._nodes[place]
        if isinstance(schema.value, bool):
            return FINE if schema.value else None
        self._level += 1
        if self._level > _DEEPEST:
            raise GiveUpError(Reason.WORK)
        fix = self._by_type(node, schema, at)
        if fix is FINE:
            fix = self._by_parts(node, schema, at)
        self._level -= 1
        return fix

    def _by_parts(self, node: Node, schema: Subschema, at: str) -> Fix | None:
        fix: Fix | None = FINE
        for edge in schema.edges:
            if edge.keyword in _FOLLOWED and fix is not None:
                fix = both(fix, self._mend(node, edge.target, at))
        for keyword in _CHOICES:
            edges = [edge for edge in schema.edges if edge.keyword == keyword]
            if edges and fix is not None:
                fix = both(fix, self._choose(node, edges, at))
        if fix is None or node.kind not in _CONTAINERS:
            return fix
        inside = self._members(node, schema, at) if node.kind == "{" else self._elements(node, schema, at)
        return both(fix, inside)

    def _choose(self, node: Node, edges: list[Edge], at: str) -> Fix | None:
        """One alternative that is satisfied is enough; else the one that costs least to satisfy."""
        if any(self._valid(node, edge.target, FINE) for edge in edges):
            return FINE
        found = []
        for edge in edges:
            fix = self._mend(node, edge.target, at)
            if fix is not None and fix is not FINE and self._valid(node, edge.target, fix):
                found.append(fix)
        return cheapest(found)

    def _valid(self, node: Node, place: str, fix: Fix) -> bool:
        changes = settled(fix)
        if changes is None:
            return False
        text = self._document.written(node, changes)
        self._means.work.spend(1 + len(text) // 16)
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:  # what only the contract can tell is still open in it
            return False
        return self._means.parts.valid(place, value)

    # Objects and arrays

    def _members(self, node: Node, schema: Subschema, at: str) -> Fix | None:
        declared = self._means.declared.at(schema.pointer)
        fixes: list[Fix] = []
        present: set[str] = set()
        for index, member in enumerate(node.members):
            if (node, index) in self._gone:
                continue
            present.add(member.name)
            place = pointers.join(at, member.name)
            targets = declared.targets(member.name)
            if any(self._nodes[target].value is False for target in targets) or declared.unknown(member.name):
                fix = self._dropped(node, index, place)
            else:
                fix = self._member(member, targets, member.name in declared.required, place)
            if not self._take(fix, fixes):
                return None
        for name in declared.required:
            missing = name not in present
            if missing and not self._take(self._default(node, name, declared.properties.get(name), at), fixes):
                return None
        return joined(fixes)

    def _take(self, fix: Fix | None, fixes: list[Fix]) -> bool:
        """Keep a fix with those before it. False where there is none, or they are too many."""
        if fix is None:
            return False
        if fix is not FINE:
            fixes.append(fix)
        return len(fixes) <= self._means.max_edits

    def _member(self, member: Member, targets: list[str], required: bool, at: str) -> Fix | None:
        fix: Fix | None = FINE
        if member.node.kind == "u" and required:
            fix = changed(member.node, member.node.after or b"null", "literal", at)
        for target in targets:
            fix = both(fix, self._mend(member.node, target, at))
        return fix

    def _dropped(self, node: Node, index: int, at: str) -> Fix | None:
        if "drop_property" not in self._means.rules:
            return None
        return Fix((), (Shape(node, index, "drop_property", b"", at),))

    def _default(self, node: Node, name: str, target: str | None, at: str) -> Fix | None:
        if "default" not in self._means.rules or target is None:
            return None
        keywords = self._nodes[target].keywords
        if "default" not in keywords:
            return None
        text = f"{jsontext.dump(name)}: {jsontext.dump(keywords['default'])}".encode()
        return Fix((), (Shape(node, -1, "default", text, pointers.join(at, name)),))

    def _elements(self, node: Node, schema: Subschema, at: str) -> Fix | None:
        declared = self._means.declared.at(schema.pointer)
        fixes: list[Fix] = []
        for index, element in enumerate(node.elements):
            target = declared.element(index)
            if target is not None and not self._take(self._mend(element, target, pointers.join(at, index)), fixes):
                return None
        return joined(fixes)

    # Scalars

    def _by_type(self, node: Node, schema: Subschema, at: str) -> Fix | None:
        """FINE where the type fits, and a scalar is among those that are listed."""
        keywords = schema.keywords
        named = keywords.get("type")
        wanted = frozenset(map(str, named) if isinstance(named, list) else [str(named)] if named else ())
        if node.kind in _CONTAINERS:
            return FINE if not wanted or _CONTAINERS[node.kind] in wanted else None
        if node.kind == "u":
            return FINE
        listed = [keywords["const"]] if "const" in keywords else keywords.get("enum")
        allowed = listed if isinstance(listed, list) else None
        if node.kind == "x":
            return self._unclear(node, wanted, at)
        literal = self._document.literal(node)
        if not wanted or wanted & coerce.type_of(literal):
            if allowed is None or any(coerce.equal(literal, value) for value in allowed):
                return FINE
            if literal[:1] == b'"' and "enum_snap" in self._means.rules:
                near = coerce.nearest(_said(literal), allowed, self._means.work)
                if near is not None:
                    return changed(node, jsontext.dump(near).encode(), "enum_snap", at)
        goal = wanted or coerce.types_of(allowed or [])
        return cheapest(
            [
                fix
                for fix in self._options(node, literal, goal, schema, at)
                if allowed is None or not fix.literal or any(coerce.equal(fix.literal, value) for value in allowed)
            ]
        )

    def _unclear(self, node: Node, wanted: frozenset[str], at: str) -> Fix | None:
        """1,234 is a whole number where only whole numbers are allowed. Where any number is, nobody knows."""
        if not wanted:
            return FINE
        if "number" in wanted:
            return None
        if "integer" in wanted:
            return changed(node, node.after or b"", "number", at)
        return self._as_string(node, at) if "string" in wanted else None

    def _as_string(self, node: Node, at: str) -> Fix | None:
        """A number as it was written: 007 is "007"."""
        if "number_to_string" not in self._means.rules:
            return None
        raw = self._document.data[node.start : node.end]
        return changed(node, b'"' + raw + b'"', "number_to_string", at)

    def _options(self, node: Node, literal: bytes, goal: frozenset[str], schema: Subschema, at: str) -> Iterator[Fix]:
        rules = self._means.rules
        if literal[:1] == b'"':
            yield from self._from_string(node, literal, goal, schema.pointer, at)
        elif node.kind == "n" and "string" in goal and (fix := self._as_string(node, at)):
            yield fix
        if "array" in goal and "scalar_to_array" in rules and literal != b"null":
            wrapped = changed(node, b"[" + literal + b"]", "scalar_to_array", at)
            if self._valid(node, schema.pointer, wrapped):
                yield wrapped

    def _from_string(self, node: Node, literal: bytes, goal: frozenset[str], place: str, at: str) -> Iterator[Fix]:
        rules = self._means.rules
        if goal & {"object", "array"} and (fix := self._unwrapped(node, place, at)):
            yield fix
        content = _said(literal).encode()
        if goal & {"number", "integer"} and "string_to_number" in rules:
            number = coerce.to_number(content, goal)
            if number is not None:
                yield changed(node, number, "string_to_number", at)
        if "boolean" in goal and "string_to_boolean" in rules:
            boolean = coerce.to_boolean(content)
            if boolean is not None:
                yield changed(node, boolean, "string_to_boolean", at)

    def _unwrapped(self, node: Node, place: str, at: str) -> Fix | None:
        if self._wrapped == _UNWRAPPED:
            return None
        means = self._means
        data = self._document.data
        inner = embedded.read(data, node, means.deepest, means.max_edits, means.work)
        if inner is None:
            return None
        found: list[Fix] = []
        for document in inner.documents:
            fix = Mender(document, means, self._wrapped + 1, self._level).mend(place)
            changes = None if fix is None else settled(fix)
            if changes is not None:
                inside = document.all_changes(changes)
                found.append(Fix(embedded.translated(inner, inside, node, at, data)))
        return cheapest([fix for fix in found if self._valid(node, place, fix)])


def _said(literal: bytes) -> str:
    """What a string in JSON says; of one that is no text, nothing."""
    try:
        return str(orjson.loads(literal))
    except orjson.JSONDecodeError:
        return ""
