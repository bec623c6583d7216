"""Answers that a schema is likely to take, near its edges: what a difference between two contracts shows on.

Nothing here is certain: keywords that are not followed are left to who judges the answer.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Any, Final

from casava_contract.schema import kinds, oracle
from casava_contract.schema.dialect import Applies
from casava_contract.schema.graph import Graph, Subschema
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue
from casava_contract.validator import leaves

_WORLDS: Final = 16  # ways through the alternatives over one value
_EACH: Final = (400, 24, 8, 4, 2)  # samples of one place, by depth; deeper none
_LONGEST: Final = 2_000  # characters of a text, and at most this many elements
_WALKED: Final = 100  # characters of a text that is made for a pattern
_FOUND: Final = 2
_EXAMPLES: Final = {
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "date-time": "2026-01-31T12:00:00Z",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "a@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "duration": "P1D",
    "regex": "a",
}
_SIMPLE: Final[tuple[JsonValue, ...]] = ({}, [], "a", 0, True, False, None)


def samples(graph: Graph) -> Iterator[JsonValue]:
    """At most some hundred values, always the same for the same schema."""
    return _Sampler(graph).of(("",), 0)


class _Sampler:
    def __init__(self, graph: Graph) -> None:
        self._nodes = graph.nodes
        self._parts = oracle.Parts(graph.root.value, graph.draft, graph.resources)

    def of(self, pointers: tuple[str, ...], depth: int) -> Iterator[JsonValue]:
        """Samples of what all subschemas at ``pointers`` take."""
        if depth >= len(_EACH):
            return
        worlds = self._worlds(pointers)
        seen: set[str] = set()
        for value in islice(_in_turn([self._world(world, depth) for world in worlds]), 4 * _EACH[depth]):
            shown = jsontext.dump(value)
            if shown not in seen and (not depth or all(self._parts.valid(one, value) for one in pointers)):
                seen.add(shown)
                yield value
                if len(seen) == _EACH[depth]:
                    return

    def _worlds(self, pointers: tuple[str, ...]) -> list[list[Subschema]]:
        """The subschemas over one value, once for each way through ``anyOf`` and ``oneOf``."""
        found: list[list[Subschema]] = []
        pending: list[tuple[list[str], list[Subschema]]] = [(list(pointers), [])]
        while pending and len(found) < _WORLDS:
            todo, nodes = pending.pop()
            if not todo:
                found.append(nodes)
                continue
            node = self._nodes[todo.pop()]
            if node.value is False:
                continue
            here = [*nodes, node]
            also = [e.target for e in node.edges if e.applies is Applies.SAME and e.keyword in {"$ref", "allOf"}]
            choices = [e.target for e in node.edges if e.keyword in {"anyOf", "oneOf"}]
            ways = [[*todo, *also, one] for one in reversed(choices[:_WORLDS])] or [[*todo, *also]]
            pending.extend((way, here) for way in ways)
        return found

    def _world(self, nodes: list[Subschema], depth: int) -> Iterator[JsonValue]:
        listed = _listed(nodes)
        if listed is not None:
            return iter(listed)
        allowed = kinds.ALL
        for node in nodes:
            if "type" in node.keywords:
                allowed &= kinds.of_type(node.keywords["type"])
        streams: list[Iterable[JsonValue]] = []
        if allowed & kinds.OBJECT:
            streams.append(self._objects(nodes, depth))
        if allowed & kinds.ARRAY:
            streams.append(self._arrays(nodes, depth))
        if allowed & kinds.STRING:
            streams.append(self._strings(nodes))
        if allowed & kinds.NUMBER:
            streams.append(_numbers(nodes))
        streams.append([value for value in (True, False, None) if allowed & kinds.of_value(value)])
        return _in_turn(streams)

    def _objects(self, nodes: list[Subschema], depth: int) -> Iterator[JsonValue]:
        members: dict[str, list[str]] = {}
        for node in nodes:
            for edge in node.edges:
                if edge.keyword == "properties":
                    members.setdefault(str(edge.token), []).append(edge.target)
        required = list(dict.fromkeys(name for node in nodes for name in _texts(node.keywords.get("required"))))
        values = {name: list(self.of(tuple(places), depth + 1)) or [None] for name, places in members.items()}
        for name in required:
            values.setdefault(name, list(_SIMPLE))
        base: dict[str, JsonValue] = {name: values[name][0] for name in values if name in required}
        full: dict[str, JsonValue] = {name: one[0] for name, one in values.items()}
        yield base
        yield full
        yield base | {"undeclared": 0}
        yield from ({**base, name: full[name]} for name in full if name not in required)
        yield from ({**full, name: other} for name, ones in values.items() for other in ones[1:])
        yield from ({key: one for key, one in full.items() if key != name} for name in full)

    def _arrays(self, nodes: list[Subschema], depth: int) -> Iterator[JsonValue]:
        first: dict[int, list[str]] = {}
        rest: list[str] = []
        for node in nodes:
            for edge in node.edges:
                if edge.keyword in {"items", "prefixItems"} and edge.token is not None:
                    first.setdefault(int(edge.token), []).append(edge.target)
                elif edge.keyword in {"items", "additionalItems", "contains"}:
                    rest.append(edge.target)
        least = min(max([0, *_bounds(nodes, "minItems")]), _LONGEST)
        most = min([*_bounds(nodes, "maxItems"), least + 3])
        starts = [list(self.of(tuple(first[at]), depth + 1)) or [None] for at in sorted(first)]
        others = list(self.of(tuple(rest), depth + 1)) if rest else list(_SIMPLE)
        for length in dict.fromkeys([least, max(least, len(starts), 1), most]):
            yield _array(starts, others, length, 0)
        for shift in range(1, max([len(others), *map(len, starts)])):
            yield _array(starts, others, max(least, len(starts), 1), shift)
        if others:
            yield [others[0]] * max(least, 2)

    def _strings(self, nodes: list[Subschema]) -> Iterator[JsonValue]:
        for node in nodes:
            pattern = node.keywords.get("pattern")
            if isinstance(pattern, str):
                yield from _matching(pattern)
            form = node.keywords.get("format")
            if isinstance(form, str) and form in _EXAMPLES:
                yield _EXAMPLES[form]
        least = min(max([0, *_bounds(nodes, "minLength")]), _LONGEST)
        most = min([*_bounds(nodes, "maxLength"), _LONGEST])
        yield from ("a" * length for length in dict.fromkeys([least, min(least + 1, most), most, min(most, 40)]))
        yield from ("é" * max(least, 1), "0" * max(least, 1), "A " * max(least, 1))


def _listed(nodes: list[Subschema]) -> list[JsonValue] | None:
    """The values of ``const`` and ``enum``, where there are such."""
    for node in nodes:
        if "const" in node.keywords:
            return [node.keywords["const"]]
        listed = node.keywords.get("enum")
        if isinstance(listed, list):
            return listed
    return None


def _array(starts: list[list[JsonValue]], others: list[JsonValue], length: int, shift: int) -> list[JsonValue]:
    head = [one[shift % len(one)] for one in starts[:length]]
    tail = [others[(at + shift) % len(others)] for at in range(max(length - len(head), 0))] if others else []
    return [*head, *tail]


def _numbers(nodes: list[Subschema]) -> Iterator[JsonValue]:
    edges = {Decimal(0), Decimal(1), Decimal(-1), Decimal("0.5")}
    for word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        for bound in _decimals(nodes, word):
            edges |= {bound, bound + 1, bound - 1, bound + Decimal("0.5")}
    for step in _decimals(nodes, "multipleOf"):
        if step:
            edges |= {step, step * 3, -step} | {edge // step * step for edge in edges if abs(edge) < step * 10**9}
    for edge in sorted(edges, key=lambda one: (abs(one), one)):
        yield int(edge) if edge == edge.to_integral_value() else edge


def _bounds(nodes: list[Subschema], word: str) -> list[int]:
    return [int(one) for one in _decimals(nodes, word) if 0 <= one < 10**9]


def _decimals(nodes: list[Subschema], word: str) -> list[Decimal]:
    operands = [node.keywords.get(word) for node in nodes]
    return [Decimal(str(one)) for one in operands if kinds.is_number(one)]


def _texts(operand: JsonValue) -> list[str]:
    return [name for name in operand if isinstance(name, str)] if isinstance(operand, list) else []


@lru_cache(maxsize=256)
def _matching(pattern: str) -> tuple[str, ...]:
    """Texts in which the pattern is found, where its automaton is known: a short one, and the next."""
    regex = leaves.regex_of(pattern)
    made = None if regex is None else leaves.automaton(regex)
    if made is None:
        return ()
    walker: Any = made.deep_copy()
    text = bytearray()
    found: list[str] = []
    while len(text) < _WALKED and len(found) < _FOUND:
        if walker.is_accepting():
            found.append(text.decode())
        mask = walker.compute_bitmask()
        allowed = [byte for byte in _PREFERRED if mask[byte >> 3] >> (byte & 7) & 1]
        if not allowed:
            break
        byte = min(allowed, key=text.count)  # what came least often, so that no loop is followed for ever
        text.append(byte)
        walker.consume_token(byte)
    return tuple(found)


_PREFERRED: Final = (*b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", *range(32, 48), *range(58, 65))


def _in_turn(streams: Iterable[Iterable[JsonValue]]) -> Iterator[JsonValue]:
    """One of each, then the next of each."""
    for row in zip_longest(*streams, fillvalue=_NONE):
        yield from (value for value in row if value is not _NONE)


_NONE: Final[Any] = object()
