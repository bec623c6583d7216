"""Whatever the schema, the answer and the pieces it comes in: never later wrong, never dead where a way was left."""

import json
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import Contract, ContractError, State, Verdict, compile  # noqa: A004
from casava_contract.schema import formats, oracle
from casava_contract.schema.dialect import Draft
from tests.unit.contract import drawing

_DIALECTS = (
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
)


def spell(value: Any, rng: random.Random) -> str:
    """The value as one of its many texts: any order of keys, any escapes, any white space, any form of a number."""
    space = rng.choice(["", "", " ", "\n  "])
    if isinstance(value, dict):
        pairs = list(value.items())
        rng.shuffle(pairs)
        members = (f"{spell(k, rng)}{space}:{space}{spell(v, rng)}" for k, v in pairs)
        return "{" + space + f"{space},".join(members) + space + "}"
    if isinstance(value, list):
        return "[" + f"{space},{space}".join(spell(one, rng) for one in value) + space + "]"
    if isinstance(value, str):
        return '"' + "".join(_char(char, rng) for char in value) + '"'
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return rng.choice([f"{value}", f"{value}", f"{value}.0", f"{value}e0", f"{value}0e-1", f"{value}0.0E-01"])
    return json.dumps(value)


def _char(char: str, rng: random.Random) -> str:
    if rng.random() < 0.2 or char in '"\\' or char < " ":
        units = char.encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
    return char


def hold(contract: Contract, answer: bytes, cuts: list[int]) -> tuple[Verdict, Verdict]:
    """The last verdict before the end, and the final one."""
    validator = contract.validator()
    last = validator.feed(b"")
    for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True):
        last = validator.feed(answer[start:end])
    return last, validator.finish()


def judge(contract: Contract, answer: bytes, rng: random.Random) -> None:
    """All ways to cut the answer give one verdict, and it is the one of the finished answer."""
    cuts = sorted(rng.sample(range(len(answer) + 1), min(len(answer) + 1, rng.randint(0, 6))))
    verdicts = [hold(contract, answer, each) for each in ([], list(range(1, len(answer))), cuts)]
    last, final = verdicts[0]
    violations = contract.validate(answer)
    assert final.state is (State.INVALID if violations else State.VALID), (answer, final, violations)
    assert (last.state is State.COMPLETE) == (not violations)
    for other_last, other in verdicts[1:]:
        assert (other.state, other.errors) == (final.state, final.errors)
        assert other_last.state is last.state
    for error in final.errors:
        assert 0 <= error.offset <= len(answer)
        assert len(error.expected) <= 10
        assert len(error.message) <= 300


@settings(max_examples=120)
@given(
    drawing.schemas,
    st.sampled_from([None, None, *_DIALECTS]),
    st.lists(drawing.values, min_size=1, max_size=6),
    st.randoms(),
)
def test_any_pieces_of_any_spelling_get_the_verdict_of_the_whole(
    schema: Any, dialect: str | None, values: list[Any], rng: random.Random
) -> None:
    if dialect is not None and isinstance(schema, dict):
        schema = {"$schema": dialect} | schema
    try:
        contract = compile(json.dumps(schema))
    except ContractError:
        return
    for value in [*values, *(drawing.likely(schema, rng, schema) for _ in range(6))]:
        answer = spell(value, rng).encode()
        judge(contract, answer, rng)
        judge(contract, _spoilt(answer, rng), rng)


def _spoilt(answer: bytes, rng: random.Random) -> bytes:
    """With one byte more, less or other."""
    place = rng.randrange(len(answer))
    byte = bytes([rng.choice(b'{}[]":,\\ eabk01.-\xc3\xa9\n')])
    return answer[:place] + rng.choice([b"", byte]) + answer[place + rng.randint(0, 1) :]


_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_bounds = st.sampled_from([-150, -20, -1, -0.5, 0, 0.1, 0.25, 1, 2, 9, 10, 99, 100, 150, 1500, 1e15, 2.5e-7])
_literals = st.from_regex(r"\A-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?\Z")


@settings(max_examples=120)
@given(
    st.dictionaries(st.sampled_from(_BOUNDS), _bounds, max_size=2),
    st.sampled_from([{}, {}, {"type": "integer"}, {"enum": [0, 12, -12, 0.5, 1500, 12e3]}, {"const": 150}]),
    st.lists(_literals, min_size=1, max_size=20),
    st.randoms(),
)
def test_no_spelling_of_an_allowed_number_is_refused(
    bounds: dict[str, Any], more: dict[str, Any], literals: list[str], rng: random.Random
) -> None:
    try:
        contract = compile(json.dumps({"items": bounds | more}))
    except ContractError:
        return
    for literal in literals:
        judge(contract, f"[{literal}]".encode(), rng)


_PATTERNS = [
    "^a", "b$", "^[a-c]{1,3}$", "x|y", r"^\d+$", r"^\w+-\W", "^[^a-z]*$", ".", "^.$", r"^a.b$", "^(ab?|c)+$",
    r"^[\w-]+/\.$", "^$", "a{2,4}?", r"^\D{2}$", r"^[0-9]{2}\$$",
]  # fmt: skip


@settings(max_examples=80)
@given(st.sampled_from(_PATTERNS), st.data(), st.randoms())
def test_no_beginning_of_a_matching_text_is_refused(pattern: str, data: st.DataObject, rng: random.Random) -> None:
    contract = compile(json.dumps({"pattern": pattern}))
    texts = [data.draw(st.from_regex(pattern)), data.draw(st.text("ab1-/. \n\r\u2028é٣$", max_size=5))]
    for text in texts:
        judge(contract, spell(text, rng).encode(), rng)


_MOMENTS = [
    "2024-02-29", "2026-12-31", "1999-04-30", "0000-01-01", "23:59:60Z", "00:00:00.123+23:59", "12:30:45z", "1.2.3.4",
    "255.249.199.0", "2024-02-29T23:59:60.5-00:00", "2026-06-15t08:00:00z", "12345678-1234-ABCD-abcd-123456789abc",
]  # fmt: skip


@settings(max_examples=120)
@given(
    st.sampled_from(["date", "time", "date-time", "ipv4", "uuid"]),
    st.sampled_from(_MOMENTS),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("0123456789-:.TtZz+ aF,*/")), max_size=2),
    st.randoms(),
)
def test_no_beginning_of_a_text_of_a_format_is_refused(
    form: str, text: str, edits: list[tuple[int, str]], rng: random.Random
) -> None:
    for place, char in edits:
        text = text[:place] + char + text[place + rng.randint(0, 1) :]
    judge(compile(json.dumps({"format": form})), spell(text, rng).encode(), rng)


@settings(max_examples=80)
@given(st.text(alphabet='{}[]":,\\ \nau0123456789.eE-+truefalsnd8\u00e9', max_size=30), st.randoms())
def test_what_is_json_is_the_same_in_pieces(text: str, rng: random.Random) -> None:
    judge(compile("true"), text.encode(), rng)


@settings(max_examples=80)
@given(st.binary(max_size=30), st.randoms())
def test_any_bytes_in_any_pieces_get_a_verdict(data: bytes, rng: random.Random) -> None:
    judge(compile("true"), data, rng)
    judge(compile("true"), b'"' + data + b'"', rng)


@pytest.mark.parametrize("form", sorted(formats.SHAPES))
def test_a_text_of_a_format_has_the_formats_shape(form: str) -> None:
    """What the automata for formats are made of must not refuse what the oracle takes; one wrong character is tried."""
    judged = oracle.assertion(Draft.D2020, json.dumps({"format": form}))
    shape = re.compile(formats.SHAPES[form])
    for text in _MOMENTS:
        for place in range(len(text) + 1):
            for char in map(chr, range(32, 127)):
                for changed in (text[:place] + char + text[place + 1 :], text[:place] + char + text[place:]):
                    assert not judged.is_valid(changed) or shape.fullmatch(changed), changed


@settings(max_examples=100)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "maxLength": st.integers(0, 3),
            "enum": st.just(["", "a", "aé", "é", "\U0001f600b"]),
            "pattern": st.sampled_from(["^a?$", "^[aé]{1,2}$", "b"]),
        },
    ),
    st.lists(st.text("abé\U0001f600\n", max_size=4), min_size=1, max_size=6),
    st.randoms(),
)
def test_a_text_that_is_full_dies_of_the_same_in_any_pieces(
    schema: dict[str, Any], texts: list[str], rng: random.Random
) -> None:
    contract = compile(json.dumps({"items": schema}))
    for text in texts:
        judge(contract, spell([text], rng).encode(), rng)


def _chosen(seed: int) -> tuple[Any, Contract, random.Random] | None:
    rng = random.Random(seed)
    schema = drawing.choosing(rng)
    try:
        return schema, compile(json.dumps(schema)), rng
    except ContractError:
        return None


@settings(max_examples=150)
@given(st.integers(0, 1 << 32))
def test_what_is_decided_early_is_decided_right_whatever_the_choices(seed: int) -> None:
    chosen = _chosen(seed)
    if chosen is not None:
        _, contract, rng = chosen
        for _ in range(8):
            judge(contract, spell(drawing.small(rng), rng).encode(), rng)


@settings(max_examples=100)
@given(st.integers(0, 1 << 32))
def test_no_end_makes_a_beginning_that_was_given_up_valid(seed: int) -> None:
    chosen = _chosen(seed)
    if chosen is None:
        return
    schema, contract, rng = chosen
    for _ in range(6):
        answer = json.dumps(drawing.small(rng), separators=(",", ":")).encode()
        errors = contract.validator().feed(answer).errors
        prefix = answer[: errors[0].offset + 1] if errors else b""
        for _ in range(8 if prefix else 0):
            end = drawing.completed(prefix, rng)
            assert not end or contract.validate(end), (schema, prefix, end)
