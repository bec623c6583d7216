"""A contract with rules: they are asked once the answer has ended and its form holds."""

import pytest

from casava_contract import Contract, ContractError, Enforcer, Guarantee, Rule, State, compile  # noqa: A004

SCHEMA = """
type: object
properties:
  total: {type: number, minimum: 0, maximum: 9}
  items: {type: array, items: {type: number}}
required: [total, items]
additionalProperties: false
"""
SUM = Rule("self.total == self.items.sum()", "total is not the sum of the items")


@pytest.fixture(scope="module")
def ruled() -> Contract:
    return compile(SCHEMA, rules=[SUM])


def test_an_answer_that_keeps_the_rules_is_valid(ruled: Contract) -> None:
    assert ruled.validate('{"total": 0.3, "items": [0.1, 0.2]}') == ()


def test_a_broken_rule_is_a_violation_with_its_place(ruled: Contract) -> None:
    (violation,) = ruled.validate('{"items": [0.1, 0.2], "total": 0.4}')
    assert (violation.code, violation.pointer, violation.schema_pointer) == ("rule.violated", "/total", "/rules/0")
    assert violation.message == "total is not the sum of the items"


def test_rules_are_not_asked_of_an_answer_that_the_schema_refuses(ruled: Contract) -> None:
    assert [violation.code for violation in ruled.validate('{"total": "x", "items": []}')] == ["schema.type"]


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_stream_is_invalid_where_the_answer_is(ruled: Contract, size: int) -> None:
    text = b'{"items": [0.1, 0.2],\n "total": 0.4}'
    validator = ruled.validator()
    states = {validator.feed(text[at : at + size]).state for at in range(0, len(text), size)}
    assert State.VALID not in states
    verdict = validator.finish()
    assert verdict.state is State.INVALID
    (error,) = verdict.errors
    assert (error.code, error.pointer, error.line, error.column) == ("rule.violated", "/total", 2, 2)
    assert error.hint == "At /total: total is not the sum of the items."
    assert not error.earliest


def test_a_stream_that_keeps_the_rules_is_valid(ruled: Contract) -> None:
    validator = ruled.validator()
    validator.feed(b'{"total": 1, "items": [1]}')
    assert validator.finish().state is State.VALID


def test_rules_belong_to_the_identity_of_a_contract(ruled: Contract) -> None:
    plain, other = compile(SCHEMA), compile(SCHEMA, rules=[Rule(SUM.rule)])
    assert len({plain.digest, ruled.digest, other.digest}) == 3
    assert ruled.text == plain.text
    assert ruled.rules == (SUM,)
    assert compile(SCHEMA, rules=[SUM]).digest == ruled.digest


def test_no_engine_enforces_a_rule(ruled: Contract) -> None:
    lowering = ruled.lower("llama-cpp")
    entry = lowering.coverage[-1]
    assert (entry.pointer, entry.keyword, entry.enforced_by) == ("/rules/0", "rules", Enforcer.SIDECAR_FINAL)
    assert compile(SCHEMA).lower("llama-cpp").guarantee is Guarantee.FULL
    assert lowering.guarantee is Guarantee.PARTIAL


def test_a_bad_rule_refuses_the_contract() -> None:
    with pytest.raises(ContractError, match="total is not known") as refusal:
        compile(SCHEMA, rules=[SUM, Rule("total > 1")])
    assert refusal.value.pointer == "/rules/1/rule"


def test_rules_hold_of_texts_too() -> None:
    contract = compile('["a", "bb"]', kind="choice", rules=[Rule("self.size() == 1")])
    assert contract.validate("a") == ()
    assert [violation.code for violation in contract.validate("bb")] == ["rule.violated"]
    validator = contract.validator()
    validator.feed(b"bb")
    assert validator.finish().state is State.INVALID
