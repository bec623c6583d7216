"""What the coverage report credits to the engine is proven: a violating document is not in the engine's language."""

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations, product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import llguidance
import pytest
import xllamacpp

from casava_contract import ContractError, Enforcer, Guarantee, Limits, Lowering, compile, json_object  # noqa: A004
from casava_contract.dialect import FORMATS, Draft
from casava_contract.oracle import assertion, matches
from casava_contract.patterns import heavy, proven
from tests.component.contract import grammar, schemas


def lowered(schema: Any) -> Lowering:
    return compile(json.dumps(schema)).lower("llama-cpp")


def closed(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


class Claim(NamedTuple):
    keyword: str
    schema: dict[str, Any]
    good: tuple[str, ...]
    bad: tuple[str, ...]


_D7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
_ONE = {"const": 1}
_REFERRING = {"$ref": "#/$defs/i", "$defs": {"i": {"type": "integer"}}}
_TREE = closed({"v": {"type": "integer"}, "next": {"$ref": "#"}}, required=["v"])
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
    Claim("minimum", {"type": "number", "minimum": -0.5}, ("-0.5", "0", "3.25"), ("-0.51", "-1")),
    Claim("maximum", {"type": "integer", "maximum": 150}, ("150", "-3"), ("151", "1000")),
    Claim("maximum", {"type": "number", "maximum": 0.1}, ("0.1", "0.09"), ("0.11", "1")),
    Claim("exclusiveMinimum", {"type": "number", "exclusiveMinimum": 0}, ("0.1", "1"), ("0", "0.0", "-1")),
    Claim("exclusiveMaximum", {"type": "integer", "exclusiveMaximum": 3}, ("2", "-9"), ("3", "4")),
    Claim("multipleOf", {"type": "integer", "multipleOf": 7, "minimum": 0}, ("0", "14"), ("1", "15")),
    Claim("multipleOf", {"type": "number", "multipleOf": 0.25, "minimum": 0}, ("0.25", "3"), ("0.3", "0.125")),
    Claim("minLength", {"type": "string", "minLength": 2}, ('"ab"', '"a\U0001f600"'), ('"a"', '""', '"\U0001f600"')),
    Claim("maxLength", {"type": "string", "maxLength": 2}, ('"ab"', '"\U0001f600"'), ('"abc"', '"\\n\\na"')),
    Claim("pattern", {"type": "string", "pattern": "ab"}, ('"ab"', '"xaby"'), ('"a b"', '""')),
    Claim("pattern", {"type": "string", "pattern": "^[a-c]+$"}, ('"abc"',), ('"abcd"', '"xabc"', '"A"', '"abc\\n"')),
    Claim("pattern", {"type": "string", "pattern": "^a", "maxLength": 2}, ('"ab"',), ('"ba"', '"abc"')),
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
    Claim("minProperties", {"type": "object", "minProperties": 1}, ('{"x": 1}',), ("{}",)),
    Claim("maxProperties", {"type": "object", "maxProperties": 1}, ("{}", '{"x": 1}'), ('{"x": 1, "y": 2}',)),
    Claim("$ref", _TREE, ('{"v": 1}', '{"v": 1, "next": {"v": 2}}'), ('{"v": 1, "next": {}}', '{"v": 1, "next": 2}')),
    Claim("$ref", _REFERRING | {"maximum": 5}, ("5",), ("6", '"a"', "1.5")),
    Claim("maximum", _REFERRING | {"maximum": 5}, ("5",), ("6",)),
    Claim("allOf", {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 5}]}, ("3", "5"), ("2", "6", '"a"')),
    Claim("allOf", {"allOf": [{"type": "string", "pattern": "^a"}, {"maxLength": 2}]}, ('"ab"',), ('"b"', '"abc"')),
    Claim("anyOf", {"anyOf": [_CAT, _DOG]}, ('{"kind": "cat", "lives": 9}', '{"kind": "dog", "tricks": ["sit"]}'),
          ('{"kind": "cat", "lives": 10}', '{"kind": "dog", "lives": 1}', '{"kind": "bird"}')),
    Claim("anyOf", {"anyOf": [{"type": "string"}, {"type": "integer"}], "maximum": 5}, ("5", '"a"'), ("6", "null")),
    Claim("maximum", {"anyOf": [{"type": "string"}, {"type": "integer"}], "maximum": 5}, ("5",), ("6",)),
    Claim("oneOf", {"oneOf": [_CAT, _DOG]}, ('{"kind": "dog"}',), ('{"kind": "cat"}', '{"kind": "bird"}')),
    Claim("oneOf", {"oneOf": [{"type": "integer"}, {"type": "string"}]}, ("1", '"a"'), ("1.5", "null")),
]  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.keyword}-{json.dumps(claim.schema)[:40]}")
def test_the_engine_cannot_decode_a_document_that_breaks_a_keyword_credited_to_it(claim: Claim) -> None:
    contract = compile(json.dumps(claim.schema))
    lowering = contract.lower("llama-cpp")
    credited = {entry.keyword for entry in lowering.coverage if entry.enforced_by is Enforcer.ENGINE}
    assert claim.keyword in credited
    for document in claim.good:
        assert contract.validate(document) == ()
        assert grammar.accepts(lowering.guide, document), document
    for document in claim.bad:
        assert contract.validate(document) != ()
        assert not grammar.accepts(lowering.guide, document), document


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


@pytest.mark.parametrize(("keyword", "schema", "violation"), LEFT, ids=[f"{row[0]}-{i}" for i, row in enumerate(LEFT)])
def test_what_the_engine_lets_pass_is_credited_to_the_sidecar_and_refused_by_it(
    keyword: str, schema: dict[str, Any], violation: str
) -> None:
    contract = compile(json.dumps(schema), limits=Limits(schema_expansion=300_000))
    lowering = contract.lower("llama-cpp")
    (entry,) = [entry for entry in lowering.coverage if entry.keyword == keyword]
    assert entry.enforced_by is Enforcer.SIDECAR_EARLY
    assert entry.reason
    assert lowering.guarantee in {Guarantee.PARTIAL, Guarantee.NONE}
    assert grammar.accepts(lowering.guide, violation), "the engine enforces this after all: credit it"
    assert contract.validate(violation) != ()


def test_every_keyword_that_is_ever_credited_has_a_row_above() -> None:
    credited: set[str] = set()
    for seed in range(400):
        for lowering in _lowered_at_random(Random(seed)):
            credited |= {entry.keyword for entry in lowering.coverage if entry.enforced_by is Enforcer.ENGINE}
    assert credited <= {claim.keyword for claim in CLAIMS}
    assert credited >= {"type", "enum", "const", "properties", "required", "anyOf", "oneOf", "$ref", "pattern"}


def _lowered_at_random(random: Random) -> Iterator[Lowering]:
    try:
        contract = compile(json.dumps(schemas.document_schema(random)))
    except ContractError:
        return
    yield contract.lower("llama-cpp")


@pytest.mark.parametrize("block", range(4))
def test_nothing_that_the_engine_can_decode_breaks_what_is_credited_to_it(block: int) -> None:
    """Random schemas, and random documents of the language that the engine decodes for each."""
    full = documents = 0
    for seed in range(block * 150, block * 150 + 150):
        random = Random(seed)
        try:
            contract = compile(json.dumps(schemas.document_schema(random)))
        except ContractError:
            continue
        lowering = contract.lower("llama-cpp")
        credited = {entry.pointer for entry in lowering.coverage if entry.enforced_by is Enforcer.ENGINE}
        full += lowering.guarantee is Guarantee.FULL
        for _ in range(5):
            document = grammar.sample(lowering.guide, random)
            violations = [v for v in contract.validate(document or "") if not v.code.startswith("limit.")]
            documents += document is not None
            if document is None:
                continue
            assert lowering.guarantee is not Guarantee.FULL or not violations, (seed, document)
            named = [v for v in violations if v.code != "schema.invalid"]
            assert not [v for v in named if v.schema_pointer in credited], (seed, document, violations)
    assert full > 20
    assert documents > 250


def test_a_full_guarantee_needs_closed_objects_and_any_object_is_partial() -> None:
    assert lowered(closed({"a": {"type": "string"}})).guarantee is Guarantee.FULL
    assert lowered({"type": "object", "properties": {"a": {"type": "string"}}}).guarantee is Guarantee.PARTIAL
    assert json_object().lower().guarantee is Guarantee.PARTIAL
    assert lowered({"not": {"type": "string"}}).guarantee is Guarantee.NONE
    assert lowered({}).guarantee is Guarantee.NONE


def test_an_unknown_engine_is_left_unconstrained_and_says_so() -> None:
    lowering = compile("type: string").lower("another")
    assert (lowering.guide_type, lowering.guide, lowering.guarantee) == ("", "", Guarantee.NONE)


def test_property_order_and_spacing_are_the_guides() -> None:
    lowering = lowered(closed({"reasoning": {"type": "string"}, "answer": {"type": "integer"}}, required=["answer"]))
    assert grammar.accepts(lowering.guide, '{"reasoning": "x", "answer": 1}')
    assert not grammar.accepts(lowering.guide, '{"answer": 1, "reasoning": "x"}')
    assert not grammar.accepts(lowering.guide, '{"answer":\n\n\n 1}')


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/n", "$defs": {"n": closed({"c": {"$ref": "#/$defs/n", "minProperties": 1}})}},
        {"anyOf": [closed({f"p{i}": {"type": "string"}}) for i in range(400)]},
        closed({f"p{i}": {"type": "string"} for i in range(700)}),
        {"oneOf": [{"type": "number"}, {"oneOf": [{"type": "integer"}, {"type": "string"}]}]},
        {"type": "object", "properties": {"a": {"allOf": [{"type": "string"}, {"anyOf": [{"type": "integer"}]}]}}},
    ],
)
def test_a_schema_that_the_engine_would_drop_in_silence_is_lowered_to_one_that_it_takes(schema: dict[str, Any]) -> None:
    lowering = lowered(schema)
    assert lowering.guarantee is not Guarantee.FULL
    walker = grammar.matcher(lowering.guide)
    walker.compute_bitmask()
    assert not walker.is_error()
    assert any(grammar.sample(lowering.guide, Random(seed)) is not None for seed in range(20))


def test_the_recogniser_is_of_the_version_inside_the_engine() -> None:
    """Both binaries carry the paths of the Rust crates that they were built from."""
    engine = next(Path(xllamacpp.__file__).parent.glob("xllamacpp*.so")).read_bytes()
    recogniser = next(Path(llguidance.__file__).parent.glob("_lib*.so")).read_bytes()
    for crate in (b"derivre-", b"referencing-", b"serde_json-", b"indexmap-", b"anyhow-"):
        found = {_version(recogniser, crate), _version(engine, crate)}
        assert len(found) == 1, (crate, found)


def _version(binary: bytes, crate: bytes) -> bytes:
    start = binary.index(crate + b"0") if crate + b"0" in binary else binary.index(crate)
    return binary[start : binary.index(b"/", start)]


_CODE_POINTS = [*range(0x300), 0x660, 0x1680, 0x180E, 0x2000, 0x2028, 0x2029, 0x202F, 0x3000, 0xFEFF, 0x212A, 0x1F600]


_BOUNDS = (
    "-10",
    "-2.5",
    "-1.5",
    "-1",
    "-0.5",
    "-0.05",
    "0",
    "0.05",
    "0.5",
    "1",
    "1.5",
    "2",
    "9.99",
    "10",
    "10.5",
    "150",
)
_NEAR = [str(Decimal(bound) + Decimal(step)) for bound in _BOUNDS for step in ("0", "0.00", "1", "-1", "0.01", "-0.01")]


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_no_number_beyond_bounds_that_are_credited_to_the_engine_is_in_its_language(kind: str) -> None:
    held = 0
    for low, high in combinations(sorted(map(Decimal, _BOUNDS)), 2):
        for least, most in product(("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            try:
                lowering = compile(f'{{"type":"{kind}","{least}":{low},"{most}":{high}}}').lower()
            except ContractError:
                continue  # no integer lies between
            held += lowering.guarantee is Guarantee.FULL
            credited = {entry.keyword for entry in lowering.coverage if entry.enforced_by is Enforcer.ENGINE}
            for near in (*_NEAR, "-0", "-0.0"):
                number = Decimal(near)
                broken = {least: number < low, most: number > high}
                broken |= {"exclusiveMinimum": number <= low} if least == "exclusiveMinimum" else {}
                broken |= {"exclusiveMaximum": number >= high} if most == "exclusiveMaximum" else {}
                if any(broken[word] for word in broken if word in credited):
                    assert not grammar.accepts(lowering.guide, near), (lowering.guide, near)
    assert held > 300


@pytest.mark.parametrize(
    "pattern", [r"^\d$", r"^\D$", r"^\w$", r"^\W$", "^.$", "^[^a]$", r"^[^\d]$", r"^[\w.]$", "^[^a-z]$", r"^[^\/<>]$",
                r"^\.$", '^"$', '^["a]$', r"^[\\]$", "^[+-]$", r"^[a\-z]$", "^ $", "^/$", r"^\/$"]
)  # fmt: skip
def test_a_pattern_credited_to_the_engine_means_the_same_to_it_on_every_character(pattern: str) -> None:
    assert proven(pattern)
    guide = json.dumps({"type": "string", "pattern": pattern})
    assert lowered({"type": "string", "pattern": pattern}).guarantee is Guarantee.FULL
    for point in _CODE_POINTS:
        spellings = [json.dumps(chr(point), ensure_ascii=False)]
        spellings += [f'"\\u{point:04x}"'] if point < 0x10000 else []
        if any(grammar.accepts(guide, spelling) for spelling in spellings):
            assert matches(pattern, chr(point)), hex(point)


@pytest.mark.parametrize(
    "pattern", [r"\s", r"\S", r"[^\s]", '[^"]', r"[^\\]", "[A-z]", r"\bx", "(?i)a", r"\p{L}", "^a|b$", "a^b", "[^a-Z]",
                r"\u0041", r"\cA", "a$b", "x{", r"\x41", "[[]", "[a&&b]", "(?:a|b)$|c"]
)  # fmt: skip
def test_a_pattern_that_is_not_proven_is_not_credited(pattern: str) -> None:
    assert not proven(pattern)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("^[A-Z]{3}-[0-9]{4}$", False), (r"^[\w.+-]+@[\w-]+\.[a-z]{2,}$", False), ("^.{1,500}$", False), ("x", False),
     ("(a|b)*a(a|b){16}", True), ("^(a|b)*a(a|b){16}$", True), ("a(a|b){16}", True), ("^a{20}{20}*$", True)],
)  # fmt: skip
def test_a_pattern_is_heavy_when_its_automaton_may_be(pattern: str, expected: bool) -> None:
    assert heavy(pattern) is expected


def test_patterns_that_together_are_too_much_work_are_left_to_the_sidecar() -> None:
    piled = {"allOf": [{"type": "string", "pattern": f"(a|b)*a(a|b){{{i + 5}}}"} for i in range(12)]}
    shared = {"allOf": [{"$ref": f"#/$defs/p{i}"} for i in range(10)]}
    referred = {
        "$defs": {f"p{i}": {"type": "string", "pattern": f"x{i}"} for i in range(10)},
        **closed({f"m{i}": shared for i in range(20)}),
    }
    for schema in (piled, referred):
        lowering = lowered(schema)
        assert "pattern" not in lowering.guide
        assert {e.enforced_by for e in lowering.coverage if e.keyword == "pattern"} == {Enforcer.SIDECAR_EARLY}


def test_every_date_that_the_engine_takes_is_a_date() -> None:
    oracle = assertion(Draft.D2020, '{"format":"date"}')
    guide = lowered({"type": "string", "format": "date"}).guide
    for year, count in {"0000": 366, "1900": 365, "2000": 366, "2023": 365, "2024": 366, "9999": 365}.items():
        days = list(_language(guide, f'"{year}-'))
        assert len(days) == count
        assert all(oracle.is_valid(json.loads(day)) for day in days)


@pytest.mark.parametrize("name", ["time", "date-time"])
def test_every_time_that_the_engine_takes_is_one(name: str) -> None:
    contract = compile(json.dumps({"type": "string", "format": name}))
    lowering = contract.lower("llama-cpp")
    assert lowering.guarantee is Guarantee.FULL
    for seed in range(300):
        document = grammar.sample(lowering.guide, Random(seed))
        assert document is not None
        assert contract.validate(document) == (), document


def test_every_address_that_the_engine_takes_is_one() -> None:
    oracle = assertion(Draft.D2020, '{"format":"ipv4"}')
    guide = json.dumps({"type": "string", "format": "ipv4"})
    for prefix in ('"', '"1.', '"1.2.', '"1.2.3.'):
        octets = {
            word[len(prefix) :].split(".")[0].strip('"') for word in _language(guide, prefix, dots=prefix.count("."))
        }
        assert octets
        assert all(oracle.is_valid(f"{octet}.{octet}.{octet}.{octet}") for octet in octets)


def _language(guide: str, prefix: str, dots: int | None = None) -> Iterator[str]:
    """Every document that begins with the prefix; with ``dots``, cut after one more part."""
    pending = [(grammar.matcher(guide), "")]
    walker = pending[0][0]
    assert walker.consume_tokens(list(prefix.encode()))
    pending = [(walker, prefix)]
    while pending:
        walker, text = pending.pop()
        if walker.is_accepting() or (dots is not None and text.count(".") > dots):
            yield text
            continue
        for byte in grammar.allowed(walker):
            step = walker.deep_copy()
            assert step.consume_token(byte)
            pending.append((step, text + chr(byte)))


def test_every_uuid_that_the_engine_takes_is_one() -> None:
    guide = json.dumps({"type": "string", "format": "uuid"})
    contract = compile(guide)
    for seed in range(200):
        document = grammar.sample(guide, Random(seed))
        assert document is not None
        assert contract.validate(document) == ()


@pytest.mark.parametrize("draft", list(Draft))
def test_the_formats_that_are_reported_as_asserted_are(draft: Draft) -> None:
    bad = {
        "date-time": "x", "date": "x", "time": "x", "email": "x", "hostname": "-_-", "ipv4": "x", "ipv6": "x",
        "uri": "x y", "uri-reference": "\\\\", "uri-template": "{", "json-pointer": "x", "idn-email": "x",
        "idn-hostname": "\u302e", "iri": "x", "iri-reference": "\\\\", "relative-json-pointer": "x", "regex": "(",
        "duration": "x", "uuid": "x", "color": "x", "int32": "x",
    }  # fmt: skip
    asserted = {
        name for name, value in bad.items() if not assertion(draft, json.dumps({"format": name})).is_valid(value)
    }
    assert asserted == FORMATS[draft]
