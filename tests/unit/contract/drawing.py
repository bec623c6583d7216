"""JSON Schemas and JSON values that have something to do with each other, for hypothesis to draw."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

from casava_contract import State, compile  # noqa: A004
from casava_contract.validator.json_validator import JsonValidator
from casava_contract.validator.parser import (
    AFTER,
    COLON,
    END,
    FIRST_ELEMENT,
    FIRST_KEY,
    KEY,
    LITERAL,
    NAME,
    NUMBER_TEXT,
    TEXT,
    VALUE,
    Parser,
)

_names = st.sampled_from(["a", "b", "k", "", "a/b", "~", "é", "%41"])
_numbers = st.one_of(
    st.integers(-20, 20),
    st.sampled_from([0.5, -2.5, 0.1, 1e-9, 1e15, 2**53 + 1, 12345678901234567890123, 1e300, 10**30]),
)
_scalars = st.one_of(st.none(), st.booleans(), _numbers, st.text(max_size=4), st.sampled_from(["a", "b", "2026-02-30"]))
values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=12,
)
_counts = st.sampled_from([0, 1, 2, 3])
_types = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
_patterns = st.sampled_from(["^a", "b$", "^[a-c]{1,3}$", "x|y", r"^\d+$", "(a+)+$", "."])
references = st.sampled_from(
    ["#/$defs/a", "#/$defs/b", "#", "#here", "#/properties/a", "#/definitions/a", "http://x/y"]
)


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(_names, inner, max_size=3)
    listed = st.lists(inner, min_size=1, max_size=3)
    plain = {
        "type": st.one_of(_types, st.lists(_types, min_size=1, max_size=3, unique=True)),
        "enum": st.lists(values, min_size=1, max_size=4),
        "const": values,
        "required": st.lists(_names, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(_names, st.lists(_names, max_size=2, unique=True), max_size=2),
        "dependencies": st.dictionaries(
            _names, st.one_of(inner, st.lists(_names, max_size=2, unique=True)), max_size=2
        ),
        "uniqueItems": st.booleans(),
        "pattern": _patterns,
        "format": st.sampled_from(["date", "email", "uuid", "ipv4", "no such"]),
        "multipleOf": st.sampled_from([1, 2, 0.5, 0.1, 3]),
        "$ref": references,
        "$anchor": st.just("here"),
        "title": st.text(max_size=3),
    }
    plain |= dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _numbers)
    counted = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains")
    plain |= dict.fromkeys(counted, _counts)
    single = ("not", "items", "contains", "if", "then", "else", "additionalProperties", "propertyNames",
              "unevaluatedItems", "unevaluatedProperties", "additionalItems")  # fmt: skip
    plain |= dict.fromkeys(single, inner)
    plain |= dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), listed)
    plain |= dict.fromkeys(("properties", "$defs", "definitions", "dependentSchemas"), named)
    plain |= {"patternProperties": st.dictionaries(_patterns, inner, max_size=2)}
    members = [st.tuples(st.just(word), operand) for word, operand in plain.items()]
    return st.lists(st.one_of(members), max_size=4).map(dict)


schemas: st.SearchStrategy[Any] = st.recursive(st.one_of(st.booleans(), st.just({})), _schemas, max_leaves=10)


def likely(schema: Any, rng: Random, root: Any, depth: int = 0) -> Any:
    """A value that has a fair chance to satisfy the schema: it follows one of its keywords, and sometimes errs."""
    if not isinstance(schema, dict) or depth > _DEEPEST or rng.random() < _ERRS:
        return rng.choice([None, True, 0, 1, 2, -3, 0.5, 1e15, "a", "ab", "x1", "2026-02-28", [], [1, 1], {}, {"a": 1}])
    words = [word for word in schema if word in _FOLLOWED]
    word = rng.choice(words) if words else ""
    operand: Any = schema.get(word)
    if word in {"const", "enum"}:
        return operand if word == "const" else rng.choice(operand)
    if word in {"anyOf", "oneOf", "allOf"}:
        return likely(rng.choice(operand), rng, root, depth + 1)
    if word in {"then", "else", "if"}:
        return likely(operand, rng, root, depth + 1)
    if word == "$ref":
        return likely(_target(operand, root), rng, root, depth + 1)
    if word in _OF_OBJECTS or _is(schema, "object"):
        return _object(schema, rng, root, depth)
    if word in _OF_ARRAYS or _is(schema, "array"):
        return _array(schema, rng, root, depth)
    return _scalar(schema, rng)


_DEEPEST = 8
_ERRS = 0.06
_OF_OBJECTS = {"properties", "required", "additionalProperties", "patternProperties", "dependentSchemas",
               "minProperties", "propertyNames", "unevaluatedProperties", "dependentRequired"}  # fmt: skip
_OF_ARRAYS = {"items", "prefixItems", "contains", "minItems", "uniqueItems", "unevaluatedItems"}
_FOLLOWED = (
    _OF_OBJECTS | _OF_ARRAYS | {"const", "enum", "anyOf", "oneOf", "allOf", "if", "then", "else", "$ref", "type"}
)


def _is(schema: dict[str, Any], name: str) -> bool:
    return name in schema.get("type", ())


def _target(reference: Any, root: Any) -> Any:
    here = root
    for token in str(reference).split("/")[1:]:
        if not isinstance(here, dict) or token not in here:
            return {}
        here = here[token]
    return here


def _object(schema: dict[str, Any], rng: Random, root: Any, depth: int) -> dict[str, Any]:
    declared = schema.get("properties", {})
    named = [name for name in declared if rng.random() < 0.8] + list(schema.get("required", ()))
    named += rng.sample(["a", "b", "k", "q"], rng.choice([0, 0, 1, 2]))
    rng.shuffle(named)
    rest = schema.get("additionalProperties", {})
    return {name: likely(declared.get(name, rest), rng, root, depth + 1) for name in dict.fromkeys(named)}


def _array(schema: dict[str, Any], rng: Random, root: Any, depth: int) -> list[Any]:
    listed = schema.get("prefixItems", [])
    rest = schema.get("items", schema.get("contains", {}))
    count = rng.choice([0, 1, 2, 3, len(listed), schema.get("minItems", 0)])
    return [likely(listed[i] if i < len(listed) else rest, rng, root, depth + 1) for i in range(count)]


def _scalar(schema: dict[str, Any], rng: Random) -> Any:
    bounds = [schema[word] for word in schema if word.endswith("imum") and not isinstance(schema[word], bool)]
    numbers = [0, 1, 5, -2, 0.5, 10, *bounds, *(bound + step for bound in bounds for step in (-1, 1, 0.5))]
    texts = [
        "",
        "a",
        "ab",
        "abc",
        "12",
        "xay",
        "2026-02-28",
        "1.2.3.4",
        "12345678-1234-1234-1234-123456789abc",
        "\U0001f600",
    ]
    pools: dict[str, list[Any]] = {
        "string": texts,
        "integer": [one for one in numbers if one == int(one)],
        "number": numbers,
        "boolean": [True, False],
        "null": [None],
    }
    names = [name for name in pools if _is(schema, name)] or list(pools)
    return rng.choice(pools[rng.choice(names)])


_LEAVES: list[Any] = [
    True, {}, False, {"type": "integer"}, {"const": 1}, {"enum": [1, "x", None]}, {"type": "string"}, {"minimum": 1},
    {"type": "null"}, {"maxLength": 1}, {"uniqueItems": True},
]  # fmt: skip
_NAMINGS: list[Any] = [{"enum": ["a", "b"]}, {"pattern": "^[ab]"}, {"maxLength": 1}, {"not": {"const": "c"}}]


def choosing(rng: Random, depth: int = 0) -> Any:
    """A schema full of choices over few names, so that small answers meet every way in which one can be decided."""
    if depth > 3 or rng.random() < 0.15:
        return rng.choice(_LEAVES)
    schema: dict[str, Any] = {}
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        word = rng.choice(list(_CHOOSING))
        schema |= {word: _CHOOSING[word](rng, depth + 1)}
        if word == "if":
            schema |= {other: choosing(rng, depth + 1) for other in ("then", "else") if rng.random() < 0.6}
    if depth == 0:
        targets = [{"required": ["a"]}, {"properties": {"b": {"const": 1}}}, {"properties": {"c": {"$ref": "#"}}}]
        schema["$defs"] = {"x": rng.choice(targets)}
    return schema


def _named(rng: Random, depth: int) -> Any:
    return {name: choosing(rng, depth) for name in rng.sample("abc", rng.choice([1, 2]))}


def _several(rng: Random, depth: int) -> Any:
    return [choosing(rng, depth) for _ in range(rng.choice([1, 2, 2, 3]))]


def _rest(rng: Random, depth: int) -> Any:
    return rng.choice([False, False, {"type": "null"}, choosing(rng, depth + 1)])


def _count(rng: Random, _: int) -> Any:
    return rng.choice([1, 2, 3])


_CHOOSING: dict[str, Callable[[Random, int], Any]] = {
    **dict.fromkeys(("properties", "dependentSchemas"), _named),
    **dict.fromkeys(("not", "contains", "items", "if"), choosing),
    **dict.fromkeys(("oneOf", "anyOf", "allOf", "prefixItems"), _several),
    **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems", "additionalProperties"), _rest),
    **dict.fromkeys(("minItems", "minProperties", "maxProperties", "maxItems"), _count),
    "patternProperties": lambda rng, depth: {rng.choice(["^a", "b", "c$", "^[ab]$"]): choosing(rng, depth)},
    "required": lambda rng, _: rng.sample("abc", rng.choice([1, 1, 2])),
    "dependentRequired": lambda rng, _: {rng.choice("abc"): rng.sample("abc", 1)},
    "propertyNames": lambda rng, _: rng.choice(_NAMINGS),
    "type": lambda rng, _: rng.choice(["object", "array", ["object", "integer"], ["array", "null"]]),
    "$ref": lambda _, depth: "#/$defs/x" if depth < 3 else "#",
}


def small(rng: Random, depth: int = 0) -> Any:
    """A value over the same few names."""
    chance = rng.random()
    if depth > 2 or chance < 0.35:
        return rng.choice([1, 0, 2, "x", "", None, True, 1.0, "ab"])
    if chance < 0.75:
        names = rng.sample(["a", "b", "c", "ab", "d"], rng.choice([0, 1, 2, 2, 3]))
        return {name: small(rng, depth + 1) for name in names}
    return [small(rng, depth + 1) for _ in range(rng.choice([0, 1, 2, 3]))]


def completed(prefix: bytes, rng: Random) -> bytes:
    """The beginning of a JSON text with a random end; b"" where none was found."""
    reader = compile("true").validator()
    assert isinstance(reader, JsonValidator)
    reader.feed(prefix)
    text = prefix
    while reader._parser.mode != END:
        piece = _further(reader._parser, text, rng)
        if len(text) > 400 or reader.feed(piece).state is State.DEAD:
            return b""
        text += piece
    return text


def _further(parser: Parser, text: bytes, rng: Random) -> bytes:
    """What may follow the text, as far as the parser has read it."""
    frames = parser.machine.frames
    more = rng.random() < 0.4 and len(frames) < 6
    close = b" " if not frames else b"}" if frames[-1].is_object else b"]"
    name = b'"%s"' % rng.choice([b"a", b"b", b"c", b"d", b"ab"])
    value = json.dumps(small(rng, 1), separators=(",", ":")).encode()
    options = {
        VALUE: value,
        FIRST_ELEMENT: value if more else b"]",
        FIRST_KEY: name if more else b"}",
        KEY: name,
        COLON: b":",
        AFTER: b"," if more else close,
        TEXT: b'n"' if text.endswith(b"\\") else b'"',
        NAME: b'n"' if text.endswith(b"\\") else b'"',
        NUMBER_TEXT: close if text[-1:].isdigit() else b"1",
        LITERAL: parser._word[parser.at - parser.start :],
    }
    return options[parser.mode]
