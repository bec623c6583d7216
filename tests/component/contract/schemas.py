"""Random schemas for properties: every keyword that the engine knows, some that it does not, in every combination."""

from random import Random
from typing import Any

_NAMES = ("a", "b", "k", "x y", "é")
_NUMBERS = (0, 1, -1, 2, 3, 7, 10, 0.5, -2.5, 100, 12.25)
_STRINGS = ("a", "b", "ab", "x", "k y", 'q"', "é", "")
_PATTERNS = ("^a", "b$", "^[a-c]{1,3}$", "x|y", "^(ab)+$", r"^\d+$", r"\w", "a.b", r"\s", "^a|b$", "[^a]", r"\S\D")
_FORMATS = ("date", "time", "date-time", "uuid", "ipv4", "ipv6", "email", "hostname", "uri", "duration", "unknown")


def schema(random: Random, depth: int = 3, refs: tuple[str, ...] = ()) -> Any:
    """A schema that the compiler may refuse, but whose meta-schema does not."""
    if random.random() < 0.04:
        return random.random() < 0.8
    made: dict[str, Any] = {}
    for part in random.sample(_PARTS, k=random.choice((1, 1, 1, 2, 2, 3))):
        made |= part(random, depth, refs)
    items = list(made.items())
    if random.random() < 0.3:
        random.shuffle(items)
    return dict(items)


def document_schema(random: Random) -> dict[str, Any]:
    """A root with definitions, some of them recursive."""
    refs = ("#/$defs/d0", "#/$defs/d1") if random.random() < 0.5 else ()
    made = schema(random, 3, refs)
    root: dict[str, Any] = made if isinstance(made, dict) else {"type": "string"}
    if refs:
        root["$defs"] = {"d0": schema(random, 2, refs), "d1": schema(random, 1, ())}
    if random.random() < 0.2:
        root = {"$schema": f"http://json-schema.org/draft-0{random.choice((6, 7))}/schema#"} | root
    return root


def _type(random: Random, *_: Any) -> dict[str, Any]:
    kinds = ["string", "integer", "number", "boolean", "null", "array", "object"]
    return {"type": random.choice(kinds) if random.random() < 0.7 else random.sample(kinds, k=2)}


def _number(random: Random, *_: Any) -> dict[str, Any]:
    words = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    made: dict[str, Any] = {"type": random.choice(("integer", "number"))}
    for word in random.sample(words, k=random.choice((1, 1, 2))):
        made[word] = random.choice(_NUMBERS)
    if random.random() < 0.3:
        made["multipleOf"] = random.choice((1, 2, 3, 0.5, 0.1, 7))
    return made


def _string(random: Random, *_: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "string"}
    if random.random() < 0.4:
        made["maxLength"] = random.choice((0, 1, 3, 10))
    if random.random() < 0.3:
        made["minLength"] = random.choice((0, 1, 2))
    if random.random() < 0.4:
        made["pattern"] = random.choice(_PATTERNS)
    if random.random() < 0.3:
        made["format"] = random.choice(_FORMATS)
    return made


def _array(random: Random, depth: int, refs: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "array"}
    if depth and random.random() < 0.8:
        made["items"] = schema(random, depth - 1, refs)
        if random.random() < 0.1:  # a list of items: refused by the newest draft
            made |= {"items": [made["items"]], "additionalItems": schema(random, 0, refs)}
    if depth and random.random() < 0.3:
        made["prefixItems"] = [schema(random, depth - 1, refs) for _ in range(random.choice((1, 2)))]
    if random.random() < 0.3:
        made["minItems"] = random.choice((0, 1, 2))
    if random.random() < 0.3:
        made["maxItems"] = random.choice((0, 1, 3))
    if random.random() < 0.1:
        made["uniqueItems"] = True
    if random.random() < 0.1:
        made["contains"] = {"type": "integer"}
    return made


def _object(random: Random, depth: int, refs: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object"}
    names = random.sample(_NAMES, k=random.choice((1, 2, 3)))
    if depth:
        made["properties"] = {name: schema(random, depth - 1, refs) for name in names}
    if random.random() < 0.5:
        made["required"] = random.sample(_NAMES, k=1) if random.random() < 0.2 else names[:1]
    if random.random() < 0.7:
        made["additionalProperties"] = False if random.random() < 0.85 or not depth else schema(random, 0, refs)
    if random.random() < 0.1:
        made["patternProperties"] = {"^a": {"type": "integer"}}
    if random.random() < 0.1:
        made[random.choice(("minProperties", "maxProperties"))] = random.choice((0, 1, 2))
    if random.random() < 0.05:
        made["dependentRequired"] = {"a": ["b"]}
    return made


def _constant(random: Random, *_: Any) -> dict[str, Any]:
    values = [random.choice((*_STRINGS, *_NUMBERS, True, None, [1, "a"], {"a": 1}, {})) for _ in range(3)]
    unique = [value for index, value in enumerate(values) if value not in values[:index]]
    return {"enum": unique} if random.random() < 0.5 else {"const": values[0]}


def _choice(random: Random, depth: int, refs: tuple[str, ...]) -> dict[str, Any]:
    if not depth:
        return {}
    word = random.choice(("anyOf", "oneOf", "allOf"))
    return {word: [schema(random, depth - 1, refs) for _ in range(random.choice((1, 2, 2, 3)))]}


def _reference(random: Random, _depth: int, refs: tuple[str, ...]) -> dict[str, Any]:
    return {"$ref": random.choice(refs)} if refs else {}


def _odd(random: Random, depth: int, refs: tuple[str, ...]) -> dict[str, Any]:
    if random.random() < 0.7 or not depth:
        return {"description": "d", "title": "t"}
    return {random.choice(("not", "if", "contains", "propertyNames")): schema(random, 0, refs)}


_PARTS = (_type, _number, _string, _array, _object, _object, _constant, _choice, _choice, _reference, _odd)
