"""What a subschema declares for the members and the elements of a value, looked up by name and index."""

from dataclasses import dataclass, field

from casava_contract.repair.work import Work
from casava_contract.schema import oracle
from casava_contract.schema.dialect import Applies
from casava_contract.schema.graph import Graph, Subschema


@dataclass(slots=True)
class Place:
    """``properties`` by name, ``patterns`` with their targets; ``closed``: what neither names is not allowed."""

    work: Work
    properties: dict[str, str] = field(default_factory=dict)
    patterns: list[tuple[str, str]] = field(default_factory=list)
    additional: str | None = None
    known: frozenset[str] | None = None  # all names that anything at this place declares, where others are not allowed
    required: tuple[str, ...] = ()
    listed: dict[int, str] = field(default_factory=dict)
    rest: str | None = None

    def targets(self, name: str) -> list[str]:
        """The subschemas that a member must satisfy."""
        found = [self.properties[name]] if name in self.properties else []
        for pattern, target in self.patterns:
            self.work.spend(1 + len(name) // 64)
            if oracle.matches(pattern, name):
                found.append(target)
        return found or ([] if self.additional is None else [self.additional])

    def unknown(self, name: str) -> bool:
        """Whether ``unevaluatedProperties`` forbids a member for certain."""
        return self.known is not None and name not in self.known

    def element(self, index: int) -> str | None:
        return self.listed.get(index, self.rest)


class Declared:
    def __init__(self, graph: Graph, work: Work) -> None:
        self._graph = graph
        self._work = work
        self._places: dict[str, Place] = {}

    def at(self, pointer: str) -> Place:
        if pointer not in self._places:
            self._places[pointer] = self._place(self._graph.nodes[pointer])
        return self._places[pointer]

    def _place(self, schema: Subschema) -> Place:
        place = Place(self._work)
        required = schema.keywords.get("required")
        place.required = tuple(str(name) for name in required) if isinstance(required, list) else ()
        tuples = isinstance(schema.keywords.get("items"), list)
        for edge in schema.edges:
            if edge.applies is not Applies.PART:
                continue
            if edge.keyword == "properties":
                place.properties[str(edge.token)] = edge.target
            elif edge.keyword == "patternProperties":
                place.patterns.append((str(edge.token), edge.target))
            elif edge.keyword == "additionalProperties":
                place.additional = edge.target
            elif edge.keyword in {"items", "prefixItems"} and edge.token is not None:
                place.listed[int(edge.token)] = edge.target
            elif edge.keyword == "items" or (edge.keyword == "additionalItems" and tuples):
                place.rest = edge.target
        if schema.keywords.get("unevaluatedProperties") is False:
            place.known = self._known(schema)
        return place

    def _known(self, schema: Subschema) -> frozenset[str] | None:
        """The names that the subschema, and whatever it applies to the same value, declares; None: any name may be."""
        names: set[str] = set()
        seen: set[str] = set()
        pending = [schema]
        while pending:
            one = pending.pop()
            if one.pointer in seen:
                continue
            self._work.spend()
            seen.add(one.pointer)
            for edge in one.edges:
                if edge.applies is Applies.SAME:
                    pending.append(self._graph.nodes[edge.target])
                elif edge.keyword == "properties":
                    names.add(str(edge.token))
                elif edge.keyword in {"patternProperties", "additionalProperties"}:
                    return None
        return frozenset(names)
