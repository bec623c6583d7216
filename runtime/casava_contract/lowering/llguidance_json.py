"""JSON Schema as llguidance understands it, and what a decoder that it constrains then enforces.

The guide never says less than the schema allows in content, only in form: keys come in the schema's order, and between
tokens there is one space after ``:`` and ``,`` and nothing else, which also ends the endless whitespace that small
models fall into. What the engine cannot say is left out and named in the coverage report; a part that
is left out can only make the guide looser, because nothing is ever emitted under a negation.

The claims ``engine`` made here are proven in tests/component/contract, for 1.0.1 (llama.cpp) and 0.7.29 (TensorRT-LLM).
"""

from dataclasses import dataclass, field
from typing import Final

from casava_contract import recogniser
from casava_contract.coverage import DUPLICATE_KEYS
from casava_contract.errors import shorten
from casava_contract.lowering.formats import FORMAT_PATTERNS, FORMATS_KEPT, FORMATS_PROVEN
from casava_contract.lowering.judgement import judged, left
from casava_contract.lowering.numbers import BOUNDS, Bounds, exact
from casava_contract.lowering.unconstrained import annotation, asserts
from casava_contract.report import CoverageEntry, Enforcer
from casava_contract.schema import patterns
from casava_contract.schema.dialect import APPLICATORS, ASSERTIONS, DESCRIPTIONS, FORMATS, Applies
from casava_contract.schema.graph import Edge, Graph, Subschema
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue

_SPACING: Final[JsonValue] = {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}
_MOST_MEMBERS: Final = 350  # llguidance gives up at about 500 optional members of one object, while decoding
_MOST_ALTERNATIVES: Final = 350
_MOST_ITEMS: Final = 1_000
_COUNTS: Final = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
_PLAIN: Final = frozenset({"type", "required"})
_SIZES: Final = frozenset({"minProperties", "maxProperties"})


@dataclass(frozen=True, slots=True)
class Ambition:
    """How much of what the engine knows is used. Less is tried where the engine refuses more."""

    one_of: bool = True  # oneOf as it stands; else as anyOf
    composed: bool = True  # keywords beside $ref, and schemas under allOf; else $ref alone


_AMBITIONS: Final = (Ambition(), Ambition(one_of=False), Ambition(one_of=False, composed=False))


def lower(graph: Graph) -> tuple[str, tuple[CoverageEntry, ...]]:
    """The guide, a JSON Schema as text, and who enforces each keyword of the contract."""
    why = ""
    coverage: list[CoverageEntry] = []
    affordable, bounds, tried = patterns.affordable(graph), Bounds(graph), ""
    for ambition in _AMBITIONS:
        emitter = _Emitter(graph, ambition, affordable, bounds)
        guide = emitter.guide()
        if guide == tried:
            continue
        tried = guide
        refused = recogniser.refusal(guide)
        if not refused:
            return guide, judged(graph, emitter.coverage)
        why = why or refused
        coverage = emitter.coverage
    reason = f"the engine refuses the schema: {shorten(why, 120)}"
    return jsontext.dump({"x-guidance": _SPACING}), tuple(dict.fromkeys(left(entry, reason) for entry in coverage))


@dataclass(slots=True)
class _Emitter:
    graph: Graph
    ambition: Ambition
    affordable: bool  # whether the engine is told of patterns
    bounds: Bounds
    coverage: list[CoverageEntry] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # pointer of a definition -> its name in the guide
    pending: list[str] = field(default_factory=list)
    open_at: set[str] = field(default_factory=set)

    def guide(self) -> str:
        root: dict[str, JsonValue] = {"x-guidance": _SPACING}
        body = self._root()
        definitions: dict[str, JsonValue] = {}
        while self.pending:
            pointer = self.pending.pop()
            definitions[self.names[pointer]] = self._schema(self.graph.nodes[pointer])
        if definitions:
            root["$defs"] = definitions
        return jsontext.dump(root | body)

    def _root(self) -> dict[str, JsonValue]:
        """The compiler lets no schema pass that is false, so that a boolean one is true: no constraint."""
        body = self._location(self.graph.root)
        return body if isinstance(body, dict) else {}

    def _note(self, node: Subschema, keyword: str, enforcer: Enforcer, reason: str = "") -> None:
        self.coverage.append(CoverageEntry(pointers.join(node.pointer, keyword), keyword, enforcer, reason))

    def _engine(self, node: Subschema, keyword: str) -> None:
        self._note(node, keyword, Enforcer.ENGINE)

    def _final(self, node: Subschema, keyword: str, reason: str) -> None:
        self._note(node, keyword, Enforcer.SIDECAR_FINAL, reason)

    def _location(self, node: Subschema) -> JsonValue:
        """A schema that stands for a whole value, so that what is open about it stays open."""
        closed = self._closed(node, "object") and self._closed(node, "array")
        if not closed and node.pointer not in self.open_at:
            self.open_at.add(node.pointer)
            reason = "an object with undeclared keys may stand here, and the engine lets such a key come twice"
            self.coverage.append(CoverageEntry(node.pointer, DUPLICATE_KEYS, Enforcer.SIDECAR_FINAL, reason))
        return self._schema(node)

    def _closed(self, node: Subschema, kind: str) -> bool:
        """Whether the engine is told of every part that an object, or array, can have here."""
        words = node.keywords
        if node.value is False or "const" in words or "enum" in words:
            return node.value is False or all(exact(words[word]) for word in ("const", "enum") if word in words)
        types = words.get("type")
        if types is not None and kind not in (types if isinstance(types, list) else [types]):
            return True
        if self._parts_are_told(node, kind):
            return True
        every = [edge for edge in node.edges if edge.keyword in {"$ref", "allOf"}]
        if any(self._closed(self.graph.nodes[edge.target], kind) for edge in every if self._used(node, edge)):
            return True
        return any(self._all_closed(node, keyword, kind) for keyword in ("anyOf", "oneOf"))

    def _parts_are_told(self, node: Subschema, kind: str) -> bool:
        words = node.keywords
        if not self._composes(node, "properties"):
            return False
        if kind == "array":
            listed = sum(edge.keyword in {"items", "prefixItems"} and edge.token is not None for edge in node.edges)
            return any(edge.keyword in {"items", "additionalItems"} and edge.token is None for edge in node.edges) or (
                words.get("maxItems") in range(listed + 1)
            )
        closed = words.get("additionalProperties") is False and not _patterned(node)
        return closed and not _object_refusal(node)

    def _all_closed(self, node: Subschema, keyword: str, kind: str) -> bool:
        targets = [edge.target for edge in node.edges if edge.keyword == keyword]
        used = 0 < len(targets) <= _MOST_ALTERNATIVES and self._composes(node, keyword)
        return used and all(self._closed(self.graph.nodes[target], kind) for target in targets)

    def _used(self, node: Subschema, edge: Edge) -> bool:
        return edge.keyword == "$ref" or self._composes(node, edge.keyword)

    def _composes(self, node: Subschema, keyword: str) -> bool:
        """Whether the keyword is emitted next to its siblings."""
        return self.ambition.composed or (keyword != "allOf" and "$ref" not in node.keywords)

    def _schema(self, node: Subschema) -> JsonValue:
        if isinstance(node.value, bool):
            return node.value
        out: dict[str, JsonValue] = {}
        object_refusal = _object_refusal(node)
        for keyword, operand in node.keywords.items():
            if keyword == "$ref":
                self._reference(node, out)
            elif not self._composes(node, keyword) and asserts(self.graph, keyword):
                self._final(node, keyword, "the engine refuses it in combination with what stands beside it")
            elif keyword in {"allOf", "anyOf", "oneOf"}:
                self._combination(node, keyword, out)
            elif keyword in _OBJECT_WORDS:
                self._object_word(node, keyword, operand, object_refusal, out)
            elif keyword in _ARRAY_WORDS and keyword in APPLICATORS[self.graph.draft]:
                self._array_word(node, keyword, out)
            else:
                self._value_word(node, keyword, operand, out)
        return out

    def _reference(self, node: Subschema, out: dict[str, JsonValue]) -> None:
        target = next(edge.target for edge in node.edges if edge.keyword == "$ref")
        if target not in self.names:
            self.names[target] = f"d{len(self.names)}"
            self.pending.append(target)
        out["$ref"] = f"#/$defs/{self.names[target]}"
        self._engine(node, "$ref")

    def _combination(self, node: Subschema, keyword: str, out: dict[str, JsonValue]) -> None:
        targets = [self.graph.nodes[edge.target] for edge in node.edges if edge.keyword == keyword]
        if keyword != "allOf" and len(targets) > _MOST_ALTERNATIVES:
            self._final(node, keyword, f"more than {_MOST_ALTERNATIVES} alternatives are too many for the engine")
            return
        branches: list[JsonValue] = [self._schema(target) for target in targets]
        if keyword != "oneOf" or self.ambition.one_of:
            out[keyword] = branches
            self._engine(node, keyword)
        elif "anyOf" in node.keywords:
            self._final(node, keyword, "the engine cannot tell the alternatives apart")
        else:
            out["anyOf"] = branches
            self._final(node, keyword, "the engine takes it as anyOf: it cannot tell the alternatives apart")

    def _object_word(
        self, node: Subschema, keyword: str, operand: JsonValue, refusal: str, out: dict[str, JsonValue]
    ) -> None:
        if refusal:
            self._final(node, keyword, refusal)
            return
        if keyword == "required":
            out[keyword] = operand
        elif keyword == "patternProperties" or (keyword == "additionalProperties" and _patterned(node)):
            self._final(node, keyword, "the engine does not apply patterns to declared or composed members")
            return
        elif keyword in _SIZES:
            if not _sizes_fit(node):
                self._final(node, keyword, "the engine counts members only where every declared one is required")
                return
            out[keyword] = operand
        elif keyword == "properties":
            out[keyword] = {
                str(edge.token): self._location(self.graph.nodes[edge.target])
                for edge in node.edges
                if edge.keyword == keyword
            }
        else:
            out[keyword] = self._location(self.graph.nodes[_only(node, keyword)])
        self._engine(node, keyword)

    def _array_word(self, node: Subschema, keyword: str, out: dict[str, JsonValue]) -> None:
        """Written as in draft 2020-12, whatever the contract's draft."""
        targets = [self.graph.nodes[edge.target] for edge in node.edges if edge.keyword == keyword]
        listed = isinstance(node.keywords[keyword], list)
        if listed:
            out["prefixItems"] = [self._location(target) for target in targets]
        elif keyword == "items" or isinstance(node.keywords.get("items"), list):
            out["items"] = self._location(targets[0])
        else:
            return  # additionalItems means nothing without a list of items
        self._engine(node, keyword)

    def _value_word(self, node: Subschema, keyword: str, operand: JsonValue, out: dict[str, JsonValue]) -> None:
        draft = self.graph.draft
        if keyword == "format":
            self._format(node, str(operand), out)
        elif keyword == "pattern":
            self._pattern(node, str(operand), out)
        elif keyword in ASSERTIONS[draft]:
            reason = self.bounds.left(node, keyword) if keyword in BOUNDS else _refusal(keyword, operand)
            if reason:
                self._final(node, keyword, reason)
            else:
                out[keyword] = operand
                self._engine(node, keyword)
        elif asserts(self.graph, keyword):
            self._final(node, keyword, "the engine does not know this keyword")
        elif keyword not in DESCRIPTIONS:
            self._note(node, keyword, Enforcer.ANNOTATION, annotation(self.graph, keyword, operand))

    def _format(self, node: Subschema, name: str, out: dict[str, JsonValue]) -> None:
        if name not in FORMATS[self.graph.draft]:
            self._note(node, "format", Enforcer.ANNOTATION, annotation(self.graph, "format", name))
        elif name in FORMAT_PATTERNS and "pattern" not in node.keywords:
            out["pattern"] = FORMAT_PATTERNS[name]
            self._engine(node, "format")
        elif name in FORMATS_PROVEN:
            out["format"] = name
            self._engine(node, "format")
        else:
            if name in FORMATS_KEPT:
                out["format"] = name
            self._final(node, "format", f"the engine's idea of {name} is looser, or it has none")

    def _pattern(self, node: Subschema, pattern: str, out: dict[str, JsonValue]) -> None:
        if not self.affordable:
            self._final(node, "pattern", "the schema's patterns together are too much work for the engine")
            return
        if not recogniser.accepts_pattern(pattern):
            self._final(node, "pattern", "the engine's regular expressions cannot say it")
            return
        out["pattern"] = pattern
        if patterns.proven(pattern):
            self._engine(node, "pattern")
        else:
            self._final(node, "pattern", "the engine reads parts of this regular expression differently")


_ARRAY_WORDS: Final = frozenset({"items", "prefixItems", "additionalItems"})
_OBJECT_WORDS: Final = frozenset({"properties", "patternProperties", "additionalProperties", "required"}) | _SIZES


def _only(node: Subschema, keyword: str) -> str:
    return next(edge.target for edge in node.edges if edge.keyword == keyword and edge.applies is Applies.PART)


def _object_refusal(node: Subschema) -> str:
    """Why the engine is not told about this object's members; "" where it is."""
    members = node.keywords.get("properties")
    if isinstance(members, dict) and len(members) > _MOST_MEMBERS:
        return f"more than {_MOST_MEMBERS} members are too many for the engine"
    return ""


def _patterned(node: Subschema) -> bool:
    return "patternProperties" in node.keywords


def _sizes_fit(node: Subschema) -> bool:
    members, required = node.keywords.get("properties", {}), node.keywords.get("required", [])
    return isinstance(members, dict) and isinstance(required, list) and set(members) <= set(map(str, required))


def _refusal(keyword: str, operand: JsonValue) -> str:
    """Why the engine is not told about an assertion; "" where it is."""
    if keyword in {"const", "enum"}:
        return "" if exact(operand) else "the engine rounds its numbers"
    if keyword in _COUNTS:
        fits = isinstance(operand, int | float) and operand <= (_MOST_ITEMS if "Items" in keyword else 100_000)
        return "" if fits else "too large for the engine"
    return "" if keyword in _PLAIN else "the engine does not know this keyword"
