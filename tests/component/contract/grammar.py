"""The language that llama.cpp really decodes, looked into byte by byte.

The recogniser is llguidance of the version inside xllamacpp, with the limits that llama.cpp leaves at their defaults.
"""

from functools import lru_cache

import llguidance

_TOKENIZER = llguidance.LLTokenizer("byte")
_BYTES = 256


def matcher(guide: str) -> llguidance.LLMatcher:
    return _compiled(guide).deep_copy()


@lru_cache(maxsize=64)
def _compiled(guide: str) -> llguidance.LLMatcher:
    made = llguidance.LLMatcher(_TOKENIZER, f"%llguidance {{}}\nstart: %json {guide}", log_level=0)
    assert not made.is_error(), made.get_error()
    return made


def accepts(guide: str, document: str) -> bool:
    """Whether the engine could have decoded exactly this document."""
    tried = matcher(guide)
    data = list(document.encode())
    return tried.try_consume_tokens(data) == len(data) and tried.is_accepting()


def allowed(walker: llguidance.LLMatcher) -> list[int]:
    """The bytes that may come next."""
    if walker.is_stopped():
        return []
    mask = walker.compute_bitmask()
    return [byte for byte in range(_BYTES) if mask[byte // 8] >> (byte % 8) & 1]
