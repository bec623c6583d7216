"""Who enforces what, and when: how a lowering is settled, and what the guarantee then says."""

import json
from typing import Any

import pytest

from casava_contract import ENGINES, ContractError, Enforcer, Guarantee, Lowering, compile  # noqa: A004
from casava_contract.coverage import refused
from casava_contract.rules import Rule

_CLOSED = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}


def _lowered(schema: dict[str, Any], engine: str = "llama-cpp") -> Lowering:
    return compile(json.dumps(schema)).lower(engine)


def _by(lowering: Lowering) -> dict[str, Enforcer]:
    return {entry.pointer: entry.enforced_by for entry in lowering.coverage}


def test_what_the_engine_leaves_is_found_early_unless_it_needs_the_whole_answer() -> None:
    unlike = {"not": {"required": ["x"]}, "uniqueItems": True}
    assert _by(_lowered(unlike)) == {
        "/not": Enforcer.SIDECAR_EARLY,
        "/uniqueItems": Enforcer.SIDECAR_EARLY,
        "": Enforcer.SIDECAR_EARLY,  # keys that come twice
    }
    inside = {"properties": {"a": {"$id": "https://example.com/a", "type": "string"}}}
    found = _by(_lowered(unlike | inside))
    assert (found["/not"], found["/uniqueItems"]) == (Enforcer.SIDECAR_FINAL, Enforcer.SIDECAR_EARLY)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rule_is_final_and_no_contract_that_has_one_is_guaranteed_in_full(engine: str) -> None:
    assert _lowered(_CLOSED, engine).guarantee is Guarantee.FULL
    held = compile(json.dumps(_CLOSED), rules=[Rule("self.n > 1"), Rule("self.n < 9")]).lower(engine)
    assert held.guarantee is Guarantee.PARTIAL
    rules = [(e.pointer, e.keyword, e.enforced_by) for e in held.coverage if e.keyword == "rules"]
    assert rules == [(f"/rules/{i}", "rules", Enforcer.SIDECAR_FINAL) for i in (0, 1)]


def test_what_nobody_enforces_is_named_and_an_empty_list_is_a_promise() -> None:
    lowering = _lowered({"type": "string", "format": "colour", "maximumLength": 3, "description": "d"})
    assert [entry.pointer for entry in lowering.unenforced] == ["/format", "/maximumLength"]
    assert lowering.guarantee is Guarantee.FULL
    assert lowering.left == ()
    left = _lowered({"type": "array", "items": {"type": "null"}, "uniqueItems": True})
    assert left.unenforced == ()
    assert [entry.pointer for entry in left.left] == ["/uniqueItems"]


def test_an_engine_that_is_not_known_is_left_unconstrained_keyword_by_keyword() -> None:
    lowering = _lowered(_CLOSED | {"format": "colour"}, "another")
    assert (lowering.guide_type, lowering.guide, lowering.guarantee) == ("", "", Guarantee.NONE)
    assert _by(lowering) == {
        "/type": Enforcer.SIDECAR_EARLY,
        "/properties": Enforcer.SIDECAR_EARLY,
        "/additionalProperties": Enforcer.SIDECAR_EARLY,
        "/format": Enforcer.ANNOTATION,
        "/properties/n/type": Enforcer.SIDECAR_EARLY,
    }


def test_a_keyword_that_nobody_can_enforce_is_reported_as_refused() -> None:
    with pytest.raises(ContractError) as caught:
        compile('{"type":"string","pattern":"(?=a)b"}')
    entry = refused(caught.value)
    assert (entry.pointer, entry.keyword, entry.enforced_by) == ("/pattern", "pattern", Enforcer.REFUSED)
    assert entry.reason == caught.value.message


def test_a_schema_that_no_grammar_can_say_runs_unconstrained_and_every_keyword_is_the_sidecars() -> None:
    never = {"enum": ["x"], "format": "date"}
    recursive = {"type": "object", "properties": {"a": never, "n": {"$ref": "#"}}, "required": ["a"]}
    lowering = _lowered(recursive | {"unevaluatedProperties": False}, "tensorrt-llm-xgrammar")
    assert (lowering.guide_type, lowering.guarantee) == ("", Guarantee.NONE)
    assert set(_by(lowering).values()) == {Enforcer.SIDECAR_EARLY}
