"""Rules across fields: what they say of a value, where they point, and what they cost."""

import json
from typing import Any

import pytest

from casava_contract import ContractError, Limits
from casava_contract.rules import Rule, RuleSet
from casava_contract.source import jsontext

INVOICE = """{
  "number": "INV-000123", "currency": "EUR", "net": 0.3, "tax": 0.06, "total": 0.36, "rate": 0.19, "count": 3,
  "issued": "2026-01-31T12:00:00+01:00", "due": "2026-02-14T12:00:00Z", "note": null,
  "account": 123456789012345678901234567890,
  "items": [{"sku": "a", "quantity": 1, "price": 0.1}, {"sku": "b", "quantity": 2, "price": 0.1}]
}"""


def read(text: str) -> Any:
    return jsontext.read(text, depth=128, number_length=400)


def judged(rule: str, text: str = INVOICE, limits: Limits | None = None) -> list[tuple[str, str]]:
    """Codes and places of the violations."""
    found = RuleSet.of([Rule(rule)], limits or Limits()).check(read(text))
    return [(violation.code, violation.pointer) for violation in found]


@pytest.mark.parametrize(
    "rule",
    [
        "self.net == self.items.map(i, i.quantity * i.price).sum()",
        "self.net + self.tax == self.total",
        "self.items.all(i, i.quantity > 0 && i.price < 1)",
        "self.items.exists(i, i.sku == 'b')",
        "self.items.exists_one(i, i.sku == 'b')",
        "self.items.filter(i, i.quantity > 1).map(i, i.sku) == ['b']",
        "self.items.map(i, i.quantity > 1, i.price) == [0.10]",
        "self.items.map(i, i.sku).distinct().size() == self.items.size()",
        "self.items.map(i, i.price).max() == 0.1 && self.items.map(i, i.quantity).min() == 1",
        "timestamp(self.issued) < timestamp(self.due)",
        "timestamp(self.due) - timestamp(self.issued) == duration('337h')",
        "self.number.matches('^INV-[0-9]{6}$') && self.number.startsWith('INV') && self.number.endsWith('3')",
        "self.currency in ['EUR', 'USD']",
        "'net' in self && has(self.net) && !has(self.gross)",
        "self.note == null || self.note.size() > 0",
        "has(self.gross) ? self.gross > 0 : true",
        "self['net'] == 0.3 && self.items[1].sku == 'b'",
        "round(self.net * self.rate, 2) == self.tax",
        "abs(self.net - 0.31) <= 0.01",
        "self.account % 10000000000 == 1234567890 && self.account + 1 > self.account",
        "self.count / 2 == 1.5 && self.count % 2 == 1 && self.items.size() / 2 * 2 == 2",
        "7 / 2 == 3 && -7 / 2 == -3 && -7 % 2 == -1",
        "string(self.net) == '0.3' && double('0.30') == self.net && int('12') == 12 && int(2.9) == 2",
        "self.items.all(i, i == i) && self.items[0] != self.items[1]",
        "type(self.count) == double && type(self.number) == string && type(self.note) == null_type",
        "self.all(key, key.size() > 2)",
        "{'a': 1, 'b': [1.0]} == {'b': [1], 'a': 1.0}",
        "self.currency.lowerAscii() == 'eur' && ' é '.trim() == 'é' && 'é'.size() == 1",
        "'a' < 'b' && 'Z' < 'a' && [1, 2] + [3] == [1, 2, 3] && 'a' + 'b' == 'ab'",
        "self.missing == 1 || true",
        "1 / 0 == 1 || self.count == 3",
        "[1, 2].exists(i, i / (i - 1) == 2)",
    ],
)
def test_a_rule_that_holds_says_nothing(rule: str) -> None:
    assert judged(rule) == []


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("self.total == self.net", "/total"),
        ("self.items.all(i, i.price < 0.1)", "/items/0/price"),
        ("self.items.all(i, i.sku == 'a' || i.quantity == 1)", "/items/1/sku"),
        ("self.items.all(i, i.quantity == 1)", "/items/1/quantity"),
        ("self.count == 3 && self.currency == 'USD'", "/currency"),
        ("self.items.exists(i, i.sku == 'c')", "/items"),
        ("self.items.size() > 2", "/items"),
        ("!(self.currency in ['EUR'])", "/currency"),
        ("self.items[1].price == 1", "/items/1/price"),
        ("self.all(key, key != 'note')", "/note"),
        ("has(self.gross)", ""),
        ("0.36 < self.total", "/total"),
        ("false", ""),
    ],
)
def test_a_rule_that_does_not_hold_points_to_the_place(rule: str, place: str) -> None:
    assert judged(rule) == [("rule.violated", place)]


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("self.gross == 1", "/gross"),
        ("self.currency > 1", "/currency"),
        ("self.count / 0 == 1", "/count"),
        ("self.items[2].price == 1", "/items/2/price"),
        ("self.number + 1 == 'x'", "/number"),
        ("self.note.all(i, true)", "/note"),
        ("self.items.all(i, i.gross == 1)", "/items/0/gross"),
        ("[].max() == 1", ""),
        ("self.net", "/net"),
        ("self.count && true", "/count"),
        ("timestamp(self.currency) < timestamp(self.due)", "/currency"),
        ("int(self.account) == 1", "/account"),
        ("self.missing == 1 || false", "/missing"),
    ],
)
def test_a_rule_that_cannot_be_decided_is_a_violation_and_never_a_pass(rule: str, place: str) -> None:
    assert judged(rule) == [("rule.error", place)]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("self.net ==", "rule.syntax"),
        ("", "rule.syntax"),
        ("net == 1", "rule.syntax"),
        ("self.net == 12345678901234567890", "rule.syntax"),
        ("self.net.frobnicate()", "rule.syntax"),
        ("self.net + 1", "rule.syntax"),
        ("'yes'", "rule.syntax"),
        ("\ud800", "rule.syntax"),
        ("(" * 40 + "true" + ")" * 40, "rule.syntax"),
        ("1u == 1u", "rule.unsupported"),
        ("self.number == b'x'", "rule.unsupported"),
        ("timestamp(self.due).getFullYear() == 2026", "rule.unsupported"),
        ("self.number.matches(self.currency)", "rule.unsupported"),
        ("self.number.matches('(?=a)b')", "rule.unsupported"),
        ("self.number.matches('(?:[ab]{1,50}){1,50}c')", "rule.unsupported"),
        ("self.number.matches('(')", "rule.unsupported"),
        ("true" + " " * 2_048, "limit.rules"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_when_it_is_compiled(rule: str, code: str) -> None:
    with pytest.raises(ContractError) as refusal:
        RuleSet.of([Rule("true"), Rule(rule)], Limits())
    assert (refusal.value.code, refusal.value.pointer) == (code, "/rules/1/rule")
    assert refusal.value.status == (400 if code == "rule.syntax" else 422)


def test_a_syntax_error_has_its_column_and_names_the_rule() -> None:
    with pytest.raises(ContractError) as refusal:
        RuleSet.of([Rule("self.net = 1")], Limits())
    assert (refusal.value.line, refusal.value.column) == (1, 10)
    assert "self.net = 1" in refusal.value.message


def test_there_are_at_most_64_rules() -> None:
    RuleSet.of([Rule("true")] * 64, Limits())
    with pytest.raises(ContractError, match="65 rules: at most 64"):
        RuleSet.of([Rule("true")] * 65, Limits())


def test_the_authors_message_is_said_and_else_the_rule() -> None:
    rules = RuleSet.of([Rule("self.a == 1", "a must be one"), Rule("self.a == 2")], Limits())
    first, second = rules.check({"a": 3})
    assert (first.message, first.schema_pointer, first.keyword) == ("a must be one", "/rules/0", "rules")
    assert (second.message, second.schema_pointer) == ("does not hold: self.a == 2", "/rules/1")


def test_no_message_repeats_a_value_of_the_answer() -> None:
    rules = RuleSet.of([Rule("self.a > 1"), Rule("self.a == 'x'"), Rule("int(self.a) == 1")], Limits())
    found = rules.check({"a": "secret"})
    assert [violation.code for violation in found] == ["rule.error", "rule.violated", "rule.error"]
    assert all("secret" not in violation.message for violation in found)


def test_at_most_ten_violations_are_said() -> None:
    assert len(RuleSet.of([Rule("false")] * 20, Limits()).check(None)) == 10


def test_no_rules_are_false_and_say_nothing() -> None:
    none = RuleSet.of([], Limits())
    assert not none
    assert none.check({"a": 1}) == ()
    assert RuleSet.of([Rule("true")], Limits())


def test_a_text_is_self_too() -> None:
    assert judged("self.size() == 2 && self.startsWith('é')", '"éa"') == []


@pytest.mark.parametrize(
    "rule",
    [
        "self.items.all(i, self.items.all(j, true))",
        "self.items.all(i, self.items == self.items)",
        "self.items.exists(i, i in self.numbers)",
        "self.items.exists(i, self.map == self.other)",
        "self.items.all(i, self.map.exists(key, true) && self.map.all(key, true))",
        "self.items.map(i, self.text + self.text).size() == 1",
        "self.items.map(i, self.numbers + self.numbers).size() == 1",
        "self.items.exists(i, self.text.contains('aab'))",
        "self.items.all(i, self.text.matches('(?:[ab]{1,8}){1,8}c') || true)",
        "self.items.all(i, self.text == self.text)",
        "self.items.all(i, self.text.lowerAscii() != '')",
        "self.items.all(i, self.numbers.sum() > 0)",
        "self.items.all(i, self.numbers.distinct().size() > 0)",
        "['aaaa']" + ".map(x, x + x)" * 27 + "[0] != ''",
        "[[1]]" + ".map(x, x + x)" * 27 + "[0] != []",
        "[self.text, self.text]" + ".map(x, x + x + x)" * 20 + ".size() == 2",
    ],
)
def test_work_is_counted_and_ends(rule: str) -> None:
    """Each of these asks for at least a hundred million steps, or for gigabytes."""
    value: Any = {
        "items": list(range(20_000)),
        "numbers": [2**61 - 1 + (2**61 - 1) * n for n in range(20_000)],  # in a set of numbers all would collide
        "text": "a" * 200_000,
        "map": {str(n): 0 for n in range(20_000)},
        "other": {str(n): 0 for n in range(1, 20_001)},
    }
    found = RuleSet.of([Rule(rule)], Limits()).check(value)
    assert [(violation.code, violation.schema_pointer) for violation in found] == [("limit.rule_steps", "/rules/0")]


def test_one_pass_over_a_large_answer_is_within_the_steps() -> None:
    value: Any = {"items": [{"quantity": 1, "price": 0.1} for _ in range(20_000)], "total": 2000}
    rule = "self.total == self.items.map(i, i.quantity * i.price).sum()"
    assert RuleSet.of([Rule(rule)], Limits()).check(value) == ()


def test_steps_are_those_of_all_rules_together_and_do_not_hide_what_was_found() -> None:
    rules = [Rule("self.size() == 0"), *[Rule("self.all(i, i >= 0)")] * 3]
    found = RuleSet.of(rules, Limits(rule_steps=350)).check(list(range(50)))
    assert [(one.code, one.schema_pointer) for one in found] == [
        ("rule.violated", "/rules/0"),
        ("limit.rule_steps", "/rules/2"),
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "[1]" + ".map(x, x * x + 3)" * 25 + "[0] > 1",
        "[1.5]" + ".map(x, x * x)" * 25 + "[0] > 1",
        "[10.0]" + ".map(x, x * x)" * 25 + "[0] > 1",
        "1e308 * 1e308 * 1e308 * 1e-308 + 1e-308 * 1e-308 * 1e-308 * 1e-308 > 1.0",
    ],
)
def test_numbers_do_not_grow_without_end(rule: str) -> None:
    found = RuleSet.of([Rule(rule)], Limits()).check(None)
    assert found == () or (found[0].code == "rule.error" and "1000 digits" in found[0].message)


def test_decimals_are_exact_where_binary_fractions_are_not() -> None:
    value = json.loads("[" + ",".join(["0.1"] * 10) + "]")
    assert sum(value) != 1
    assert RuleSet.of([Rule("self.sum() == 1")], Limits()).check(value) == ()
    assert judged("self[0] + self[1] == 0.3", "[0.1, 0.2]") == []
    assert (
        judged(
            "self.a * 3 == self.b",
            '{"a": 0.10000000000000000000000000000000001, "b": 0.30000000000000000000000000000000003}',
        )
        == []
    )


def test_a_decimal_in_a_rule_has_the_15_digits_of_a_double() -> None:
    """CEL reads it as a double: this is a limit of the language, and not of an answer's numbers."""
    assert judged("self == 0.123456789012345", "0.123456789012345") == []
    assert judged("self == 0.12345678901234567890", "0.12345678901234567890") == [("rule.violated", "")]
