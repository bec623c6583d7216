"""``engine.options`` of a CasavaModel: a closed set per backend, checked by the operator and obeyed by the engine."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from casava_wire.config import WireModel


class LlamaOptions(WireModel):
    """Options of llama-cpp.

    ``kvCacheTokens``: tokens that all running sequences may hold together; their memory is taken at start.
    ``kvCacheType``: q8_0 takes half of the memory of f16. ``batchTokens``: of prompts, computed in one step.
    """

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)

    kv_cache_tokens: Annotated[int, Field(ge=256, le=16_777_216)] | None = None
    kv_cache_type: Literal["f16", "q8_0"] = "f16"
    batch_tokens: Annotated[int, Field(ge=32, le=8192)] = 512
