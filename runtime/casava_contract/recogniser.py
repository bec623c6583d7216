"""llguidance, of the version that is compiled into xllamacpp: tells whether the engine can use a grammar at all.

llama.cpp drops a grammar that llguidance refuses, and one that runs out of its limits while decoding, and goes on
unconstrained with no word to the caller. So nothing is sent to the engine that was not tried here first.
"""

from functools import cache, lru_cache
from typing import Final

import llguidance

from casava_contract.source.jsontext import dump

# A fraction of what llama.cpp allows (llguidance's defaults), so that what passes here has room to spare there.
_LIMITS: Final = llguidance.LLParserLimits(
    max_items_in_row=1_500,
    initial_lexer_fuel=500_000,
    step_lexer_fuel=100_000,
    step_max_items=25_000,
    max_lexer_states=50_000,
    max_grammar_size=200_000,
)


@cache
def _tokenizer() -> llguidance.LLTokenizer:
    return llguidance.LLTokenizer("byte")


def _grammar(guide: str) -> str:
    return f"%llguidance {{}}\nstart: %json {guide}"


def of_grammar(grammar: str) -> llguidance.LLMatcher:
    return llguidance.LLMatcher(_tokenizer(), grammar, log_level=0, limits=_LIMITS)


def refusal(guide: str) -> str:
    """Why the engine would drop the guide; "" when it takes it."""
    return refusal_of_grammar(_grammar(guide))


def refusal_of_grammar(grammar: str) -> str:
    """The same for a grammar in llguidance's own language."""
    tried = of_grammar(grammar)
    if not tried.is_error():
        tried.compute_bitmask()
    return str(tried.get_error()).partition("\n")[0]


def writes(guide_type: str, guide: str, answer: bytes) -> bool | None:
    """Whether an engine of llguidance's that is told this could write the answer. None: that is not known."""
    if guide_type == "json_schema":
        matcher = of_grammar(_grammar(guide))
    elif guide_type == "ebnf_grammar" and guide.startswith("%llguidance"):
        matcher = of_grammar(guide)
    else:
        return None
    taken = matcher.try_consume_tokens(list(answer))
    return None if matcher.is_error() else bool(taken == len(answer) and matcher.is_accepting())


@lru_cache(maxsize=4096)
def accepts_pattern(pattern: str) -> bool:
    return not refusal(dump({"type": "string", "pattern": pattern}))
