"""Whatever the text of a rule and whatever the answer: a ContractError, or violations, and nothing else."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from casava_contract import ContractError, Limits
from casava_contract.rules import Rule, RuleSet
from tests.unit.contract import drawing

_WORDS = [
    "self", ".", "a", "(", ")", "[", "]", "{", "}", "1", "1.5", "'x'", "&&", "||", "!", "-", "+", "*", "/", "%", "?",
    ":", ",", "==", "<", "in", "has(", "all(i,", "map(i,", "exists_one(i,", "null", "true", "size(", "i", "int(",
    "string(", "timestamp(", "duration(", "round(", ".sum()", ".min()", ".distinct()", ".matches('a+')", "@result",
    "0x", "u", "\\", "`", "\x00", "é", "🙂",
]  # fmt: skip
_texts = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join))


@settings(max_examples=150, deadline=None)
@given(_texts, drawing.values)
@example("'x'.matches('(')", None)
@example("self.`a b` == 1", {"a b": 1})
@example("1 == @result", 1)
@example("self.a{b: 1}", {"a": 1})
def test_any_text_is_a_rule_or_a_contract_error(text: str, value: Any) -> None:
    try:
        rules = RuleSet.of([Rule(text)], Limits())
    except ContractError as error:
        refused = error
    else:
        for violation in rules.check(value):
            assert violation.code in {"rule.violated", "rule.error", "limit.rule_steps"}
            assert len(violation.message) < 300
        return
    assert refused.pointer.startswith("/rules/0")
    assert refused.status in {400, 422}


@settings(max_examples=60, deadline=None)
@given(drawing.values)
def test_every_value_equals_itself_and_has_a_type(value: Any) -> None:
    rules = RuleSet.of(
        [Rule("self == self"), Rule("[self].distinct() == [self]"), Rule("type(self) == type(self)")], Limits()
    )
    assert rules.check(value) == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.decimals(-(10**6), 10**6, places=2), max_size=12))
def test_sums_are_those_of_decimals(amounts: Any) -> None:
    value = {"items": list(amounts), "total": sum(amounts)}
    assert RuleSet.of([Rule("self.total == self.items.sum()")], Limits()).check(value) == ()
