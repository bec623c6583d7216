"""What the incremental validator says besides yes and no, and what it bears."""

import json
from typing import Any

import pytest

from casava_contract import Completed, Contract, Limits, State, Timing, Verdict, compile  # noqa: A004
from casava_contract.json_contract import JsonContract
from casava_contract.validator.json_validator import JsonValidator

_ORDER = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "currency": {"enum": ["EUR", "USD"]},
    },
    "required": ["items"],
    "additionalProperties": False,
}


def _contract(schema: Any = True, **limits: int) -> Contract:
    return compile(json.dumps(schema), limits=Limits(**limits))


def _final(contract: Contract, answer: bytes, size: int = 4) -> Verdict:
    validator = contract.validator()
    for start in range(0, len(answer), size):
        validator.feed(answer[start : start + size])
    return validator.finish()


def test_the_states_follow_the_answer() -> None:
    validator = _contract(_ORDER).validator()
    assert validator.feed(b'{"items": [').state is State.OPEN
    assert validator.feed(b"]}").state is State.COMPLETE
    assert validator.feed(b"  \n").state is State.COMPLETE
    assert validator.offset == 16
    assert validator.finish() == Verdict(State.VALID)
    assert validator.finish() == Verdict(State.VALID)


def test_a_number_is_complete_only_while_it_may_end() -> None:
    validator = _contract({"minimum": 10}).validator()
    states = [validator.feed(piece).state for piece in (b"1", b"2", b".", b"5", b"e", b"1", b" ")]
    assert states == [
        State.OPEN,
        State.COMPLETE,
        State.OPEN,
        State.COMPLETE,
        State.OPEN,
        State.COMPLETE,
        State.COMPLETE,
    ]


def test_what_comes_after_death_changes_nothing() -> None:
    validator = _contract(_ORDER).validator()
    dead = validator.feed(b'{"items": 3')
    assert dead.state is State.DEAD
    assert validator.feed(b'{"items": []}') is dead
    final = validator.finish()
    assert (final.state, final.errors) == (State.INVALID, dead.errors)


def test_an_error_says_where_what_and_what_was_expected() -> None:
    (error,) = _final(_contract(_ORDER), '{\n  "items": [{"é": 1}, {"n": "x"}]}'.encode()).errors
    assert (error.code, error.keyword) == ("schema.type", "type")
    assert (error.offset, error.line, error.column) == (31, 2, 29)
    assert error.pointer == "/items/1/n"
    assert error.schema_pointer == "/properties/items/items/properties/n/type"
    assert (error.expected, error.got, error.earliest) == (("integer",), "string", True)
    assert "integer" in error.message
    assert error.schema_pointer not in error.hint
    assert error.to_dict()["offset"] == 31


def test_the_names_and_values_that_are_left_are_named() -> None:
    (error,) = _final(_contract(_ORDER), b'{"items": [], "other": 1}').errors
    assert (error.pointer, error.expected, error.got) == ("", ("currency",), "o")
    (error,) = _final(_contract(_ORDER), b'{"currency": "EUR"}').errors
    assert (error.keyword, error.expected) == ("required", ("items",))
    (error,) = _final(_contract(_ORDER), b'{"currency": "GBP"}').errors
    assert error.expected == ('"EUR"', '"USD"')


def test_expected_lists_at_most_ten_and_nothing_long_is_repeated() -> None:
    schema = {"enum": [f"{'x' * 200}{i}" for i in range(40)]}
    (error,) = _final(_contract(schema), b'"' + b"y" * 5_000).errors
    assert len(error.expected) == 10
    assert max(map(len, error.expected)) <= 40
    assert len(error.message) <= 300
    assert len(error.hint) <= 160


def test_what_is_only_known_at_the_end_is_not_called_the_earliest() -> None:
    schema = {"anyOf": [{"required": ["a"], "properties": {"b": True}}, True], "unevaluatedProperties": False}
    (error,) = _final(_contract(schema), b'{"b": 1}').errors
    assert (error.keyword, error.offset, error.earliest) == ("unevaluatedProperties", 7, False)


def test_an_answer_cut_short_is_never_valid() -> None:
    for cut in (b"", b" ", b'{"items": [', b'{"items": [1', b'{"items": []'):
        (error,) = _final(_contract({"type": "object"}), cut).errors
        assert (error.code, error.offset) == ("stream.truncated", len(cut))
    (error,) = _final(_contract(), b"1.").errors
    assert error.code == "stream.truncated"


def test_completed_subtrees_are_told_once_in_order() -> None:
    validator = _contract(_ORDER).validator(subtrees=True)
    text = b'{"items": [{"n": 1}, {"n": 20}], "currency": "EUR"}'
    found = [one for start in range(0, len(text), 3) for one in validator.feed(text[start : start + 3]).completed]
    assert [one.pointer for one in found] == [
        "/items/0/n", "/items/0", "/items/1/n", "/items/1", "/items", "/currency", "",
    ]  # fmt: skip
    assert found[3] == Completed("/items/1", {"n": 20}, text.index(b"], "))
    assert [text[: one.stop][-1:] for one in found] == [b"1", b"}", b"0", b"}", b"]", b'"', b"}"]
    assert found[-1].value == json.loads(text)
    assert validator.finish().completed == ()


def test_the_partial_value_never_invents() -> None:
    validator = _contract().validator()
    validator.feed(b'{"total": 12')
    assert (validator.partial().value, validator.partial().text) == ({}, None)
    validator.feed(b'99, "iban": "DE\\u00e9\\u00')
    partial = validator.partial()
    assert (partial.value, partial.pointer, partial.text) == ({"total": 1299}, "/iban", "DE\u00e9")
    validator.feed(b'e9", "rows": [[1, tr')
    assert validator.partial().value == {"total": 1299, "iban": "DE\u00e9\u00e9", "rows": [[1, True]]}


@pytest.mark.parametrize(
    ("answer", "code", "offset"),
    [
        (b"[" * 1_000_000, "limit.output_depth", 128),
        (b'{"a":' * 200, "limit.output_depth", 640),
        (b'"' + b"".join(b"%d " % i for i in range(300_000)), "limit.output_bytes", 1_000_000),
        (b"[" + b" " * 100_000, "stream.runaway_whitespace", 65),
        (b" " * 100_000, "stream.runaway_whitespace", 64),
        (b"[1" + b"\n" * 100, "stream.runaway_whitespace", 66),
        (b"9" * 100_000, "limit.number", 400),
        (b"[0." + b"1" * 500, "limit.number", 401),
        (b"[1e30000", "limit.number", 6),
        (b"[1e-400]", "limit.number", 6),
        (b'"' + b"ha" * 500_000, "stream.runaway_repetition", 12_287),
        (b"[" + b"0, " * 300_000, "stream.runaway_repetition", 12_287),
        (b"\x00", "syntax.json", 0),
        (b'"\x00', "syntax.json", 1),
        (b'"\xff', "syntax.encoding", 1),
        (b'"\xc3(', "syntax.encoding", 2),
        (b'"\xed\xa0\x80"', "syntax.encoding", 2),
        (b'"\\ud800"', "syntax.json", 7),
        (b'"\\udc00"', "syntax.json", 4),
        (bytes(range(256)), "syntax.json", 0),
    ],
)
def test_what_no_answer_should_be_ends_at_once_with_a_code_of_its_own(answer: bytes, code: str, offset: int) -> None:
    for size in (len(answer), 4_096, 7):
        (error,) = _final(_contract(), answer[:1_100_000], size).errors
        assert (error.code, error.offset) == (code, offset)


def test_the_limits_are_the_contracts_own() -> None:
    assert _final(_contract(output_bytes=4), b"[1,2]").errors[0].code == "limit.output_bytes"
    assert _final(_contract(output_bytes=5), b"[1,2]").state is State.VALID
    assert _final(_contract(output_depth=1), b"[[1]]").errors[0].code == "limit.output_depth"
    assert _final(_contract(whitespace_run=0), b"[ 1]").errors[0].code == "stream.runaway_whitespace"
    assert _final(_contract(number_length=3), b"1234").errors[0].code == "limit.number"
    assert _final(_contract(repeated_bytes=600), b'"' + b"a" * 2_000).errors[0].code == "stream.runaway_repetition"


def test_readings_that_cannot_be_told_apart_are_bounded() -> None:
    shapes = [{"properties": {f"p{i}": {"type": "object"}, "x": {"$ref": "#"}}} for i in range(40)]
    error = _final(_contract({"anyOf": shapes}, output_alternatives=100), b'{"x":' * 10).errors[0]
    assert (error.code, error.earliest) == ("limit.alternatives", False)
    assert _final(_contract({"anyOf": shapes}), b'{"x":' * 10 + b"{}" + b"}" * 10).state is State.VALID


def test_readings_that_ask_the_same_are_one_however_deep() -> None:
    schema = {"anyOf": [{"required": [name], "properties": {"x": {"$ref": "#"}}} for name in ("x", "y", "z")]}
    answer = b'{"x":' * 100 + b'{"y":1}' + b"}" * 100
    assert _final(_contract(schema, output_alternatives=500), answer).state is State.VALID


def test_two_answers_do_not_meet() -> None:
    contract = _contract(_ORDER)
    one, other = contract.validator(), contract.validator()
    one.feed(b'{"items": [')
    assert other.feed(b'{"items": 1').state is State.DEAD
    assert one.feed(b"]}").state is State.COMPLETE
    assert one.finish().state is State.VALID


def test_names_that_answers_choose_do_not_grow_the_contract() -> None:
    contract = _contract({"additionalProperties": {"type": "integer"}})
    for start in range(0, 6_000, 2_000):
        answer = json.dumps({f"k{i}": i for i in range(start, start + 2_000)}).encode()
        assert _final(contract, answer, 64).state is State.VALID
    assert isinstance(contract, JsonContract)
    planner = contract._planner
    assert planner is not None
    plan: Any = planner.root.at(1)
    assert len(plan.children) <= 1_024


def test_choices_inside_of_choices_without_end_are_left_to_the_answers_end() -> None:
    definitions: dict[str, Any] = {
        f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}, {"type": "null"}]} for i in range(600)
    }
    contract = _contract({"$ref": "#/$defs/d0", "$defs": definitions | {"d600": {"type": "object"}}})
    assert contract.timing("/$defs/d1/anyOf") is Timing.ANSWER
    assert _final(contract, b"{}").state is State.VALID
    assert contract.validator().feed(b"[").state is State.OPEN
    (error,) = _final(contract, b"[]").errors
    assert (error.offset, error.earliest) == (1, False)


def test_values_are_not_judged_again_at_every_level() -> None:
    schema = {"unevaluatedProperties": False, "properties": {"x": {"$ref": "#"}, "z": True}}
    text = " ".join(str(i) for i in range(20_000))
    answer = b'{"x":' * 100 + json.dumps({"z": text}).encode() + b"}" * 100
    contract = _contract(schema)
    validator = contract.validator()
    assert validator.feed(answer[:-1]).state is State.OPEN
    assert isinstance(validator, JsonValidator)
    machine = validator._parser.machine
    assert machine._spent <= 65_536 + 8 * len(answer)
    assert validator.feed(answer[-1:]).state is State.COMPLETE
