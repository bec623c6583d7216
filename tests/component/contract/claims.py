"""What is claimed of engines, keyword by keyword: documents that each must take, and documents that it must not."""

from typing import Any, NamedTuple


def closed(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


class Claim(NamedTuple):
    """``ebnf``: an engine that is given an EBNF grammar holds it too."""

    keyword: str
    schema: dict[str, Any]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    ebnf: bool = True


_D7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
_ONE = {"const": 1}
_REFERRING = {"$ref": "#/$defs/i", "$defs": {"i": {"type": "integer"}}}
_TREE = closed({"v": {"type": "integer"}, "next": {"$ref": "#"}}, required=["v"])
_OPEN = {"type": "object", "properties": {"a": {"type": "integer"}, "k": {"type": "string"}}, "required": ["k"]}
_CAT = closed({"kind": {"const": "cat"}, "lives": {"type": "integer", "maximum": 9}}, required=["kind", "lives"])
_DOG = closed({"kind": {"const": "dog"}, "tricks": {"type": "array", "items": {"enum": ["sit"]}}}, required=["kind"])

CLAIMS = [
    Claim("type", {"type": "integer"}, ("1", "-7"), ("1.5", '"1"', "null", "[]")),
    Claim("type", {"type": ["string", "null"]}, ('"a"', "null"), ("1", "true", "{}")),
    Claim("enum", {"enum": ["a", 1, None, True, [1], {"k": 2}]}, ('"a"', "1", "[1]", '{"k": 2}'), ('"b"', "2", "[2]")),
    Claim("enum", {"type": "string", "enum": ["a", 1]}, ('"a"',), ("1", '"ab"')),
    Claim("const", {"const": "ab"}, ('"ab"',), ('"a"', '"abc"', '"AB"')),
    Claim("const", {"const": 1.5}, ("1.5",), ("1", "1.51", "2")),
    Claim("minimum", {"type": "integer", "minimum": 10}, ("10", "99"), ("9", "-10", "1")),
    Claim("minimum", {"type": "number", "minimum": -0.5}, ("-0.5", "0", "3.25"), ("-0.51", "-1"), ebnf=False),
    Claim("maximum", {"type": "integer", "maximum": 150}, ("150", "-3"), ("151", "1000")),
    Claim("maximum", {"type": "number", "maximum": 0.1}, ("0.1", "0.09"), ("0.11", "1"), ebnf=False),
    Claim("exclusiveMinimum", {"type": "number", "exclusiveMinimum": 0}, ("0.1", "1"), ("0", "0.0", "-1")),
    Claim("exclusiveMaximum", {"type": "integer", "exclusiveMaximum": 3}, ("2", "-9"), ("3", "4")),
    Claim("multipleOf", {"type": "integer", "multipleOf": 7, "minimum": 0}, ("0", "14"), ("1", "15"), ebnf=False),
    Claim("multipleOf", {"type": "number", "multipleOf": 0.25, "minimum": 0},
          ("0.25", "3"), ("0.3", "0.125"), ebnf=False),
    Claim("multipleOf", {"enum": [4, 5], "multipleOf": 2, "minimum": 0}, ("4",), ("5", "6")),
    Claim("allOf", {"allOf": [{"type": "integer"}]}, ("3",), ("3.5", '"a"')),
    Claim("minLength", {"type": "string", "minLength": 2}, ('"ab"', '"a\U0001f600"'), ('"a"', '""', '"\U0001f600"')),
    Claim("maxLength", {"type": "string", "maxLength": 2},
          ('"ab"', '"\U0001f600"'), ('"abc"', '"\\n\\na"'), ebnf=False),
    Claim("pattern", {"type": "string", "pattern": "ab"}, ('"ab"', '"xaby"'), ('"a b"', '""')),
    Claim("pattern", {"type": "string", "pattern": "^[a-c]+$"}, ('"abc"',), ('"abcd"', '"xabc"', '"A"', '"abc\\n"')),
    Claim("pattern", {"type": "string", "pattern": "^a", "maxLength": 2}, ('"ab"',), ('"ba"', '"abc"')),
    Claim("pattern", {"type": "string", "pattern": "^[a-z]{1,40}$"}, ('"abc"',), ('"ABC"', '""'), ebnf=False),
    Claim("minLength", {"type": "string", "minLength": 33}, (f'"{"a" * 33}"',), ('"a"',), ebnf=False),
    Claim("format", {"type": "string", "format": "date"}, ('"2024-02-29"',), ('"2026-02-30"', '"2026-13-01"', '"x"')),
    Claim("format", {"type": "string", "format": "time"}, ('"23:59:59Z"', '"01:02:03.5+01:00"'), ('"24:00:00Z"',)),
    Claim("format", {"type": "string", "format": "date-time"}, ('"2024-02-29T00:00:00Z"',), ('"2023-02-29T00:00Z"',)),
    Claim("format", {"type": "string", "format": "ipv4"}, ('"1.2.3.255"',), ('"1.2.3.256"', '"01.2.3.4"')),
    Claim("items", {"type": "array", "items": {"type": "integer"}}, ("[]", "[1, 2]"), ('["a"]', "[1, null]")),
    Claim("prefixItems", {"type": "array", "prefixItems": [_ONE], "items": False}, ("[1]", "[]"), ("[2]", "[1, 1]")),
    Claim("items", _D7 | {"type": "array", "items": [_ONE], "additionalItems": False}, ("[1]",), ("[2]", "[1, 1]")),
    Claim("additionalItems", _D7 | {"type": "array", "items": [_ONE], "additionalItems": {"const": 2}},
          ("[1]", "[1, 2, 2]"), ("[1, 1]",)),
    Claim("minItems", {"type": "array", "items": {"const": 1}, "minItems": 2}, ("[1, 1]",), ("[]", "[1]")),
    Claim("maxItems", {"type": "array", "items": {"const": 1}, "maxItems": 2}, ("[]", "[1, 1]"), ("[1, 1, 1]",)),
    Claim("properties", closed({"a": {"type": "integer"}}), ("{}", '{"a": 1}'), ('{"a": "1"}', '{"a": 1, "a": 2}')),
    Claim("required", closed({"a": {"type": "null"}, "b": {"type": "null"}}, required=["b"]),
          ('{"b": null}', '{"a": null, "b": null}'), ("{}", '{"a": null}')),
    Claim("additionalProperties", closed({"a": {"type": "null"}}), ("{}",), ('{"b": 1}', '{"a": null, "b": 1}')),
    Claim("additionalProperties", {"type": "object", "additionalProperties": {"type": "integer"}},
          ('{"x": 1}',), ('{"x": "1"}', '{"x": null}')),
    Claim("minProperties", {"type": "object", "minProperties": 1}, ('{"x": 1}',), ("{}",), ebnf=False),
    Claim("maxProperties", {"type": "object", "maxProperties": 1},
          ("{}", '{"x": 1}'), ('{"x": 1, "y": 2}',), ebnf=False),
    Claim("$ref", _TREE, ('{"v": 1}', '{"v": 1, "next": {"v": 2}}'), ('{"v": 1, "next": {}}', '{"v": 1, "next": 2}')),
    Claim("$ref", _REFERRING | {"maximum": 5}, ("5",), ("6", '"a"', "1.5")),
    Claim("maximum", _REFERRING | {"maximum": 5}, ("5",), ("6",), ebnf=False),
    Claim("allOf", {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 5}]},
          ("3", "5"), ("2", "6", '"a"'), ebnf=False),
    Claim("allOf", {"allOf": [{"type": "string", "pattern": "^a"}, {"maxLength": 2}]},
          ('"ab"',), ('"b"', '"abc"'), ebnf=False),
    Claim("anyOf", {"anyOf": [_CAT, _DOG]}, ('{"kind": "cat", "lives": 9}', '{"kind": "dog", "tricks": ["sit"]}'),
          ('{"kind": "cat", "lives": 10}', '{"kind": "dog", "lives": 1}', '{"kind": "bird"}')),
    Claim("anyOf", {"anyOf": [{"type": "string"}, {"type": "integer"}], "maximum": 5}, ("5", '"a"'), ("6", "null")),
    Claim("maximum", {"anyOf": [{"type": "string"}, {"type": "integer"}], "maximum": 5}, ("5",), ("6",), ebnf=False),
    Claim("oneOf", {"oneOf": [_CAT, _DOG]}, ('{"kind": "dog"}',), ('{"kind": "cat"}', '{"kind": "bird"}')),
    Claim("oneOf", {"oneOf": [{"type": "integer"}, {"type": "string"}]}, ("1", '"a"'), ("1.5", "null")),
    Claim("oneOf", {"oneOf": [{"const": "a"}, {"enum": ["b", "c"]}]}, ('"a"', '"c"'), ('"d"', "1")),
    Claim("properties", _OPEN, ('{"k": "x"}', '{"a": 1, "k": "x", "ab": []}'), ('{"a": "1", "k": "x"}', '{"k": 1}'),
          ebnf=False),
    Claim("required", _OPEN, ('{"a": 1, "k": "x"}',), ("{}", '{"a": 1}', '{"b": 1}')),
    Claim("maximum", {"type": "number", "minimum": -3, "maximum": 12}, ("12", "-2.75", "0.5"), ("12.5", "-3.1", "1e2")),
]  # fmt: skip


_OPTIONAL = closed({"a": {"type": "null"}, "b": {"type": "null"}})
_NULLS = {"type": "array", "items": {"type": "null"}, "uniqueItems": True}

LEFT = [
    ("uniqueItems", {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, "[1, 1]"),
    ("contains", {"type": "array", "items": {"type": "integer"}, "contains": {"const": 3}}, "[1]"),
    ("not", {"type": "string", "not": {"const": "a"}}, '"a"'),
    ("if", _OPTIONAL | {"if": {"required": ["a"]}, "then": {"required": ["b"]}}, '{"a": null}'),
    ("dependentRequired", _OPTIONAL | {"dependentRequired": {"a": ["b"]}}, '{"a": null}'),
    ("dependentSchemas", _OPTIONAL | {"dependentSchemas": {"a": {"minProperties": 2}}}, '{"a": null}'),
    ("propertyNames", {"type": "object", "propertyNames": {"maxLength": 1}}, '{"ab": 1}'),
    ("patternProperties", {"type": "object", "patternProperties": {"^a": {"type": "null"}}}, '{"a": 1}'),
    ("unevaluatedProperties", {"type": "object", "properties": {"a": {}}, "unevaluatedProperties": False}, '{"b": 1}'),
    ("unevaluatedItems", {"type": "array", "prefixItems": [{}], "unevaluatedItems": False}, "[1, 1]"),
    ("oneOf", {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 3}]}, "4"),
    ("format", {"type": "string", "format": "uri"}, '"not a uri"'),
    ("format", {"type": "string", "format": "time", "pattern": "^1"}, '"11:40:60Z"'),
    ("format", {"type": "string", "format": "date", "pattern": "^1"}, '"1900-02-29"'),
    ("format", {"type": "string", "format": "email"}, '"' + "a" * 70 + '@b.c"'),
    ("const", {"const": 12345678901234567890123}, "1"),
    ("minimum", {"type": "integer", "minimum": 2**60}, "1"),
    ("multipleOf", {"type": "integer", "multipleOf": 2}, "1"),
    ("exclusiveMinimum", {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}, "0"),
    ("exclusiveMaximum", {"allOf": [{"type": "number", "exclusiveMaximum": -1}, {"minimum": -1.5}]}, "-1"),
    ("pattern", {"type": "string", "pattern": r"\bfoo\b"}, '"xfoox"'),
    ("pattern", {"type": "string", "pattern": '^[^"]$'}, '"\\""'),
    ("pattern", {"type": "string", "pattern": r"^\s$"}, '"\x85"'),
    ("minProperties", {"type": "object", "properties": {"a": {}, "b": {}}, "minProperties": 1}, "{}"),
    ("maxItems", {"type": "array", "items": {"const": 1}, "maxItems": 1_001}, "[" + ", ".join(["1"] * 1_002) + "]"),
    ("(duplicate keys)", {"type": "object"}, '{"a": 1, "a": 2}'),
    ("(duplicate keys)", {"type": "array"}, '[{"a": 1, "a": 2}]'),
    ("anyOf", {"anyOf": [_NULLS, {"type": "null"}]}, "[null, null]"),
]  # fmt: skip
