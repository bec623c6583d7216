"""The language that the engine really decodes: recognised, and sampled, byte by byte.

The recogniser is llguidance of the version inside xllamacpp, with the limits that llama.cpp leaves at their defaults.
"""

from functools import lru_cache
from random import Random

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


def sample(guide: str, random: Random, *, length: int = 400) -> str | None:
    """A random document of the engine's language; None when this walk came to no end within ``length`` bytes."""
    walker = matcher(guide)
    out = bytearray()
    while len(out) < length:
        options = allowed(walker)
        if walker.is_accepting() and (not options or random.random() < 0.4):
            return out.decode()
        if not options:
            return None  # a dead end: the engine ends the answer there, and the sidecar finds it incomplete
        byte = random.choice(_preferred(options, random, hurry=len(out) > length // 3))
        assert walker.consume_token(byte)
        out.append(byte)
    return None


def allowed(walker: llguidance.LLMatcher) -> list[int]:
    """The bytes that may come next."""
    if walker.is_stopped():
        return []
    mask = walker.compute_bitmask()
    return [byte for byte in range(_BYTES) if mask[byte // 8] >> (byte % 8) & 1]


def _preferred(allowed: list[int], random: Random, *, hurry: bool) -> list[int]:
    """Mostly bytes that end things or make short ones, so that documents end."""
    closing = [byte for byte in allowed if byte in b'"]}']
    if closing and random.random() < (0.8 if hurry else 0.3):
        return closing
    common = [byte for byte in allowed if byte in b'abkxyz019-.,:"{}[]tfn ']
    return common if common and random.random() < 0.85 else allowed
