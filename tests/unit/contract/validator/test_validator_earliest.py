"""The byte at which an answer is given up, marked by ``!`` in front of it; an answer without the mark is valid."""

import itertools
import json
from random import Random
from typing import Any

import pytest

from casava_contract import Contract, State, Timing, compile  # noqa: A004

_DATE = {"type": "string", "format": "date"}
_CLOSED = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "nick": {"type": "string"}, "never": False},
    "required": ["name"],
    "additionalProperties": False,
}
_UNION = {
    "oneOf": [
        {"properties": {"kind": {"const": "cat"}, "size": {"type": "integer"}}, "required": ["kind"]},
        {"properties": {"kind": {"const": "cow"}, "size": {"type": "string"}}, "required": ["kind"]},
    ],
    "type": "object",
}
_TREE = {
    "type": "object",
    "properties": {"left": {"$ref": "#"}, "value": {"maximum": 3}},
    "additionalProperties": False,
}

_CARD = {
    "if": {"properties": {"kind": {"const": "card"}}, "required": ["kind"]},
    "then": {"properties": {"number": {"type": "string"}}, "required": ["number"]},
}
_PATTERNS = {"patternProperties": {"^x[0-9]+$": True}, "properties": {"id": True}, "additionalProperties": False}
_SPREAD = {
    "allOf": [{"properties": {"a": {"type": "integer"}}}],
    "anyOf": [{"required": ["a"], "properties": {"b": True}}, {"type": "object"}],
    "unevaluatedProperties": False,
}

_CASES: list[tuple[Any, str, str]] = [
    ({"type": "object"}, "![1]", "schema.type"),
    ({"type": ["string", "null"]}, "!true", "schema.type"),
    ({"type": "integer"}, "1.5!", "schema.type"),
    ({"type": "integer"}, "15.5e1", ""),
    ({"not": {"type": "string"}}, '!"a"', "schema.not"),
    ({"const": "cat"}, '"c!ow"', "schema.const"),
    ({"enum": ["cat", "cow", 12, None]}, '"co!t"', "schema.enum"),
    ({"enum": ["cat", "cow", 12, None]}, '"c\\u006f!t"', "schema.enum"),
    ({"enum": ["cat", "cow", 12, None]}, "1!3", "schema.enum"),
    ({"enum": ["cat", "cow", 12, None]}, "!true", "schema.enum"),
    ({"enum": ["cat", "cow", 12, None]}, "120e-1", ""),
    ({"enum": ["é", "è"]}, '"\u00e9"', ""),
    ({"const": True}, "!false", "schema.const"),
    ({"minimum": 0}, "-0.0!1", "schema.minimum"),
    ({"minimum": 0}, "-0.0", ""),
    ({"minimum": 1}, "!-1", "schema.minimum"),
    ({"maximum": 20}, "151e-1", ""),
    ({"maximum": 20}, "151e!1", "schema.maximum"),
    ({"maximum": 20}, "151!", "schema.maximum"),
    ({"minimum": 100, "maximum": 150}, "!2", "schema.maximum"),
    ({"type": "integer", "minimum": 0, "maximum": 150}, "15!1", "schema.maximum"),
    ({"type": "integer", "minimum": 1, "maximum": 5}, "!7", "schema.maximum"),
    ({"multipleOf": 2}, "3!", "schema.multipleOf"),
    ({"maxLength": 2}, '"ab!c"', "schema.maxLength"),
    ({"maxLength": 2}, '"\\ud83d\\ude00\U0001f600"', ""),
    ({"maxLength": 2}, '"ab!\\u0063"', "schema.maxLength"),
    ({"maxLength": 2}, '"ab!\u00e9"', "schema.maxLength"),
    ({"enum": ["ab", "a"]}, '"ab!\\u0063"', "schema.enum"),
    ({"pattern": "^ab$"}, '"ab!\\u0063"', "schema.pattern"),
    ({"pattern": "^ab$"}, '"ab!\u00e9"', "schema.pattern"),
    ({"minLength": 2}, '"a!"', "schema.minLength"),
    ({"pattern": "^INV-[0-9]{3}$"}, '"INV-12!x"', "schema.pattern"),
    ({"pattern": "b"}, '"aa!"', "schema.pattern"),
    (_DATE, '"2026-!2"', "schema.format"),
    (_DATE, '"2026-02-!30"', "schema.format"),
    ({"type": "string", "format": "ipv4"}, '"1.2.3.25!6"', "schema.format"),
    ({"items": {"type": "string"}}, '["a",!1]', "schema.type"),
    ({"prefixItems": [{"type": "null"}], "items": False}, "[null!,1]", "schema.items"),
    ({"minItems": 2}, "[1!]", "schema.minItems"),
    ({"maxItems": 1}, "[1!,2]", "schema.maxItems"),
    ({"maxItems": 0}, "[!1]", "schema.maxItems"),
    ({"uniqueItems": True}, '[1,{"a":1},1.0!,2]', "schema.uniqueItems"),
    ({"uniqueItems": True}, '["a","b","a!",2]', "schema.uniqueItems"),
    ({"contains": {"type": "string"}}, "[1,2!]", "schema.contains"),
    ({"contains": {"type": "string"}, "maxContains": 1}, '["a",1,"b!"]', "schema.maxContains"),
    (_CLOSED, '{"na!p":1}', "schema.additionalProperties"),
    (_CLOSED, '{"!other":1}', "schema.additionalProperties"),
    (_CLOSED, '{"n!ever":1}', "schema.additionalProperties"),
    (_CLOSED, '{"name":"a","n!ame":"b"}', "schema.additionalProperties"),
    (_CLOSED, '{"name":"a","nick":"b"!,', "schema.additionalProperties"),
    (_CLOSED, '{"nick":"b"!}', "schema.required"),
    ({"type": "object"}, '{"a":1,"a!":2}', "syntax.duplicate_key"),
    ({"type": "object"}, '{"a":1,"\\u0061!":2}', "syntax.duplicate_key"),
    ({"properties": {"a": False}}, '{"a!":1}', "schema.properties"),
    ({"minProperties": 1}, "{!}", "schema.minProperties"),
    ({"maxProperties": 1}, '{"a":1!,', "schema.maxProperties"),
    ({"maxProperties": 1, "required": ["b"]}, '{"a!":1}', "schema.maxProperties"),
    ({"propertyNames": {"maxLength": 2}}, '{"ab!c":1}', "schema.maxLength"),
    ({"propertyNames": {"maxLength": 2}}, '{"ab":1,"ab!\\u0063":1}', "schema.maxLength"),
    ({"propertyNames": {"pattern": "^[a-c]+$"}}, '{"ab":1,"a!d":1}', "schema.pattern"),
    ({"propertyNames": {"minLength": 2}}, '{"a!":1}', "schema.propertyNames"),
    ({"propertyNames": {"enum": ["cat", "cow"]}}, '{"co!d":1}', "schema.propertyNames"),
    ({"propertyNames": {"enum": ["cat", "cow"]}}, '{"cow":1,"c!ow":1}', "schema.propertyNames"),
    ({"propertyNames": False}, '{!"a":1}', "schema.propertyNames"),
    ({"propertyNames": {"not": {"const": "a"}}}, '{"a!":1}', "schema.propertyNames"),
    (_PATTERNS, '{"x1":1,"id":2,"x!y":3}', "schema.additionalProperties, late"),
    (_PATTERNS, '{"x1":1,"i!x":3}', "schema.additionalProperties, late"),
    (_PATTERNS, '{"x!":3}', "schema.additionalProperties"),
    ({"patternProperties": {"^x": {"type": "null"}}}, '{"x1":!1}', "schema.type"),
    ({"dependentRequired": {"a": ["b"]}}, '{"a":1!}', "schema.dependentRequired"),
    ({"dependencies": {"a": ["b"]}}, '{"a":1!}', "schema.dependencies"),
    ({"not": {"dependencies": {"a": ["b"]}}}, '{"a":1}', ""),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, '{"a":1!}', "schema.required"),
    ({"dependentSchemas": {"a": {"properties": {"b": False}}}}, '{"a":1,"b!":1}', "schema.properties"),
    ({"anyOf": [{"type": "string"}, {"minimum": 3}]}, "2!", "schema.minimum"),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "!2", "schema.anyOf"),
    (_UNION, '{"kind":"cat","size":!"big"}', "schema.type"),
    (_UNION, '{"size":"big","kind":"c!at"}', "schema.const"),
    (_UNION, '{"size":!null}', "schema.oneOf"),
    (_UNION, '{"kind":"!dog"}', "schema.oneOf"),
    ({"oneOf": [{"minimum": 1}, {"maximum": 3}]}, "2!", "schema.oneOf"),
    ({"not": {"required": ["a"]}}, '{"a!":1,"b":2}', "schema.not"),
    ({"not": {"required": ["a"], "minProperties": 2}}, '{"a":1,"b!":2}', "schema.not"),
    ({"not": {"properties": {"a": {"const": 1}}, "required": ["a"]}}, '{"b":1,"a":1!,"c":2}', "schema.not"),
    ({"not": {"properties": {"a": {"const": 1}}, "required": ["a"]}}, '{"a":2,"b":1}', ""),
    ({"not": {"properties": {"a": {"const": 1}}}}, '{"b":1!}', "schema.not"),
    ({"not": {"contains": {"const": 1}}}, "[2,1!,3]", "schema.not"),
    ({"not": {"minItems": 2, "items": {"type": "null"}}}, "[null,null!]", "schema.not"),
    ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, '{"a":1,"b!":2}', "schema.oneOf"),
    ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, '{"a":1,"c":2}', ""),
    ({"oneOf": [{"contains": {"const": 1}}, {"minItems": 3}]}, "[1,2,3!]", "schema.oneOf"),
    ({"if": {"type": "string"}, "then": {"maxLength": 1}, "else": {"type": "null"}}, '"a!b"', "schema.maxLength"),
    ({"if": {"type": "string"}, "then": {"maxLength": 1}, "else": {"type": "null"}}, "!1", "schema.type"),
    ({"if": {"properties": {"a": {"const": 1}}}, "else": {"required": ["b"]}}, '{"a":2!}', "schema.required"),
    ({"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}}, '{"a":1!}', "schema.required"),
    (_CARD, '{"kind":"card","number":!1}', "schema.type"),
    (_CARD, '{"number":1,"kind":"card!"}', "schema.type, late"),
    (_CARD, '{"number":1,"kind":"cash"}', ""),
    (_CARD, '{"kind":"card"!}', "schema.required"),
    ({"if": {"required": ["a"]}, "then": {"properties": {"b": False}}}, '{"b":1,"a!":1}', "schema.properties, late"),
    ({"properties": {"a": True}, "unevaluatedProperties": False}, '{"!b":1}', "schema.unevaluatedProperties"),
    ({"properties": {"a": True}, "unevaluatedProperties": {"type": "null"}}, '{"b":!1}', "schema.type"),
    (_SPREAD, '{"a":1,"b":2!,"c":1}', "schema.unevaluatedProperties"),
    (_SPREAD, '{"b":2!}', "schema.unevaluatedProperties"),
    ({"prefixItems": [True], "unevaluatedItems": False}, "[1!,2]", "schema.unevaluatedItems"),
    ({"prefixItems": [True], "unevaluatedItems": {"type": "null"}}, "[1,!2]", "schema.type"),
    ({"contains": {"const": 1}, "unevaluatedItems": False}, "[1,2!]", "schema.unevaluatedItems"),
    (_TREE, '{"left":{"left":{"value":4!}}}', "schema.maximum"),
    (_TREE, '{"left":{"left":{"!right":4}}}', "schema.additionalProperties"),
    (True, '{"a"!;1}', "syntax.json"),
    (True, "[1!}", "syntax.json"),
    (True, "[0!1", "syntax.json"),
    (True, "tr!eu", "syntax.json"),
    (True, '"\\!x', "syntax.json"),
    (True, '"a!\n"', "syntax.json"),
    (True, '"\\ud83d!x"', "syntax.json"),
    (True, '"\\ud!c00"', "syntax.json"),
    (True, "1.!e5", "syntax.json"),
    (True, "{} !x", "syntax.json"),
    (True, "!\ufeff{}", "syntax.json"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "marked", "code"), _CASES)
def test_the_answer_dies_at_the_marked_byte(schema: Any, marked: str, code: str) -> None:
    before, mark, _ = marked.partition("!")
    offset = len(before.encode()) if mark else None
    answer = marked.replace("!", "").encode()
    contract = compile(json.dumps(schema))
    code, late, _ = code.partition(", late")  # the keyword was broken before: what makes it count came now
    assert _dies_at(contract, answer) == (offset, code)
    for error in contract.validator().feed(answer).errors:
        if contract.timing(error.schema_pointer) is Timing.BYTE:
            assert error.earliest is not bool(late)


def test_dynamic_references_and_schemas_of_their_own_leave_what_needs_a_part_judged_by_itself_to_the_answers_end() -> (
    None
):
    schema = {"properties": {"a": {"not": {"type": "null"}}}}
    timed = [
        compile(json.dumps(schema | more)).timing("/properties/a/not")
        for more in (
            {"$id": "https://a.example/"},
            {"$dynamicRef": "#/$defs/x", "$defs": {"x": {}}},
            {"$defs": {"x": {"$id": "https://b.example/"}}},
        )
    ]
    assert timed == [Timing.VALUE, Timing.ANSWER, Timing.ANSWER]
    assert compile("{}").timing("/properties") is None


def _dies_at(contract: Contract, answer: bytes) -> tuple[int | None, str]:
    validator = contract.validator()
    for byte in answer:
        verdict = validator.feed(bytes([byte]))
        if verdict.state is State.DEAD:
            return verdict.errors[0].offset, verdict.errors[0].code
    final = validator.finish()
    return (final.errors[0].offset, final.errors[0].code) if final.errors else (None, "")


# Finite without white space and escapes: every valid answer can be listed, and so the byte after which none is left.
_FINITE: list[tuple[Any, list[Any]]] = [
    ({"enum": ["ab", "abc", "b", True, None]}, ["ab", "abc", "b", True, None]),
    (
        {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2, "minItems": 1},
        [list(one) for n in (1, 2) for one in itertools.product("ab", repeat=n)],
    ),
    (
        {
            "type": "object",
            "properties": {"a": {"type": "boolean"}, "ab": {"const": "x"}},
            "required": ["a"],
            "additionalProperties": False,
        },
        [{"a": a, **rest} for a in (True, False) for rest in ({}, {"ab": "x"})],
    ),
    (
        {
            "oneOf": [
                {"properties": {"k": {"const": "a"}, "v": {"type": "null"}}, "required": ["k", "v"]},
                {"properties": {"k": {"const": "b"}, "v": {"enum": ["x"]}}, "required": ["k", "v"]},
            ],
            "type": "object",
            "maxProperties": 2,
            "properties": {"k": True, "v": True},
            "additionalProperties": False,
        },
        [{"k": "a", "v": None}, {"k": "b", "v": "x"}],
    ),
    (
        {"uniqueItems": True, "items": {"enum": [True, "a"]}, "type": "array"},
        [[], [True], ["a"], [True, "a"], ["a", True]],
    ),
]  # fmt: skip


def _texts(value: Any) -> list[bytes]:
    if not isinstance(value, dict):
        return [json.dumps(value, separators=(",", ":")).encode()]
    orders = itertools.permutations(value.items())
    return [json.dumps(dict(one), separators=(",", ":")).encode() for one in orders]


# uniqueItems is decided where the element ends, and an exhausted choice of elements is not counted.
_LATER = {4}


@pytest.mark.parametrize("number", range(len(_FINITE)))
def test_no_byte_is_read_in_vain_where_every_answer_can_be_listed(number: int) -> None:
    schema, values = _FINITE[number]
    contract = compile(json.dumps(schema))
    valid = [text for value in values for text in _texts(value)]
    assert all(contract.validate(text) == () for text in valid)
    rng = Random(number)
    for _ in range(400):
        answer = _spoilt(rng.choice(valid), rng)
        prefixes = (answer[: length + 1] for length in range(len(answer)))
        expected = next((len(p) - 1 for p in prefixes if not any(text.startswith(p) for text in valid)), None)
        if expected is None and answer not in valid:
            expected = len(answer)
        found, _ = _dies_at(contract, answer)
        if number in _LATER:
            assert (found is None) == (expected is None)
            assert found is None or expected is None or found >= expected
        else:
            assert found == expected, answer


def _spoilt(text: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(text) + 1)
    choice = rng.randrange(3)
    byte = bytes([rng.choice(b'{}[]":,abxktrufnle')])
    if choice == 0:
        return text[:place] + byte + text[place:]
    return text[:place] + (byte if choice == 1 else b"") + text[place + 1 :]
