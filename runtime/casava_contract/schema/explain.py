"""Why a document is not valid: one violation per cause, found by asking the oracle about ever smaller parts.

The oracle's own list of errors is not used: it copies the value into every error of every alternative (measured: 1 GB
for one answer of 1 MB, 85 s for alternatives nested 18 deep). Here only what is invalid is entered, once.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from casava_contract.errors import shorten
from casava_contract.report import Violation
from casava_contract.schema import dialect, oracle
from casava_contract.schema.dialect import Applies
from casava_contract.schema.graph import Edge, Graph, Subschema
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue

MOST: Final = 10  # violations reported
_DEEPEST: Final = 32  # levels entered: each costs a validation of what is below
_FUEL: Final = 50_000  # questions asked for one answer; what is not found by then is not named

_Part = tuple[Edge, JsonValue, str]  # the edge, the part of the value that it applies to, the part's pointer


class Explainer:
    """Explains the invalid documents of one schema."""

    def __init__(self, graph: Graph, parts: oracle.Parts) -> None:
        """``parts`` judges the subschemas of the graph."""
        self._graph = graph
        self._oracle = parts

    def explain(self, value: JsonValue) -> tuple[Violation, ...]:
        search = _Search(self._graph, self._oracle)
        try:
            return tuple(islice(search.below(self._graph.root, value, "", 0), MOST))
        except _OutOfFuelError:
            message = "does not match the schema; the place was not found in bounded work"
            return (Violation("schema.invalid", message),)


class _OutOfFuelError(Exception):
    pass


class _Search:
    """One explanation."""

    def __init__(self, graph: Graph, parts: oracle.Parts) -> None:
        self._graph = graph
        self._oracle = parts
        self._fuel = _FUEL

    def _spend(self) -> None:
        self._fuel -= 1
        if self._fuel < 0:
            raise _OutOfFuelError

    def _valid(self, pointer: str, value: JsonValue) -> bool:
        self._spend()
        return self._oracle.valid(pointer, value)

    def _found(self, pattern: str, name: str) -> bool:
        self._spend()
        return oracle.matches(pattern, name)

    def below(self, node: Subschema, value: JsonValue, at: str, level: int) -> Iterator[Violation]:
        """The violations of a value that is known to be invalid."""
        if node.value is False:
            yield Violation("schema.false", "nothing is allowed here", at, node.pointer)
            return
        explained = False
        if level < _DEEPEST:
            for edge, part, place in self._parts(node, value, at):
                if self._valid(edge.target, part):
                    continue
                explained = True
                if self._graph.nodes[edge.target].value is False:
                    yield _forbidden(edge, place, node.pointer)
                else:
                    yield from self.below(self._graph.nodes[edge.target], part, place, level + 1)
        for keyword in node.keywords:
            if self._broken(node, keyword, value):
                explained = True
                yield _violation(node, keyword, value, at)
        if not explained:
            yield _remaining(node, at)

    def _parts(self, node: Subschema, value: JsonValue, at: str) -> Iterator[_Part]:
        """What must hold for the value to be valid, part by part."""
        for edge in node.edges:
            if edge.keyword in {"$ref", "allOf"}:
                yield edge, value, at
            elif isinstance(value, dict) and edge.applies is Applies.PART:
                for name in self._names(node, edge, value):
                    yield edge, value[name], pointers.join(at, name)
            elif isinstance(value, list) and edge.applies is Applies.PART:
                for index in _indices(node, edge, len(value)):
                    yield edge, value[index], pointers.join(at, index)

    def _names(self, node: Subschema, edge: Edge, value: Mapping[str, JsonValue]) -> Iterator[str]:
        """The members that the edge applies to."""
        if edge.keyword == "properties" and edge.token in value:
            yield str(edge.token)
        elif edge.keyword == "patternProperties":
            yield from (name for name in value if self._found(str(edge.token), name))
        elif edge.keyword == "additionalProperties":
            declared = {one.token for one in node.edges if one.keyword == "properties"}
            patterns = [str(one.token) for one in node.edges if one.keyword == "patternProperties"]
            for name in value:
                if name not in declared and not any(self._found(pattern, name) for pattern in patterns):
                    yield name

    def _broken(self, node: Subschema, keyword: str, value: JsonValue) -> bool:
        """Whether the keyword by itself refuses the value."""
        if keyword.startswith("exclusive") and isinstance(node.keywords[keyword], bool):
            return False  # draft 4: a flag of the bound beside it
        if keyword in dialect.ASSERTIONS[self._graph.draft] and keyword not in {"minContains", "maxContains"}:
            return not _assertion(self._graph.draft, _alone(node, keyword)).is_valid(value)
        judge = _JUDGES.get(keyword)
        if judge is None:
            return False
        edges = [edge for edge in node.edges if edge.keyword == keyword]
        return judge([self._valid(edge.target, value) for edge in edges])


def _indices(node: Subschema, edge: Edge, length: int) -> range:
    """The elements that the edge applies to."""
    if edge.token is not None and edge.keyword in {"items", "prefixItems"}:
        return range(int(edge.token), min(int(edge.token) + 1, length))
    if edge.token is None and edge.keyword in {"items", "additionalItems"}:
        listed = sum(one.keyword in {"items", "prefixItems"} and one.token is not None for one in node.edges)
        meaningless = edge.keyword == "additionalItems" and not isinstance(node.keywords.get("items"), list)
        return range(length if meaningless else listed, length)
    return range(0)


def _remaining(node: Subschema, at: str) -> Violation:
    """What was not asked by itself must be the cause: ``if``, ``contains``, ``unevaluatedItems`` and the like."""
    words = [word for word in node.keywords if word in _UNASKED]
    if len(words) != 1:
        among = f": one of {', '.join(words)}" if words else ""
        return Violation("schema.invalid", f"does not match this part of the schema{among}", at, node.pointer)
    (word,) = words
    return Violation(f"schema.{word}", f"does not satisfy {word}", at, pointers.join(node.pointer, word), word)


_UNASKED: Final = frozenset(
    {
        "if", "contains", "dependencies", "dependentSchemas", "propertyNames",
        "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef",
    }
)  # fmt: skip

_JUDGES: Final[dict[str, Callable[[list[bool]], bool]]] = {
    "anyOf": lambda verdicts: not any(verdicts),
    "oneOf": lambda verdicts: sum(verdicts) != 1,
    "not": any,
}


def _alone(node: Subschema, keyword: str) -> str:
    """The keyword as a schema of its own; draft 4's exclusive bounds are flags of the bounds beside them."""
    kept = {keyword: node.keywords[keyword]}
    if keyword in {"minimum", "maximum"}:
        flag = f"exclusive{keyword.capitalize()}"
        if isinstance(node.keywords.get(flag), bool):
            kept[flag] = node.keywords[flag]
    return jsontext.dump(kept)


@lru_cache(maxsize=1024)
def _assertion(draft: dialect.Draft, text: str) -> Any:
    return oracle.assertion(draft, text)


def _forbidden(edge: Edge, place: str, schema: str) -> Violation:
    name = shorten(pointers.split(place)[-1] if place else "")
    what = "is not allowed here" if edge.keyword != "properties" else "is never allowed"
    return Violation(f"schema.{edge.keyword}", f"{name!r} {what}", place, f"{schema}/{edge.keyword}", edge.keyword)


def _violation(node: Subschema, keyword: str, value: JsonValue, at: str) -> Violation:
    message = _message(keyword, node.keywords[keyword], value)
    return Violation(f"schema.{keyword}", message, at, pointers.join(node.pointer, keyword), keyword)


def _message(keyword: str, operand: JsonValue, value: JsonValue) -> str:
    """What the keyword asks for, in words; of the value at most its size."""
    asked = shorten(jsontext.dump(operand), 80)
    if keyword == "required" and isinstance(operand, list) and isinstance(value, dict):
        missing = [str(name) for name in operand if name not in value]
        return f"missing {shorten(', '.join(missing), 100)}"
    size = len(value) if isinstance(value, str | list | dict) else None
    counted = {"Length": "characters", "Items": "elements", "Properties": "members"}
    for suffix, unit in counted.items():
        if keyword in {f"min{suffix}", f"max{suffix}"}:
            return f"has {size} {unit}, {'at least' if keyword.startswith('min') else 'at most'} {asked} are allowed"
    return _SENTENCES.get(keyword, "does not satisfy {keyword}").format(keyword=keyword, asked=asked)


_SENTENCES: Final = {
    "type": "is not of type {asked}",
    "enum": "is none of {asked}",
    "const": "is not {asked}",
    "minimum": "is less than {asked}",
    "maximum": "is more than {asked}",
    "exclusiveMinimum": "is not more than {asked}",
    "exclusiveMaximum": "is not less than {asked}",
    "multipleOf": "is not a multiple of {asked}",
    "pattern": "does not match {asked}",
    "format": "is not of format {asked}",
    "uniqueItems": "has an element twice",
    "anyOf": "matches none of the alternatives",
    "oneOf": "does not match exactly one of the alternatives",
    "not": "matches what is ruled out",
}
