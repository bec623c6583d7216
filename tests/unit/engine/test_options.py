"""The closed set of engine options, and what memory follows from them."""

import pytest

from casava_engine.options import context_length, kv_tokens, parse_options
from casava_engine.problems import ModelProblem
from casava_wire.options import LlamaOptions


def test_no_options_give_the_defaults() -> None:
    assert parse_options({}) == LlamaOptions()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gpuLayers": 1}, "engine.options.gpuLayers: is not known. Options of llama-cpp: batchTokens, kvCache"),
        ({"kv_cache_tokens": 1024}, "engine.options.kv_cache_tokens: is not known"),
        ({"batchTokens": 0}, "engine.options.batchTokens: "),
        ({"batchTokens": True}, "engine.options.batchTokens: "),
        ({"kvCacheType": "q4_0"}, "engine.options.kvCacheType: "),
    ],
)
def test_an_option_that_is_wrong_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ModelProblem) as refused:
        parse_options(options)
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("configured", "trained", "tokens"),
    [(None, 8192, 4096), (None, 2048, 2048), (None, None, 4096), (8192, 8192, 8192)],
)
def test_the_context_is_at_most_what_the_model_was_trained_on(
    configured: int | None, trained: int | None, tokens: int
) -> None:
    assert context_length(configured, trained) == tokens


def test_more_context_than_the_model_has_is_refused() -> None:
    with pytest.raises(ModelProblem, match="limit of 2048 tokens"):
        context_length(2049, 2048)


@pytest.mark.parametrize(
    ("option", "context", "sequences", "tokens"),
    [
        (None, 4096, 1, 4096),
        (None, 4096, 64, 16384),
        (None, 32768, 4, 32768),
        (8192, 4096, 64, 8192),
        (100_000, 4096, 2, 8192),
    ],
)
def test_the_kv_cache_holds_one_whole_sequence_at_least(
    option: int | None, context: int, sequences: int, tokens: int
) -> None:
    options = LlamaOptions.model_validate({} if option is None else {"kvCacheTokens": option})
    assert kv_tokens(options, context=context, sequences=sequences) == tokens
