"""Whatever the schema, the answer and the pieces it comes in: never later wrong, never dead where a way was left."""

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import Contract, ContractError, State, Verdict, compile  # noqa: A004
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


@settings(max_examples=300)
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
        judge(contract, spell(value, rng).encode(), rng)
