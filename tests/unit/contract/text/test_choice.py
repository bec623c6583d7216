"""Lists of choices as contracts."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import ContractError, ErrorCode, Limits, State, compile  # noqa: A004

_CHOICES = st.lists(st.text(alphabet="abé\n", min_size=1, max_size=4), min_size=1, max_size=6, unique=True)


@given(_CHOICES, st.text(alphabet="abé\n", max_size=5))
@settings(max_examples=80, deadline=None)
def test_an_answer_dies_at_the_first_byte_that_begins_no_choice(choices: list[str], text: str) -> None:
    contract = compile(choices, kind="choice")
    left = [choice.encode() for choice in choices]
    validator = contract.validator()
    read = b""
    for byte in text.encode():
        read += bytes([byte])
        viable = [choice for choice in left if choice.startswith(read)]
        state = validator.feed(bytes([byte])).state
        assert state is (State.DEAD if not viable else State.COMPLETE if read in viable else State.OPEN)
        if not viable:
            assert validator.finish().errors[0].offset == len(read) - 1
            break
    assert (contract.validate(text) == ()) == (text in choices)
    assert contract.worst_case_bytes == max(map(len, left))


@given(_CHOICES, st.text(alphabet="abé\n", max_size=5))
@settings(max_examples=40, deadline=None)
def test_the_pieces_do_not_matter(choices: list[str], text: str) -> None:
    contract = compile(choices, kind="choice")
    whole, pieces = contract.validator(), contract.validator()
    whole.feed(text.encode())
    for byte in text.encode():
        pieces.feed(bytes([byte]))
    assert whole.finish() == pieces.finish()


def test_a_list_is_json_or_yaml_or_strings() -> None:
    digests = {compile(source, kind="choice").digest for source in ('["no", "yes"]', "- no\n- yes\n", ["no", "yes"])}
    assert len(digests) == 1


def test_the_order_of_choices_is_part_of_the_identity_and_not_of_the_meaning() -> None:
    one, other = compile(["a", "b"], kind="choice"), compile(["b", "a"], kind="choice")
    assert one.digest != other.digest
    assert one.semantic_digest == other.semantic_digest


def test_the_error_lists_the_choices_that_were_left() -> None:
    validator = compile(["north", "north-east", "south"], kind="choice").validator()
    (error,) = validator.feed(b"northern").errors
    assert (error.code, error.offset, error.got) == ("text.choice", 5, '"e"')
    assert error.expected == ('"north"', '"north-east"')


@pytest.mark.parametrize(
    ("source", "code", "pointer"),
    [
        ("{}", ErrorCode.INVALID, ""),
        ('"a"', ErrorCode.INVALID, ""),
        ("[]", ErrorCode.UNSATISFIABLE, ""),
        ('["a", 1]', ErrorCode.INVALID, "/1"),
        ('["a", ""]', ErrorCode.INVALID, "/1"),
        ('["a", "b", "a"]', ErrorCode.DUPLICATE_KEY, "/2"),
        ('["a",', ErrorCode.SYNTAX, ""),
        ('["\\ud800"]', ErrorCode.SYNTAX, ""),
        (json.dumps([str(n) for n in range(1_001)]), ErrorCode.LIMIT_ALTERNATIVES, ""),
        (json.dumps(["a" * 70_000]), ErrorCode.LIMIT_BYTES, ""),
    ],
)
def test_a_bad_list_is_refused_with_its_place(source: str, code: ErrorCode, pointer: str) -> None:
    with pytest.raises(ContractError) as refused:
        compile(source, kind="choice")
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_a_thousand_long_choices_are_one_contract_that_the_engine_holds() -> None:
    choices = [f"{n:04} {'word ' * 10}{n}" for n in range(1_000)]
    contract = compile(choices, kind="choice", limits=Limits(schema_bytes=100_000))
    assert contract.validate(choices[123]) == ()
    assert contract.validate(choices[123] + "!") != ()
    assert contract.lower("llama-cpp").guarantee == "full"
