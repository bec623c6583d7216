"""What holds for every kind of text: pieces, limits, rules, bytes that are no text."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import Completed, Contract, Limits, Rule, State, TextContract, Timing, compile  # noqa: A004
from casava_contract.text import matching

_KINDS: list[tuple[Any, str]] = [
    ("regex", "(é|a)+(bc)?"),
    ("choice", '["aa", "aébc", "é", "ab"]'),
    ("lark", 'start: X+ "bc"?\nX: "é" | "a"'),
    ("gbnf", 'root ::= x | root x\nx ::= [éa] "bc"?'),
]
_ALL = pytest.mark.parametrize(("kind", "source"), _KINDS)


def _pieces(text: bytes, cuts: list[int]) -> list[bytes]:
    marks = sorted(cut % (len(text) + 1) for cut in cuts)
    return [text[start:end] for start, end in zip([0, *marks], [*marks, len(text)], strict=True)]


@_ALL
@given(text=st.text(alphabet="aébc", max_size=8), cuts=st.lists(st.integers(0, 20), max_size=4))
@settings(max_examples=40, deadline=None)
def test_the_pieces_change_nothing_and_the_last_word_is_that_of_validate(
    kind: Any, source: str, text: str, cuts: list[int]
) -> None:
    contract = compile(source, kind=kind)
    whole, cut = contract.validator(subtrees=True), contract.validator(subtrees=True)
    state = whole.feed(text.encode()).state
    for piece in _pieces(text.encode(), cuts):
        cut.feed(piece)
    assert state is State.DEAD or (whole.partial() == cut.partial() and whole.offset == cut.offset)
    verdict = whole.finish()
    assert verdict == cut.finish()
    assert (verdict.state is State.VALID) == (contract.validate(text) == ())


@_ALL
def test_a_contract_of_text_is_a_contract(kind: Any, source: str) -> None:
    contract: Contract = compile(source, kind=kind)
    assert isinstance(contract, TextContract)
    assert contract.kind == kind
    assert contract.repairable
    assert contract.timing("") is Timing.BYTE
    assert contract.timing("/type") is None
    assert contract.cost > 0
    assert contract.semantic_digest is not None
    assert kind in repr(contract)
    assert {entry.keyword for entry in contract.lower().coverage} == {kind}
    assert contract.lower("nobody").guarantee == "none"


@_ALL
def test_an_answer_that_is_cut_is_truncated_in_a_stream_and_not_valid_by_itself(kind: Any, source: str) -> None:
    contract = compile(source, kind=kind)
    validator = contract.validator()
    assert validator.feed(b"").state is State.OPEN
    verdict = validator.finish()
    assert (verdict.state, verdict.errors[0].code, verdict.errors[0].offset) == (State.INVALID, "stream.truncated", 0)
    assert verdict.errors[0].expected
    (violation,) = contract.validate("")
    assert violation.code == f"text.{kind}"


@_ALL
def test_bytes_that_are_no_text_are_refused(kind: Any, source: str) -> None:
    contract = compile(source, kind=kind)
    for answer in (b"\xff", b"a\xc3", b"\xc3\xc3", b"\x00", b"a\xed\xa0\x80"):
        assert contract.validate(answer) != (), answer
        validator = contract.validator()
        validator.feed(answer)
        assert validator.finish().state is State.INVALID
    (violation,) = contract.validate("\ud800")
    assert violation.code == "syntax.encoding"


def test_a_grammar_that_takes_what_is_no_text_is_still_about_text() -> None:
    contract = compile("start: A\nA: ~/a/", kind="lark")
    validator = contract.validator()
    assert validator.feed(b"\xc3").state is State.COMPLETE
    verdict = validator.finish()
    assert (verdict.state, verdict.errors[0].code) == (State.INVALID, "syntax.encoding")
    assert contract.validate(b"\xc3")[0].code == "syntax.encoding"


def test_after_the_end_nothing_is_read() -> None:
    validator = compile("ab", kind="regex").validator()
    dead = validator.feed(b"ax")
    assert validator.feed(b"b") == dead
    assert validator.offset == 2
    assert validator.finish() == validator.finish()
    ended = compile("ab", kind="regex").validator()
    ended.feed(b"ab")
    assert ended.finish() == ended.finish()


def test_what_has_come_can_be_had_at_any_time_without_half_characters() -> None:
    validator = compile("(é|a)+", kind="regex").validator(subtrees=True)
    validator.feed("aé".encode()[:2])
    assert (validator.partial().value, validator.partial().text) == (None, "a")
    assert validator.feed("é".encode()[1:]).completed == ()
    assert validator.partial().text == "aé"
    assert validator.finish().completed == (Completed("", "aé", 3),)


def test_an_answer_has_a_length_and_the_byte_beyond_it_is_one_too_many() -> None:
    limits = Limits(output_bytes=5)
    contract = compile("a+", kind="regex", limits=limits)
    assert contract.validate("aaaaa") == ()
    assert contract.validate("aaaaaa")[0].code == "limit.output_bytes"
    for size in (1, 2, 6):
        validator = contract.validator()
        last = [validator.feed(b"aaaaaa"[start : start + size]) for start in range(0, 6, size)][-1]
        assert (last.state, last.errors[0].code, last.errors[0].offset) == (State.DEAD, "limit.output_bytes", 5)
    exact = contract.validator()
    exact.feed(b"aaaaa")
    assert exact.finish().state is State.VALID


def test_endless_repetition_ends_a_stream_at_the_same_byte_in_any_pieces() -> None:
    contract = compile("[a-z]+", kind="regex")
    offsets = set()
    for size in (1, 4, 1_000, 20_000):
        validator = contract.validator()
        verdict = [validator.feed(b"a" * size) for _ in range(0, 20_000, size)][-1]
        assert verdict.errors[0].code == "stream.runaway_repetition"
        offsets.add(verdict.errors[0].offset)
    assert len(offsets) == 1
    assert contract.validate("a" * 20_000) == ()


def test_rules_are_held_against_the_finished_text() -> None:
    rule = Rule("self.size() > 3", "too short")
    contract = compile("[a-z]+", kind="regex", rules=[rule])
    assert contract.rules == (rule,)
    assert contract.validate("abcd") == ()
    (violation,) = contract.validate("abc")
    assert (violation.code, violation.schema_pointer) == ("rule.violated", "/rules/0")
    validator = contract.validator()
    assert validator.feed(b"abc").state is State.COMPLETE
    verdict = validator.finish()
    assert verdict.state is State.INVALID
    (error,) = verdict.errors
    assert (error.code, error.offset, error.earliest) == ("rule.violated", 3, False)
    assert "too short" in error.message


def test_rules_are_part_of_what_a_contract_is() -> None:
    plain = compile("[a-z]+", kind="regex")
    ruled = compile("[a-z]+", kind="regex", rules=[Rule("self.size() > 3")])
    assert plain.digest != ruled.digest
    assert plain.semantic_digest != ruled.semantic_digest
    assert ruled.lower().guarantee == "partial"
    assert ("/rules/0", "sidecar-final") in {(entry.pointer, entry.enforced_by) for entry in ruled.lower().coverage}


def test_what_other_answers_used_up_is_not_held_against_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """All answers to one contract share what their lexer found out, up to a limit."""
    monkeypatch.setattr(matching, "_LIMITS", matching.limits(max_lexer_states=400))
    contract = compile("[ab]*a[ab]{6}", kind="regex")
    texts = [f"{n:014b}".replace("0", "a").replace("1", "b") for n in range(0, 1 << 14, 97)]
    for text in texts:
        validator = contract.validator()
        for byte in text.encode():
            validator.feed(bytes([byte]))
        verdict = validator.finish()
        assert (verdict.state is State.VALID) == (text[-7] == "a"), verdict.errors
    starved = compile("[ab]{1,900}", kind="regex").validator()
    verdict = starved.feed(b"ab" * 400)
    assert verdict.errors[0].code == "limit.grammar_work"
