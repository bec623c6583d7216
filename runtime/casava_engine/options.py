"""What the options of the llama-cpp engine come to. The set itself is in casava_wire.options."""

from typing import Any

from pydantic import ValidationError

from casava_engine.problems import ModelProblem
from casava_wire.options import LlamaOptions
from casava_wire.reasons import EngineReason

DEFAULT_CONTEXT = 4096  # tokens of one sequence, unless the model's own limit is lower
MAX_SEQUENCES = 256  # llama.cpp refuses more
DEFAULT_KV_TOKENS = 16384  # tokens of all sequences together: bounds memory, not the number of streams


def parse_options(options: dict[str, Any]) -> LlamaOptions:
    """Raise ModelProblem (InvalidOptions, final) that names the option and what is known."""
    try:
        return LlamaOptions.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        known = ", ".join(sorted(field.alias or key for key, field in LlamaOptions.model_fields.items()))
        detail = "is not known" if first["type"] == "extra_forbidden" else first["msg"]
        raise ModelProblem(
            EngineReason.INVALID_OPTIONS,
            f"engine.options.{name}: {detail}. Options of llama-cpp: {known}.",
            final=True,
        ) from None


def context_length(configured: int | None, trained: int | None) -> int:
    """Tokens of one sequence. Raise ModelProblem when more is asked for than the model was trained on."""
    if configured is None:
        return min(DEFAULT_CONTEXT, trained or DEFAULT_CONTEXT)
    if trained is not None and configured > trained:
        raise ModelProblem(
            EngineReason.INVALID_OPTIONS,
            f"engine.maxSequenceLength: {configured} is more than the model's own limit of {trained} tokens.",
        )
    return configured


def sequences(max_concurrent: int) -> int:
    """Sequences decoded together. Requests beyond them wait in the engine, in order of arrival."""
    return min(max_concurrent, MAX_SEQUENCES)


def kv_tokens(options: LlamaOptions, *, context: int, sequences: int) -> int:
    """Tokens of the KV cache. One sequence of full length always fits, or the options are refused."""
    if options.kv_cache_tokens is None:
        return min(context * sequences, max(DEFAULT_KV_TOKENS, context))
    if options.kv_cache_tokens < context:
        raise ModelProblem(
            EngineReason.INVALID_OPTIONS,
            f"engine.options.kvCacheTokens: {options.kv_cache_tokens} is less than one sequence of {context} tokens; "
            "raise it or lower engine.maxSequenceLength.",
        )
    return min(options.kv_cache_tokens, context * sequences)
