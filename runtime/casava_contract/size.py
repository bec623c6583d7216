"""How long a valid answer can be, at most: what to give a model room for.

Of an answer without white space but one space after ``:`` and ``,`` and without needless escapes, which is how an
engine is made to write. A bound that is too high is sound, one that is too low is not: what is not understood here
bounds nothing.
"""

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from casava_contract.errors import ContractError
from casava_contract.grammars import regex
from casava_contract.grammars.syntax import Choice, Node, json_bytes, longest
from casava_contract.limits import Limits
from casava_contract.schema import kinds
from casava_contract.schema.components import Components
from casava_contract.schema.dialect import FORMATS, Applies, Draft
from casava_contract.schema.formats import SHAPES
from casava_contract.schema.graph import Graph, Subschema
from casava_contract.schema.work import applied
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue

_CHARACTER: Final = 6  # bytes: a control character is \u00XX, any other at most 4
_INFINITE: Final = math.inf
_WHOLE: Final = re.compile(r"\^(?:[^\\]|\\[^s])*\$", re.DOTALL)  # \s is more than ASCII in a schema
_KNOWN: Final = 10**15  # more than this is no bound to anyone

_Sizes = Mapping[int, float]  # by kind of value: the most bytes; what is not there is not allowed


def worst_case(graph: Graph, limits: Limits) -> int | None:
    """Bytes; None where the schema sets no bound."""
    anything: _Sizes = {
        **dict.fromkeys((kinds.OBJECT, kinds.ARRAY, kinds.STRING), _INFINITE),
        kinds.NUMBER: limits.number_length,
        **{kind: len(name) for kind, name in kinds.NAMES.items() if kind in {kinds.TRUE, kinds.FALSE, kinds.NULL}},
    }
    known: dict[str, _Sizes] = {}
    for component in Components(graph, applied):
        # Where a schema leads back to itself nothing is known yet, so that nothing is a bound.
        found = {pointer: _sizes(graph.nodes[pointer], known, anything, graph.draft) for pointer in component}
        known.update(found)
    most = max(known[""].values(), default=0)
    return None if most > _KNOWN else int(most)


def _sizes(node: Subschema, known: Mapping[str, _Sizes], anything: _Sizes, draft: Draft) -> _Sizes:
    if node.value is False:
        return {}
    sizes = _met([anything, _by_itself(node, known, anything, draft)])
    groups: dict[str, list[_Sizes]] = {}
    for edge in node.edges:
        if edge.applies is Applies.SAME:
            below = known.get(edge.target, anything)
            if edge.keyword in {"$ref", "allOf"}:
                sizes = _met([sizes, below])
            elif edge.keyword in {"anyOf", "oneOf"}:
                groups.setdefault(edge.keyword, []).append(below)
    return _met([sizes, *(_joined(group) for group in groups.values())])


def _met(all_of: Iterable[_Sizes]) -> _Sizes:
    first, *rest = all_of
    return {kind: min([size, *(other[kind] for other in rest)]) for kind, size in first.items() if _in_all(kind, rest)}


def _in_all(kind: int, sizes: list[_Sizes]) -> bool:
    return all(kind in one for one in sizes)


def _joined(any_of: Iterable[_Sizes]) -> _Sizes:
    joined: dict[int, float] = {}
    for sizes in any_of:
        for kind, size in sizes.items():
            joined[kind] = max(size, joined.get(kind, 0))
    return joined


def _by_itself(node: Subschema, known: Mapping[str, _Sizes], anything: _Sizes, draft: Draft) -> _Sizes:
    words = node.keywords
    sizes = dict(anything)
    if "type" in words:
        allowed = kinds.of_type(words["type"])
        sizes = {kind: size for kind, size in sizes.items() if kind & allowed}
    for listed in (words.get("enum"), [words["const"]] if "const" in words else None):
        if isinstance(listed, list):
            sizes = dict(_met([sizes, _joined({kinds.of_value(value): spelled(value)} for value in listed)]))
    bounds = {
        kinds.OBJECT: _object(node, known, anything),
        kinds.ARRAY: _array(node, known, anything),
        kinds.STRING: _string(words, draft),
        kinds.NUMBER: _number(words),
    }
    return {kind: min(size, bounds.get(kind, size)) for kind, size in sizes.items()}


def spelled(value: JsonValue) -> int:
    """Bytes of a value with one space after ``:`` and ``,``."""
    if isinstance(value, dict):
        members = sum(spelled(name) + 2 + spelled(member) for name, member in value.items())
        return 2 + members + 2 * max(len(value) - 1, 0)
    if isinstance(value, list):
        return 2 + sum(map(spelled, value)) + 2 * max(len(value) - 1, 0)
    return len(jsontext.dump(value).encode())


def _most(sizes: _Sizes) -> float | None:
    """None where nothing is allowed."""
    return max(sizes.values(), default=None)


def _below(target: str, known: Mapping[str, _Sizes], anything: _Sizes) -> float | None:
    return _most(known.get(target, anything))


def _object(node: Subschema, known: Mapping[str, _Sizes], anything: _Sizes) -> float:
    members: list[float] = []
    for edge in node.edges:
        below = _below(edge.target, known, anything)
        if below is None or edge.applies is not Applies.PART:
            continue
        if edge.keyword == "properties":
            members.append(spelled(str(edge.token)) + 2 + below)
        elif edge.keyword in {"patternProperties", "additionalProperties"}:
            return _INFINITE
    if "additionalProperties" not in node.keywords:
        return _INFINITE
    count = _count(node.keywords.get("maxProperties"))
    most = sorted(members, reverse=True)[:count]
    return 2 + sum(most) + 2 * max(len(most) - 1, 0)


def _array(node: Subschema, known: Mapping[str, _Sizes], anything: _Sizes) -> float:
    first: list[float | None] = []
    rest: float | None = _INFINITE
    listed = isinstance(node.keywords.get("items"), list)
    for edge in node.edges:
        if edge.applies is not Applies.PART:
            continue
        if edge.keyword in {"items", "prefixItems"} and edge.token is not None:
            first.append(_below(edge.target, known, anything))
        elif edge.keyword == ("additionalItems" if listed else "items"):
            rest = _below(edge.target, known, anything)
    count = _count(node.keywords.get("maxItems"))
    if None in first:
        end = first.index(None)
        count, rest = end if count is None else min(end, count), None
    elements = [size for size in first if size is not None][:count]
    if rest is None:
        return _array_of(elements, 0, 0)
    if count is None:
        return _INFINITE
    return _array_of(elements, rest, count - len(elements))


def _array_of(elements: list[float], rest: float, more: int) -> float:
    length = len(elements) + max(more, 0)
    return 2 + sum(elements) + (rest * more if more > 0 else 0) + 2 * max(length - 1, 0)


def _string(words: Mapping[str, JsonValue], draft: Draft) -> float:
    longest = _count(words.get("maxLength"))
    counted = _INFINITE if longest is None else _CHARACTER * longest
    return 2 + min(counted, _pattern(words.get("pattern")), _format(words.get("format"), draft))


def _pattern(pattern: JsonValue) -> float:
    """Only of one that holds the whole text: an alternative at its top is anchored at one side alone."""
    if not isinstance(pattern, str) or not _WHOLE.fullmatch(pattern):
        return _INFINITE
    node = _read(pattern)
    return _INFINITE if node is None or isinstance(node, Choice) else longest(node, json_bytes, {})


def _format(form: JsonValue, draft: Draft) -> float:
    if not isinstance(form, str) or form not in FORMATS[draft] or form not in SHAPES:
        return _INFINITE
    node = _read(SHAPES[form])
    return _INFINITE if node is None else longest(node, json_bytes, {})


@lru_cache(maxsize=256)
def _read(expression: str) -> Node | None:
    try:
        return regex.read(expression, Limits())
    except ContractError:
        return None


def _number(words: Mapping[str, JsonValue]) -> float:
    """Only of integers with both bounds: the digits after a point are bounded by nothing."""
    types = words.get("type")
    bounds = [_whole(words, "minimum", "exclusiveMinimum"), _whole(words, "maximum", "exclusiveMaximum")]
    numbers = {types} if isinstance(types, str) else set(map(str, types)) if isinstance(types, list) else {"number"}
    if "number" in numbers or None in bounds:
        return _INFINITE
    return max(len(str(bound)) for bound in bounds)


def _whole(words: Mapping[str, JsonValue], *names: str) -> int | None:
    """The first integer within a bound; one that the bound excludes is no shorter than the next."""
    for name in names:
        value = words.get(name)
        if kinds.is_number(value):
            return math.ceil(value) if name.endswith("inimum") else math.floor(value)
    return None


def _count(value: JsonValue) -> int | None:
    return int(value) if kinds.is_number(value) else None
