"""JSON Schema as an EBNF grammar, and what a decoder that it constrains then enforces.

A grammar cannot say two things of one value at once. So of what stands side by side in a subschema one part is said:
constants, else the keywords for kinds of values, else one reference or choice. The rest is left to the sidecar, which
only makes the grammar looser.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from casava_contract.coverage import DUPLICATE_KEYS
from casava_contract.lowering import ebnf, ebnf_strings
from casava_contract.lowering.disjoint import disjoint
from casava_contract.lowering.ebnf_json import COLON, SEPARATOR, Words, key, value
from casava_contract.lowering.ebnf_numbers import LARGEST, Range, integers, numbers
from casava_contract.lowering.judgement import judged
from casava_contract.lowering.unconstrained import annotation, asserts
from casava_contract.report import CoverageEntry, Enforcer
from casava_contract.schema import oracle
from casava_contract.schema.dialect import ASSERTIONS, Draft
from casava_contract.schema.graph import Edge, Graph, Subschema
from casava_contract.schema.kinds import is_number
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue

_KINDS: Final = ("object", "array", "string", "number", "boolean", "null")
_COMPOSED: Final = ("$ref", "anyOf", "oneOf", "allOf")
_OBJECT: Final = ("properties", "required", "additionalProperties")
_ARRAY: Final = ("prefixItems", "items", "additionalItems", "minItems", "maxItems")
_LOWER: Final = ("minimum", "exclusiveMinimum")
_UPPER: Final = ("maximum", "exclusiveMaximum")
_LOCAL: Final = frozenset({*_OBJECT, *_ARRAY, *_LOWER, *_UPPER, *ebnf_strings.WORDS})
_MOST_IMPOSSIBLE: Final = 100
_MOST: Final = 1_000  # members of an object, alternatives, counted elements

_NOT_SAID: Final = "the engine's grammar cannot say it"
_TOO_MUCH: Final = f"more than {_MOST} members are too many for the engine"


class UnsayableError(Exception):
    """A part that no value satisfies: a grammar cannot say nothing."""


def lower(graph: Graph) -> tuple[str, tuple[CoverageEntry, ...]]:
    """The grammar, and who enforces each keyword of the contract. Raises UnsayableError where nothing satisfies it."""
    impossible: set[str] = set()
    while "" not in impossible and len(impossible) <= _MOST_IMPOSSIBLE:
        emitter = _Emitter(graph, impossible)
        if found := emitter.unsayable():
            impossible |= found
        else:
            return emitter.text(), judged(graph, emitter.coverage)
    raise UnsayableError


@dataclass(slots=True)
class _Emitter:
    graph: Graph
    impossible: set[str]  # pointers of subschemas that nothing satisfies: they are taken for false
    words: Words = field(default_factory=Words)
    coverage: list[CoverageEntry] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # pointer of a subschema -> its rule
    pending: list[str] = field(default_factory=list)

    def unsayable(self) -> set[str]:
        """Write every rule; the pointers of subschemas for which there is none."""
        found: set[str] = set()
        self._rule(self.graph.root)
        while self.pending:
            pointer = self.pending.pop()
            try:
                self.words.define(self.names[pointer], self._body(self.graph.nodes[pointer]))
            except UnsayableError:
                found.add(pointer)
        return found

    def text(self) -> str:
        return f"root ::= {self.names['']}\n{self.words.text()}"

    def _none(self, node: Subschema) -> bool:
        return node.value is False or node.pointer in self.impossible

    def _rule(self, node: Subschema) -> str:
        if self._none(node):
            raise UnsayableError
        if node.pointer not in self.names:
            self.names[node.pointer] = self.words.name()
            self.pending.append(node.pointer)
        return self.names[node.pointer]

    def _body(self, node: Subschema) -> str:
        words = [word for word in node.keywords if asserts(self.graph, word)]
        held: set[str] = set()
        reasons: dict[str, str] = {}
        if "const" in words or "enum" in words:
            body = self._constants(node, held)
        elif (word := self._composing(node)) and ("type" not in words or _LOCAL.isdisjoint(words)):
            body = self._composed(node, word, held, reasons)
        else:
            body = " | ".join(self._kinds(node, held, reasons))
        self._report(node, held, reasons)
        return body

    def _report(self, node: Subschema, held: set[str], reasons: dict[str, str]) -> None:
        for keyword, operand in node.keywords.items():
            if why := annotation(self.graph, keyword, operand):
                self._note(node, keyword, Enforcer.ANNOTATION, why)
            elif keyword in held:
                self._note(node, keyword, Enforcer.ENGINE, "")
            elif asserts(self.graph, keyword):
                self._note(node, keyword, Enforcer.SIDECAR_FINAL, reasons.get(keyword, _NOT_SAID))

    def _note(self, node: Subschema, keyword: str, enforcer: Enforcer, reason: str) -> None:
        self.coverage.append(CoverageEntry(pointers.join(node.pointer, keyword), keyword, enforcer, reason))

    def _open(self, node: Subschema) -> None:
        reason = "an object with undeclared keys may stand here, and the engine lets such a key come twice"
        self.coverage.append(CoverageEntry(node.pointer, DUPLICATE_KEYS, Enforcer.SIDECAR_FINAL, reason))

    def _constants(self, node: Subschema, held: set[str]) -> str:
        """Those constants that satisfy every other assertion of the subschema by itself."""
        words = node.keywords
        listed = words["enum"] if isinstance(words.get("enum"), list) else [words.get("const")]
        assertions = {word: words[word] for word in words if word in ASSERTIONS[self.graph.draft]}
        keeps = oracle.assertion(self.graph.draft, jsontext.dump(assertions)).is_valid
        ways = [value(constant) for constant in listed if keeps(constant)]  # type: ignore[union-attr]
        if not ways:
            raise UnsayableError
        held.update(assertions)
        return " | ".join(ways)

    def _composing(self, node: Subschema) -> str:
        """The reference or choice that the grammar can say of a value by itself; "" where there is none."""
        counts = {word: sum(edge.keyword == word for edge in node.edges) for word in _COMPOSED}
        return next((word for word, count in counts.items() if 0 < count <= _MOST), "")

    def _composed(self, node: Subschema, word: str, held: set[str], reasons: dict[str, str]) -> str:
        targets = [self.graph.nodes[edge.target] for edge in node.edges if edge.keyword == word]
        if word == "oneOf" and not disjoint(self.graph, targets):
            reasons[word] = "the engine takes it as anyOf: its grammar cannot tell the alternatives apart"
        elif word == "allOf" and len(targets) > 1:
            reasons[word] = "the engine's grammar says the first part alone"
        else:
            held.add(word)
        said = targets[:1] if word == "allOf" else targets
        possible = [target for target in said if not self._none(target)]
        if not possible:
            raise UnsayableError
        return " | ".join(map(self._rule, possible))

    def _kinds(self, node: Subschema, held: set[str], reasons: dict[str, str]) -> Iterator[str]:
        """Every kind of value that the subschema allows, each by the keywords for it."""
        listed = node.keywords.get("type", list(_KINDS))
        types = listed if isinstance(listed, list) else [listed]
        held.update({"type"} & node.keywords.keys())
        if set(types) >= set(_KINDS) and _LOCAL.isdisjoint(node.keywords):
            self._open(node)
            yield self.words.anything()
            return
        kinds = [kind for kind in dict.fromkeys(types) if kind != "integer" or "number" not in types]
        for kind in kinds:
            if kind == "object":
                yield self._object(node, held, reasons)
            elif kind == "array":
                yield self._array(node, held, reasons)
            elif kind == "string":
                yield ebnf_strings.string(self.words, node, self.graph.draft, held, reasons)
            elif kind in {"number", "integer"}:
                yield self._number(node, str(kind), held, reasons)
            else:
                yield '"true" | "false"' if kind == "boolean" else '"null"'

    def _number(self, node: Subschema, kind: str, held: set[str], reasons: dict[str, str]) -> str:
        bounds = _range(node, self.graph.draft)
        if bounds is None:
            reasons.update(dict.fromkeys((*_LOWER, *_UPPER), "too large for the engine's grammar"))
            return self.words.integer() if kind == "integer" else self.words.number()
        if bounds == Range():
            return self.words.integer() if kind == "integer" else self.words.number()
        for words in (_LOWER, _UPPER):
            flagged = self.graph.draft is Draft.D4  # the second word says how the first is meant
            for word in words:
                if kind == "integer" or _whole(node.keywords.get(words[0] if flagged else word)):
                    held.update({word} & node.keywords.keys())
                else:
                    reasons[word] = "the engine's grammar holds bounds that are not integers for integers only"
        written = integers(bounds) if kind == "integer" else numbers(bounds)
        if written is None:
            raise UnsayableError
        return written

    def _object(self, node: Subschema, held: set[str], reasons: dict[str, str]) -> str:
        words = node.keywords
        declared = {str(e.token): self.graph.nodes[e.target] for e in node.edges if e.keyword == "properties"}
        listed = words.get("required", [])
        required = dict.fromkeys(map(str, listed if isinstance(listed, list) else []))
        undeclared = [name for name in required if name not in declared]
        extra = self._extra(node)
        closed = extra is not None and self._none(extra)
        if closed and undeclared:
            raise UnsayableError
        if len(declared) + len(undeclared) > _MOST:
            reasons.update(dict.fromkeys(_OBJECT, _TOO_MUCH))
            self._open(node)
            return self.words.any_object()
        held.update({"required"} & words.keys())
        if closed or not declared:
            held.update({"properties"} & words.keys())
        if not closed:
            self._open(node)
            reasons["properties"] = "the engine's grammar cannot keep an undeclared key from being a declared one"
        if "patternProperties" not in words:
            held.update({"additionalProperties"} & words.keys())
        rules = {name: self._member(below, name in required) for name, below in declared.items()}
        others = "" if closed else self.words.anything() if extra is None else self._rule(extra)
        rules |= dict.fromkeys(undeclared, others)
        members = [(name, rule, name in required) for name, rule in rules.items() if rule]
        unknown = "" if closed else f"{self.words.string()} {COLON} {others}"
        return f'"{{" {self._members(members, unknown)} "}}"'

    def _member(self, below: Subschema, required: bool) -> str:
        """The rule for a declared member; "" where it may not be there."""
        return "" if self._none(below) and not required else self._rule(below)

    def _extra(self, node: Subschema) -> Subschema | None:
        """The subschema for members that are not declared; None where they may be anything."""
        targets = [edge.target for edge in node.edges if edge.keyword == "additionalProperties"]
        return self.graph.nodes[targets[0]] if targets and "patternProperties" not in node.keywords else None

    def _members(self, members: Sequence[tuple[str, str, bool]], unknown: str) -> str:
        """Members in their order, the optional ones as they come, and undeclared ones after them.

        Two rules for each place: ``first`` where nothing is written before it, ``next`` where something is.
        """
        following = self.words.add(f"({SEPARATOR} {unknown})*" if unknown else ebnf.EMPTY)
        first = self.words.add(f"({unknown} {following})?" if unknown else ebnf.EMPTY)
        for name, rule, required in reversed(members):
            member = f"{key(name)} {rule} {following}"
            now = self.words.add(member if required else f"{member} | {first}")
            following = self.words.add(f"{SEPARATOR} {member}" + ("" if required else f" | {following}"))
            first = now
        return first

    def _array(self, node: Subschema, held: set[str], reasons: dict[str, str]) -> str:
        least, most = (_count(node.keywords.get(word)) for word in ("minItems", "maxItems"))
        for word, bound in (("minItems", least), ("maxItems", most)):
            if bound is None and word in node.keywords:
                reasons[word] = "too large for the engine"
            else:
                held.update({word} & node.keywords.keys())
        listed, rest = self._elements(node)
        held.update({"items", "prefixItems"} & node.keywords.keys())
        held.update({"additionalItems"} & node.keywords.keys() if isinstance(node.keywords.get("items"), list) else ())
        if most is not None:
            listed, rest = listed[:most], rest if most > len(listed) else None
        body = self._sequence(listed, rest, least or 0, most)
        return f'"[" {body} "]"'

    def _elements(self, node: Subschema) -> tuple[list[Subschema], str | None]:
        """The subschemas of the first elements, and the rule of all others; None where there are none."""
        nodes = self.graph.nodes
        listed = [nodes[e.target] for e in node.edges if e.keyword in {"items", "prefixItems"} and e.token is not None]
        tail = [e for e in node.edges if _is_tail(node, e)]
        if not tail:
            if _may_have_more(node, len(listed)):
                self._open(node)
            return listed, self.words.anything()
        rest = nodes[tail[0].target]
        return listed, None if self._none(rest) else self._rule(rest)

    def _sequence(self, listed: Sequence[Subschema], rest: str | None, least: int, most: int | None) -> str:
        possible = next((i for i, element in enumerate(listed) if self._none(element)), len(listed))
        rest = rest if possible == len(listed) else None
        if (least > possible and rest is None) or (most is not None and least > most):
            raise UnsayableError
        more = None if most is None else max(most - possible, 0)
        if possible == 0:
            if rest is None or most == 0:
                return ebnf.EMPTY
            body = f"{rest} {ebnf.times(f'{SEPARATOR} {rest}', max(least - 1, 0), None if most is None else most - 1)}"
            return body if least else f"({body})?"
        following = ebnf.EMPTY if rest is None else ebnf.times(f"{SEPARATOR} {rest}", max(least - possible, 0), more)
        for index in range(possible - 1, -1, -1):
            lead = "" if index == 0 else f"{SEPARATOR} "
            way = f"{lead}{self._rule(listed[index])} {following}"
            following = self.words.add(way if least > index else f"{way} | {ebnf.EMPTY}")
        return following


def _is_tail(node: Subschema, edge: Edge) -> bool:
    if edge.keyword == "additionalItems":
        return isinstance(node.keywords.get("items"), list)
    return edge.keyword == "items" and edge.token is None


def _may_have_more(node: Subschema, listed: int) -> bool:
    most = _count(node.keywords.get("maxItems"))
    return most is None or most > listed


def _count(operand: JsonValue) -> int | None:
    """A count that the grammar can hold."""
    return int(operand) if is_number(operand) and operand <= _MOST else None


def _number(operand: JsonValue) -> Decimal | None:
    return Decimal(str(operand)) if is_number(operand) else None


def _whole(operand: JsonValue) -> bool:
    bound = _number(operand)
    return bound is None or bound == bound.to_integral_value()


def _range(node: Subschema, draft: Draft) -> Range | None:
    """The bounds of a subschema; None where one is beyond what the grammar holds."""
    words = node.keywords
    bounds = [_number(words.get(word)) for word in (*_LOWER, *_UPPER)]
    if any(bound is not None and abs(bound) > LARGEST for bound in bounds):
        return None
    least, above, most, below = bounds
    if draft is Draft.D4:
        return Range(least, most, words.get("exclusiveMinimum") is True, words.get("exclusiveMaximum") is True)
    low = max((b for b in (least, above) if b is not None), default=None)
    high = min((b for b in (most, below) if b is not None), default=None)
    return Range(low, high, above is not None and low == above, below is not None and high == below)
