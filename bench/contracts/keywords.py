"""Small contracts with valid answers, so that every keyword is broken by some answer next to them."""

from typing import Any

_INTEGER: dict[str, Any] = {"type": "integer"}
_STRING: dict[str, Any] = {"type": "string"}


def _kind(kind: str, **rest: Any) -> dict[str, Any]:
    return {"properties": {"kind": {"const": kind}, **rest}, "required": ["kind", *rest]}


KEYWORDS: list[tuple[Any, list[Any]]] = [
    ({"properties": {"a": _INTEGER, "b": _STRING, "c": {"type": ["null", "array"]}}}, [{"a": 1, "b": "x", "c": None}]),
    ({"properties": {"a": {"enum": ["red", "green", 3, None]}, "b": {"enum": [1, 12, 125]}}}, [{"a": "red", "b": 12}]),
    ({"properties": {"a": {"const": "invoice"}, "b": {"const": {"x": 1}}}}, [{"a": "invoice", "b": {"x": 1}}]),
    ({"items": {"type": "integer", "minimum": 1, "maximum": 100}}, [[1, 50, 100]]),
    ({"items": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}}, [[0.5, 0.25]]),
    ({"items": {"multipleOf": 5}}, [[5, 100, 0]]),
    ({"items": {"type": "string", "minLength": 3, "maxLength": 8}}, [["abc", "abcdefgh"]]),
    (
        {"properties": {"id": {"pattern": "^INV-[0-9]{4}$"}, "t": {"pattern": "end"}}},
        [{"id": "INV-0012", "t": "the end"}],
    ),
    (
        {"properties": {"d": {"format": "date"}, "t": {"format": "date-time"}, "u": {"format": "uuid"}}},
        [{"d": "2026-11-24", "t": "2026-11-24T10:00:00Z", "u": "12345678-1234-1234-1234-123456789abc"}],
    ),
    ({"properties": {"m": {"format": "email"}, "i": {"format": "ipv4"}}}, [{"m": "a@b.example", "i": "10.0.0.1"}]),
    ({"additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 3}, [{"a": 1, "b": 2, "c": 3}]),
    ({"required": ["a", "b"], "properties": {"a": _STRING, "b": _STRING}}, [{"a": "x", "b": "y", "c": 1}]),
    ({"properties": {"a": True, "b": True}, "additionalProperties": False}, [{"a": 1, "b": 2}]),
    ({"dependentRequired": {"card": ["number", "code"]}}, [{"card": 1, "number": 2, "code": 3, "more": 4}]),
    ({"dependentSchemas": {"card": {"properties": {"number": _STRING}}}}, [{"card": 1, "number": "4", "more": [1]}]),
    ({"propertyNames": {"pattern": "^[a-y]+$", "maxLength": 4}}, [{"ab": 1, "cd": {"x": 1}}]),
    (
        {"patternProperties": {"^s_": _STRING, "^n_": _INTEGER}, "additionalProperties": False},
        [{"s_a": "x", "n_a": 1, "s_b": "y"}],
    ),
    ({"prefixItems": [_STRING, _INTEGER], "items": {"type": "boolean"}, "minItems": 2}, [["a", 1, True, False]]),
    ({"items": _INTEGER, "minItems": 2, "maxItems": 3}, [[1, 2], [1, 2, 3]]),
    ({"items": _INTEGER, "uniqueItems": True}, [[1, 2, 3, 4, 5]]),
    ({"contains": {"const": "a"}, "minContains": 1, "maxContains": 2}, [["a", "b", "a", "c"]]),
    ({"anyOf": [_kind("cat", lives=_INTEGER), _kind("cow", milk=_STRING)]}, [{"kind": "cat", "lives": 9, "name": "x"}]),
    (
        {"oneOf": [_kind("cat", lives=_INTEGER), _kind("cow", milk=_STRING)]},
        [{"kind": "cat", "lives": 9, "name": "x"}, {"lives": 9, "kind": "cat", "name": "x"}],
    ),
    ({"oneOf": [{"required": ["a"]}, {"required": ["zz"]}]}, [{"a": 1, "b": 2, "c": [1, 2]}]),
    ({"items": {"oneOf": [{"multipleOf": 3}, {"multipleOf": 5}]}}, [[3, 5, 9, 10]]),
    (
        {"allOf": [{"required": ["a"]}, {"properties": {"a": _INTEGER, "b": {"not": {"type": "integer"}}}}]},
        [{"a": 1, "b": "x"}],
    ),
    ({"not": {"required": ["zz"]}, "properties": {"a": _INTEGER}}, [{"a": 1, "b": [1, 2]}]),
    ({"not": {"properties": {"mode": {"const": "zz top"}}, "required": ["mode"]}}, [{"mode": "on", "level": 3}]),
    ({"not": {"contains": {"const": 0}}}, [[1, 2, 3]]),
    (
        {
            "if": {"properties": {"pay": {"const": "card"}}, "required": ["pay"]},
            "then": {"properties": {"number": _STRING}, "required": ["number"]},
            "else": {"properties": {"number": {"type": "null"}}},
        },
        [{"pay": "card", "number": "4111", "note": "x"}, {"pay": "cash", "number": None, "note": "x"}],
    ),
    ({"if": {"minItems": 3}, "then": {"items": _INTEGER}, "else": {"items": _STRING}}, [[1, 2, 3], ["a", "b"]]),
    (
        {
            "$ref": "#/$defs/n",
            "$defs": {"n": {"properties": {"v": _INTEGER, "next": {"$ref": "#/$defs/n"}}, "required": ["v"]}},
        },
        [{"v": 1, "next": {"v": 2, "next": {"v": 3}}}],
    ),
    (
        {"allOf": [{"properties": {"a": _INTEGER}}], "properties": {"b": _STRING}, "unevaluatedProperties": False},
        [{"a": 1, "b": "x"}],
    ),
    (
        {
            "anyOf": [_kind("cat", lives=_INTEGER), _kind("cow", milk=_STRING)],
            "unevaluatedProperties": False,
        },
        [{"kind": "cat", "lives": 9}],
    ),
    ({"prefixItems": [_INTEGER], "allOf": [{"prefixItems": [True, _STRING]}], "unevaluatedItems": False}, [[1, "a"]]),
    (
        {"properties": {"tree": {"$dynamicRef": "#node"}}, "$dynamicAnchor": "node", "required": ["v"]},
        [{"v": 1, "tree": {"v": 2}}],
    ),
]
