"""What the coverage report credits to an engine is proven: a violating document is not in the language of its guide."""

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations, product
from random import Random
from typing import Any

import pytest

from casava_contract import (
    ENGINES,
    Contract,
    ContractError,
    Enforcer,
    Guarantee,
    Limits,
    Lowering,
    compile,  # noqa: A004
    json_object,
)
from casava_contract.schema.oracle import matches
from tests.component.contract import backends, schemas
from tests.component.contract.claims import CLAIMS, LEFT, Claim, closed

_EBNF = "tensorrt-llm-xgrammar"
_READERS = ("llama-cpp", "tensorrt-llm-llguidance")


def credited(lowering: Lowering) -> set[str]:
    return {entry.pointer for entry in lowering.coverage if entry.enforced_by is Enforcer.ENGINE}


def by(lowering: Lowering, keyword: str) -> set[Enforcer]:
    return {entry.enforced_by for entry in lowering.coverage if entry.keyword == keyword}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.keyword}-{json.dumps(claim.schema)[:40]}")
def test_an_engine_cannot_decode_a_document_that_breaks_a_keyword_credited_to_it(claim: Claim) -> None:
    contract = compile(json.dumps(claim.schema))
    for document in claim.good:
        assert contract.validate(document) == ()
    for engine in ENGINES:
        lowering = contract.lower(engine)
        held = claim.ebnf or engine != _EBNF
        assert (Enforcer.ENGINE in by(lowering, claim.keyword)) is held, engine
        for document in claim.good:
            assert backends.accepts(engine, lowering, document), (engine, document)
        taken = [document for document in claim.bad if backends.accepts(engine, lowering, document)]
        for document in claim.bad:
            found = credited(lowering).intersection(v.schema_pointer for v in contract.validate(document))
            assert not (found and document in taken), (engine, document)
        assert not taken or engine == _EBNF


@pytest.mark.parametrize(("keyword", "schema", "violation"), LEFT, ids=[f"{row[0]}-{i}" for i, row in enumerate(LEFT)])
def test_what_an_engine_lets_pass_is_credited_to_the_sidecar_and_refused_by_it(
    keyword: str, schema: dict[str, Any], violation: str
) -> None:
    contract = compile(json.dumps(schema), limits=Limits(schema_expansion=300_000))
    assert contract.validate(violation) != ()
    for engine in ENGINES:
        lowering = contract.lower(engine)
        (entry,) = [entry for entry in lowering.coverage if entry.keyword == keyword]
        left = entry.enforced_by is Enforcer.SIDECAR_EARLY
        assert left or engine == _EBNF
        assert bool(entry.reason) is left
        assert not left or lowering.guarantee in {Guarantee.PARTIAL, Guarantee.NONE}
        taken = backends.accepts(engine, lowering, violation)
        assert left or not taken
        assert taken or engine == _EBNF, "the engine enforces this after all: credit it"


def test_every_keyword_that_is_ever_credited_has_a_row_above() -> None:
    found: dict[str, set[str]] = {engine: set() for engine in ENGINES}
    for _, contract in _at_random(range(400)):
        for engine in ENGINES:
            found[engine] |= {e.keyword for e in contract.lower(engine).coverage if e.enforced_by is Enforcer.ENGINE}
    for engine, keywords in found.items():
        assert keywords <= {claim.keyword for claim in CLAIMS if claim.ebnf or engine != _EBNF}
        assert keywords >= {"type", "enum", "const", "properties", "required", "anyOf", "oneOf", "$ref", "pattern"}


def _at_random(seeds: range) -> Iterator[tuple[Random, Contract]]:
    for seed in seeds:
        random = Random(seed)
        try:
            yield random, compile(json.dumps(schemas.document_schema(random)))
        except ContractError:
            continue


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_that_an_engine_can_decode_breaks_what_is_credited_to_it(engine: str) -> None:
    """Random schemas, and random documents of the language that the engine decodes for each."""
    full = documents = 0
    for random, contract in _at_random(range(300)):
        lowering = contract.lower(engine)
        if not lowering.guide_type:
            continue
        full += lowering.guarantee is Guarantee.FULL
        for _ in range(4):
            document = backends.sample(engine, lowering, random)
            if document is None:
                continue
            documents += 1
            violations = [v for v in contract.validate(document) if not v.code.startswith("limit.")]
            assert lowering.guarantee is not Guarantee.FULL or not violations, (contract.text, document)
            named = [v for v in violations if v.code != "schema.invalid"]
            assert not [v for v in named if v.schema_pointer in credited(lowering)], (contract.text, document)
    assert full > 30
    assert documents > 500


@pytest.mark.parametrize("engine", ENGINES)
def test_a_full_guarantee_needs_closed_objects_and_any_object_is_partial(engine: str) -> None:
    def guarantee(schema: Any) -> Guarantee:
        return compile(json.dumps(schema)).lower(engine).guarantee

    assert guarantee(closed({"a": {"type": "string"}})) is Guarantee.FULL
    assert guarantee({"type": "object", "properties": {"a": {"type": "string"}}}) is Guarantee.PARTIAL
    assert json_object().lower(engine).guarantee is Guarantee.PARTIAL
    assert guarantee({"not": {"type": "string"}}) is Guarantee.NONE
    assert guarantee({}) is Guarantee.NONE


@pytest.mark.parametrize("engine", ENGINES)
def test_the_guide_keeps_the_order_of_properties_what_is_open_and_one_space(engine: str) -> None:
    """An object is closed only where the contract says so, and white space cannot run on."""
    parts = {"reasoning": {"type": "string"}, "answer": {"type": "integer"}}
    whole = compile(json.dumps({"type": "object", "properties": parts, "required": list(parts)})).lower(engine)
    assert backends.accepts(engine, whole, '{"reasoning": "x", "answer": 1}')
    assert backends.accepts(engine, whole, '{"reasoning": "x", "answer": 1, "more": [{"k": "\u00e9"}]}')
    assert not backends.accepts(engine, whole, '{"answer": 1, "reasoning": "x"}')
    for space in ("  ", "\n", "\t", "\r"):
        for begin in ('_{"reasoning": ""', '{_"reasoning": ""', '{"reasoning":_""', '{"reasoning": ""_'):
            text = begin.replace("_", space) + ', "answer": 1}'
            assert not backends.accepts(engine, whole, text), (engine, text)


_BOUNDS = "-10 -2.5 -1 -0.05 0 0.5 1 2 9.99 10 150"
_STEPS = ["0", "0.00", "1", "-1", "0.01", "-0.01"]


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_no_number_beyond_bounds_that_are_credited_to_an_engine_is_in_its_language(kind: str) -> None:
    held = dict.fromkeys(ENGINES, 0)
    for low, high in combinations(map(Decimal, _BOUNDS.split()), 2):
        near = [str(bound + Decimal(step)) for bound in (low, high) for step in _STEPS] + ["0", "-0", "-0.0"]
        for least, most in product(("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            try:
                contract = compile(f'{{"type":"{kind}","{least}":{low},"{most}":{high}}}')
            except ContractError:
                continue  # no integer lies between
            for engine in ENGINES:
                held[engine] += contract.lower(engine).guarantee is Guarantee.FULL
                _no_number_beyond(engine, contract, near)
    assert min(held.values()) > 50


def _no_number_beyond(engine: str, contract: Contract, near: list[str]) -> None:
    lowering = contract.lower(engine)
    claimed = credited(lowering)
    for text in near:
        found = {v.schema_pointer for v in contract.validate(text)}
        if found & claimed:
            assert not backends.accepts(engine, lowering, text), (engine, lowering.guide, text)


_CODE_POINTS = [
    *range(1, 0x300),
    0x660,
    0x1680,
    0x180E,
    0x2000,
    0x2028,
    0x2029,
    0x202F,
    0x3000,
    0xFEFF,
    0x212A,
    0x1F600,
]


@pytest.mark.parametrize(
    "pattern", [r"^\d$", r"^\D$", r"^\w$", r"^\W$", "^.$", "^[^a]$", r"^[^\d]$", r"^[\w.]$", "^[^a-z]$", r"^[^\/<>]$",
                r"^\.$", '^"$', '^["a]$', r"^[\\]$", "^[+-]$", r"^[a\-z]$", "^ $", "^/$", r"^\/$"]
)  # fmt: skip
def test_a_pattern_means_the_same_to_an_engine_on_every_character(pattern: str) -> None:
    """Also where it is not credited, because the engine takes bytes that are no text for a character."""
    contract = compile(json.dumps({"type": "string", "pattern": pattern}))
    for engine in ENGINES:
        lowering = contract.lower(engine)
        assert (lowering.guarantee is Guarantee.FULL) or engine == _EBNF
        for point in _CODE_POINTS:
            spellings = [json.dumps(chr(point), ensure_ascii=False)]
            spellings += [f'"\\u{point:04x}"'] if point < 0x10000 else []
            exact = pattern != "^.$" or engine != _EBNF
            if exact and any(backends.accepts(engine, lowering, spelling) for spelling in spellings):
                assert matches(pattern, chr(point)), (engine, hex(point))


_BOTH = {"type": "object", "properties": {"a": {}, "b": {}}}
REFUSED = [
    (_BOTH | {"additionalProperties": False}, '{"b": 1, "a": 1}', ENGINES),
    (_BOTH, '{"x": 1, "a": 1}', _READERS),
    (_BOTH, '{"a":1}', ENGINES),
    ({"type": "integer"}, "1.0", ENGINES),
    ({"type": "integer"}, "1e2", ENGINES),
    ({"type": "number", "minimum": 5}, "1e2", ENGINES),
    ({"type": "string"}, '"\\u00fc"', ENGINES),
    ({"type": "string"}, '"\\u0001"', (_EBNF,)),
    ({"type": "string", "format": "time"}, '"23:59:60Z"', ENGINES),
    ({"type": "string", "format": "time"}, '"23:59:59z"', ENGINES),
    ({"type": "string", "pattern": "[^a]"}, '"\\n"', (_EBNF,)),
    ({"type": "object", "required": ["k"]}, '{"x": 1, "k": 1}', ENGINES),
    ({"const": 1}, "1.0", ENGINES),
]


@pytest.mark.parametrize(("schema", "document", "engines"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_an_engine_refuses_though_it_is_valid_is_a_spelling(
    schema: dict[str, Any], document: str, engines: tuple[str, ...]
) -> None:
    """The documentation says so of these: one that an engine takes after all is said to be refused."""
    contract = compile(json.dumps(schema))
    assert contract.validate(document) == ()
    refusing = [engine for engine in ENGINES if not backends.accepts(engine, contract.lower(engine), document)]
    assert tuple(refusing) == engines
