"""A contract in the terms of an engine, and how much of it that engine enforces.

One module for each engine. A claim ``engine`` stands only for what tests/component/contract proves on the library that
the engine really decodes with: a violating document is not in the language of the guide.
"""

from types import MappingProxyType
from typing import Final

from casava_contract.lowering import llama_cpp, tensorrt_llm_llguidance, tensorrt_llm_xgrammar, unconstrained
from casava_contract.lowering.engine import Engine

_ENGINES: Final = MappingProxyType[str, Engine](
    {
        "llama-cpp": llama_cpp,
        "tensorrt-llm-xgrammar": tensorrt_llm_xgrammar,
        "tensorrt-llm-llguidance": tensorrt_llm_llguidance,
    }
)
ENGINES: Final = tuple(_ENGINES)


def named(name: str) -> Engine:
    """What Casava knows of the engine of that name; for any other name one that constrains nothing."""
    return _ENGINES.get(name, unconstrained)


__all__ = ["ENGINES", "Engine", "named"]
