"""What is read at once is what is read step by step, and so is what is refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract.source import jsontext

_TOKENS = [
    *("{", "}", "[", "]", ":", ",", "true", "NaN", "-", " ", "\n", "\ufeff"),
    *('"a"', '"b"', '"a":1', '"a":[', '"\\""', '"\\\\"', '"\\u0022"', '"{"', '"\\\\\\""', '"\u00e9"', '"\\ud800"'),
    *("1", "1e2", "1e-06", "0.5", "1234567890123456", "12.", '"4e"', '"1234567890123456"', "-0", "1e-400", "1E5"),
]
_names = st.text(alphabet='ab"\\', max_size=2)
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(alphabet='a"\\{[e1 \n', max_size=8)
)
_trees = st.recursive(
    _scalars, lambda inner: st.one_of(st.lists(inner), st.lists(st.tuples(_names, inner)).map(tuple)), max_leaves=30
)


def _spelled(value: Any) -> str:
    """An object is a tuple of its members: so a name may come twice."""
    if isinstance(value, tuple):
        return "{" + ",".join(f"{json.dumps(name)}:{_spelled(member)}" for name, member in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spelled, value)) + "]"
    return json.dumps(value)


def _either(text: bytes, depth: int, *, slowly: bool) -> object:
    try:
        if slowly:
            readable = jsontext._decoded(text)
            return repr(jsontext._step_by_step(readable, text, depth=depth, number_length=400))
        return repr(jsontext.read(text, depth=depth, number_length=400))
    except jsontext.JsonError as error:
        return error.kind, error.message, error.path, error.offset


def _same(text: bytes, depth: int) -> None:
    assert _either(text, depth, slowly=False) == _either(text, depth, slowly=True), text


@settings(max_examples=300)
@given(st.lists(st.sampled_from(_TOKENS), max_size=12).map("".join), st.integers(1, 6))
def test_any_tokens_are_read_or_refused_alike(text: str, depth: int) -> None:
    _same(text.encode(), depth)


@settings(max_examples=200)
@given(_trees, st.integers(1, 6), st.booleans())
def test_any_value_with_names_that_come_twice_is_read_or_refused_alike(value: Any, depth: int, long: bool) -> None:
    _same((_spelled(value) + (" " * 300 if long else "")).encode(), depth)


@pytest.mark.parametrize("levels", [127, 128, 129, 253, 254, 255, 400, 1_100])
@pytest.mark.parametrize("around", ["[]", '{"a":}', '{"a":[]}'])
def test_what_is_nested_at_the_limit_is_read_or_refused_alike(levels: int, around: str) -> None:
    head, tail = around[: -around.count("]") - around.count("}")], around[-around.count("]") - around.count("}") :]
    text = (head * levels + ("1" if head.endswith(":") else "") + tail * levels).encode()
    for depth in (128, 256):
        _same(text, depth)


@given(_trees.map(_spelled), st.sampled_from(["1.10", "12345678901234567890123", "1e-7", "0.000001", "0.1"]))
def test_a_value_is_written_with_every_digit_whether_or_not_it_holds_a_decimal(text: str, number: str) -> None:
    try:
        value = jsontext.read(f"[{text},{number}]", depth=128, number_length=400)
    except jsontext.JsonError:
        return
    assert jsontext.read(jsontext.dump(value), depth=128, number_length=400) == value
    assert jsontext.dump(value) == "".join(jsontext._chunks(value))
