"""Tensors to a generation: defaults, bounds, and messages that name the tensor and never hold the prompt."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_engine.triton_model.request import RequestRefused, parse
from casava_wire import tensors as t


def text(*values: str | bytes) -> Any:
    return np.array([value.encode() if isinstance(value, str) else value for value in values], dtype=np.object_)


PROMPT = {t.TEXT_INPUT: text("xylophone")}


def test_a_prompt_alone_takes_the_defaults() -> None:
    made = parse(PROMPT)
    assert (made.prompt, made.streaming, made.max_tokens, made.seed, made.stop) == ("xylophone", False, None, None, ())
    assert (made.temperature, made.top_p, made.top_k) == (1.0, 1.0, 0)
    assert (made.grammar, made.echo, made.finish_reason, made.output_tokens) == (None, False, False, False)


def test_empty_stop_words_are_none() -> None:
    assert parse({**PROMPT, t.STOP: text("", "end")}).stop == ("end",)


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_any_seed_becomes_one_that_llama_cpp_takes_literally(seed: int) -> None:
    made = parse({**PROMPT, t.SEED: np.array([seed], dtype=np.uint64)}).seed
    assert made is not None
    assert 0 <= made < 2**32 - 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (t.TEXT_INPUT, text("a", "b")),
        (t.TEXT_INPUT, text()),
        (t.TEXT_INPUT, text(b"\xff\xfe")),
        (t.MAX_TOKENS, np.array([-1], dtype=np.int32)),
        (t.MAX_TOKENS, np.array([1, 2], dtype=np.int32)),
        (t.TEMPERATURE, np.array([np.inf], dtype=np.float32)),
        (t.TOP_P, np.array([1.5], dtype=np.float32)),
        (t.TOP_K, np.array([-1], dtype=np.int32)),
        (t.STOP, text("x" * 1025)),
        (t.STOP, text(b"\xff")),
        (t.GUIDE_TYPE, text("yaml")),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(RequestRefused, match=name) as refused:
        parse({**PROMPT, name: value})
    assert "xylophone" not in str(refused.value)
