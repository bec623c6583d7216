"""How llguidance reads what it is given, and that what it would not take is never sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import llguidance
import pytest
import xllamacpp

from casava_contract import Enforcer, Guarantee, Lowering, compile  # noqa: A004
from casava_contract.schema.dialect import FORMATS, Draft
from casava_contract.schema.oracle import assertion
from casava_contract.schema.patterns import heavy, proven
from tests.component.contract import backends, grammar
from tests.component.contract.claims import closed

_READERS = ("llama-cpp", "tensorrt-llm-llguidance")


def lowered(schema: Any) -> Lowering:
    return compile(json.dumps(schema)).lower("llama-cpp")


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
    """And that TensorRT-LLM would refuse."""
    for engine in _READERS:
        lowering = compile(json.dumps(schema)).lower(engine)
        assert lowering.guarantee is not Guarantee.FULL
        assert backends.walker(engine, lowering).allowed()
        assert any(backends.sample(engine, lowering, Random(seed)) is not None for seed in range(20))


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
        document = backends.sample("llama-cpp", lowering, Random(seed))
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
    contract = compile(json.dumps({"type": "string", "format": "uuid"}))
    lowering = contract.lower("llama-cpp")
    for seed in range(200):
        document = backends.sample("llama-cpp", lowering, Random(seed))
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
