"""What a schema asks of one place of an answer: conjunctions of subschemas, and of them what concerns one kind.

All of it is worked out when an answer first needs it and then kept, as a table that grows up to a bound. A keyword that
is not understood here is left to the oracle: a plan may ask too little, never too much.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from casava_contract.schema import kinds, oracle
from casava_contract.schema.dialect import APPLICATORS, ASSERTIONS, DESCRIPTIONS, FORMATS, REFERENCES
from casava_contract.schema.graph import Graph, Subschema
from casava_contract.schema.kinds import ALL, ARRAY, NUMBER, OBJECT, STRING
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue
from casava_contract.validator.choices import IMPOSSIBLE, Branching, Choice, Impossible, choices_of, mask_of
from casava_contract.validator.containers import ArrayPlan, ObjectPlan
from casava_contract.validator.evaluated import Evaluated, evaluated
from casava_contract.validator.kind_plan import KindPlan
from casava_contract.validator.scalars import NUMBERS, STRINGS, NumberPlan, StringPlan, allowed_by
from casava_contract.validator.timing import dynamic, tangled
from casava_contract.verdict import Reason, listed

_KEPT: Final = 4096  # conjunctions that are kept; answers choose names, and so combinations
_DYNAMIC: Final = ("$recursiveRef", "$dynamicRef")
_CHOOSING: Final = frozenset(
    {"$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "$defs", "definitions"}
)
_OF_OBJECTS: Final = frozenset(
    {"properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties",
     "maxProperties", "dependentRequired", "dependencies", "unevaluatedProperties"}
)  # fmt: skip
_OF_ARRAYS: Final = frozenset(
    {"items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains", "minItems", "maxItems",
     "uniqueItems", "unevaluatedItems"}
)  # fmt: skip
_UNEVALUATED: Final = frozenset({"unevaluatedProperties", "unevaluatedItems"})
_CARRIES: Final = DESCRIPTIONS | {"$ref", "allOf", "$defs", "definitions"}
# What says something of a kind; of every kind what is in none of these sets and not known to describe.
_SPEAKS: Final = {
    OBJECT: _OF_OBJECTS | {"enum", "const"},
    ARRAY: _OF_ARRAYS | {"enum", "const"},
    STRING: STRINGS,
    NUMBER: NUMBERS - {"type"},
}
_UNDERSTOOD: Final = (
    _CHOOSING | _OF_OBJECTS | _OF_ARRAYS | STRINGS | NUMBERS | DESCRIPTIONS | {"type", "additionalItems"}
)
_KNOWN: Final = _CHOOSING | _OF_OBJECTS | _OF_ARRAYS | STRINGS | NUMBERS | DESCRIPTIONS | {"contentSchema"}


class Plan:
    """A conjunction of subschemas at one place. ``mask``: the kinds of values that it can hold for."""

    __slots__ = ("_choices", "_kinds", "_mask", "_planner", "any", "nodes")

    def __init__(self, planner: "Planner", nodes: tuple[Subschema, ...]) -> None:
        self._planner = planner
        self.nodes = nodes
        self.any = not nodes
        self._mask: int | None = None
        self._kinds: dict[int, KindPlan | None] = {}

    @property
    def mask(self) -> int:
        if self._mask is None:
            mask = ALL
            for node in self.nodes:
                mask &= self._planner.mask_of(node)
            for node in self.nodes:
                for choice in self._planner.choices(node):
                    mask = mask_of(choice, mask)
            self._mask = mask
        return self._mask

    def at(self, kind: int) -> KindPlan | None:
        """What it asks of a value of the kind; None where no such value is allowed."""
        try:
            return self._kinds[kind]
        except KeyError:
            made = self._kinds[kind] = self._planner.kind_plan(self.nodes, kind)
            return made

    def refusal(self, kind: int) -> Reason:
        """Why no value of the kind is allowed."""
        got = kinds.NAMES[kind]
        for node in self.nodes:
            if not self._planner.mask_of(node) & kind:
                return _refusal(node, kind, got)
        for node in self.nodes:
            for choice in self._planner.choices(node):
                left = choice.at(kind)
                if isinstance(left, Plan) and left.at(kind) is None:
                    return left.refusal(kind)
                if left is IMPOSSIBLE:
                    expected = listed(kinds.names_of(mask_of(choice, ALL)))
                    message = f"no value of this kind satisfies {choice.mode.value}"
                    return Reason(choice.mode.value, choice.pointer, message, expected, got)
        return Reason("", "", "no value of this kind is allowed here", listed(kinds.names_of(self.mask)), got)


def _refusal(node: Subschema, kind: int, got: str) -> Reason:
    if node.value is False:
        return Reason("", node.pointer, "nothing is allowed here", (), got, code="schema.false")
    types = node.keywords.get("type")
    if types is not None and not kinds.of_type(types) & kind:
        expected = listed([str(one) for one in (types if isinstance(types, list) else [types])])
        return Reason("type", pointers.join(node.pointer, "type"), f"{got} is not of the type", expected, got)
    keyword = "enum" if "enum" in node.keywords else "const"
    allowed = [value for values in allowed_by(node) for value in values]
    expected = listed([jsontext.dump(value) for value in allowed])
    return Reason(keyword, pointers.join(node.pointer, keyword), "is none of the allowed values", expected, got)


class Planner:
    """The plans of one schema. Shared by every validator of it; two threads may make one twice, and they are equal."""

    def __init__(self, graph: Graph) -> None:
        meaning = ASSERTIONS[graph.draft] | APPLICATORS[graph.draft].keys() | set(REFERENCES)
        meaning |= {"dependencies"}  # the oracle asserts it in every draft
        self.draft = graph.draft
        self._nodes = {
            pointer: replace(node, keywords={k: v for k, v in node.keywords.items() if k in meaning or k not in _KNOWN})
            for pointer, node in graph.nodes.items()
        }
        # A dynamic reference depends on the way that led to it: then a part cannot be judged by itself.
        self.exact = not dynamic(graph)
        self.tangled = tangled(graph)
        self.parts = oracle.Parts(graph.root.value, graph.draft, graph.resources)
        self._single: dict[str, Plan] = {}
        self._plans: dict[frozenset[str], Plan] = {}
        self._masks: dict[str, int] = {}
        self._choices: dict[str, list[Choice]] = {}
        self._flat: dict[str, tuple[str, ...]] = {}

    @property
    def root(self) -> Plan:
        return Plan(self, ()) if self.tangled else self.single("")

    def single(self, pointer: str) -> Plan:
        if pointer not in self._single:
            self._single[pointer] = self.plan([pointer])
        return self._single[pointer]

    def plan(self, targets: Iterable[str]) -> Plan:
        """The conjunction of the subschemas at the pointers."""
        flat = dict.fromkeys(below for target in targets for below in self._flatten(target))
        key = frozenset(flat)
        found = self._plans.get(key)
        if found is None:
            found = Plan(self, tuple(self._nodes[pointer] for pointer in flat))
            if len(self._plans) < _KEPT:
                self._plans[key] = found
        return found

    def mask_of(self, node: Subschema) -> int:
        """The kinds that the subschema's own keywords allow."""
        if node.pointer not in self._masks:
            mask = ALL
            if node.value is False:
                mask = 0
            if "type" in node.keywords:
                mask &= kinds.of_type(node.keywords["type"])
            for values in allowed_by(node):
                together = 0
                for value in values:
                    together |= kinds.of_value(value)
                mask &= together
            self._masks[node.pointer] = mask
        return self._masks[node.pointer]

    def choices(self, node: Subschema) -> list[Choice]:
        if node.pointer not in self._choices:
            self._choices[node.pointer] = choices_of(node, self.single)
        return self._choices[node.pointer]

    def kind_plan(self, nodes: tuple[Subschema, ...], kind: int) -> KindPlan | None:
        conjunction = list(nodes)
        present = {node.pointer for node in nodes}
        groups: list[Branching] = []
        for node in conjunction:  # grows while it is walked: a choice with one way left is no choice
            if not self.mask_of(node) & kind:
                return None
            for choice in self.choices(node):
                left = choice.at(kind)
                if isinstance(left, Impossible):
                    return None
                if isinstance(left, Branching):
                    groups.append(left)
                elif left is not None:
                    fresh = [one for one in left.nodes if one.pointer not in present]
                    present.update(one.pointer for one in fresh)
                    conjunction += fresh
        return self._of_kind(conjunction, tuple(groups), kind)

    def _of_kind(self, nodes: list[Subschema], groups: tuple[Branching, ...], kind: int) -> KindPlan:
        trivial = not groups and not any(self._speaks(node, kind) for node in nodes)
        hard = tuple(node.pointer for node in nodes if self._hard(node, kind)) if self.exact else ()
        if trivial:
            return KindPlan(kind, (), (), (), trivial=True)
        lasting = self.exact and not groups and not hard and all(node.keywords.keys() <= _UNDERSTOOD for node in nodes)
        if kind == OBJECT:
            return ObjectPlan(nodes, groups, hard, self.plan, self._evaluated, trivial=trivial, lasting=lasting)
        if kind == ARRAY:
            return ArrayPlan(
                nodes, groups, hard, self.plan, self._evaluated, trivial=trivial, lasting=lasting, exact=self.exact
            )
        if kind == STRING:
            return StringPlan(nodes, groups, hard, self.draft, trivial=trivial)
        if kind == NUMBER:
            return NumberPlan(nodes, groups, hard, self.draft, trivial=trivial)
        return KindPlan(kind, nodes, groups, hard, trivial=trivial)

    def _evaluated(self, node: Subschema) -> Evaluated | None:
        """None: nothing is asked of what is left unevaluated, or it cannot be told what is."""
        if not self.exact or _UNEVALUATED.isdisjoint(node.keywords):
            return None
        return evaluated(node, self._nodes)

    def _speaks(self, node: Subschema, kind: int) -> bool:
        """Whether the subschema may refuse some value of the kind."""
        for word, operand in node.keywords.items():
            if word in _DYNAMIC or word not in _KNOWN | set(REFERENCES):
                return True
            if word in _SPEAKS.get(kind, ()) and not self._silent(word, operand):
                return True
            if word == "type" and kind == NUMBER and not _any_number(operand):
                return True
        return False

    def _silent(self, word: str, operand: JsonValue) -> bool:
        return word == "format" and operand not in FORMATS[self.draft]

    def _hard(self, node: Subschema, kind: int) -> bool:
        words = node.keywords
        if kind == OBJECT:
            return "unevaluatedProperties" in words or "enum" in words or "const" in words
        if kind == ARRAY:
            return "unevaluatedItems" in words or "enum" in words or "const" in words
        return False

    def _flatten(self, pointer: str) -> tuple[str, ...]:
        """The subschema and those that apply to the same value in any case; those that ask nothing are left out."""
        if pointer not in self._flat:
            found: dict[str, Subschema | None] = {}  # None: it only leads to others
            pending = [pointer]
            while pending:
                here = pending.pop()
                node = self._nodes[here]
                if here in found or node.value is True or node.value == {}:
                    continue
                silent = node.value is not False and _CARRIES.issuperset(node.keywords)
                found[here] = None if silent else node
                pending += [e.target for e in reversed(node.edges) if e.keyword in {"$ref", "allOf"}]
            self._flat[pointer] = tuple(place for place, node in found.items() if node is not None)
        return self._flat[pointer]


def _any_number(types: JsonValue) -> bool:
    return types == "number" or (isinstance(types, list) and "number" in types)
