"""Automata for ``pattern`` and ``format`` that tell whether the beginning of a text can still match.

They only ever widen: what they refuse, the oracle refuses. What they cannot tell is left to the oracle, which is asked
when the text has ended.
"""

from functools import lru_cache
from typing import Final

import llguidance

from casava_contract import recogniser
from casava_contract.schema.dialect import FORMATS as ASSERTED
from casava_contract.schema.dialect import Draft
from casava_contract.schema.formats import SHAPES
from casava_contract.schema.patterns import heavy, proven

_DIGIT: Final = {"d": "0-9", "D": "^0-9", "w": "0-9A-Za-z_", "W": "^0-9A-Za-z_"}
_LONGEST: Final = 500


def regex_of(pattern: str) -> str | None:
    """The whole texts that a pattern is found in, as an expression; None where it is not certain to mean the same."""
    if len(pattern) > _LONGEST or not proven(pattern) or heavy(pattern):
        return None
    body, before, after = pattern, "(?s:.*)", "(?s:.*)"
    if body.startswith("^"):
        body, before = body[1:], ""
    if body.endswith("$") and not body.endswith("\\$"):
        body, after = body[:-1], ""
    return f"{before}(?:{_ascii(body)}){after}"


def _ascii(body: str) -> str:
    """\\d and \\w in words that mean ASCII to every engine, and the dot without its exceptions."""
    pieces, inside, position = [], False, 0
    while position < len(body):
        char = body[position]
        if char == "\\":
            pieces.append(_escape(body[position + 1], inside=inside))
            position += 2
            continue
        if char == "[" and not inside:
            inside = True
        elif char == "]" and inside:
            inside = False
        pieces.append("(?s:.)" if char == "." and not inside else char)
        position += 1
    return "".join(pieces)


def _escape(char: str, *, inside: bool) -> str:
    if char in _DIGIT:
        return _DIGIT[char] if inside else f"[{_DIGIT[char]}]"
    return f"\\{char}"


def format_regex(form: object, draft: Draft) -> str | None:
    """All texts of a format that the draft asserts, and little more; None where there is no such expression."""
    return SHAPES.get(form) if isinstance(form, str) and form in ASSERTED[draft] else None


@lru_cache(maxsize=512)
def automaton(regex: str) -> llguidance.LLMatcher | None:
    """To be copied before use; None where the expression is too much for it."""
    grammar = llguidance.LLMatcher.grammar_from_regex(regex)
    made = recogniser.of_grammar(grammar)
    return None if made.is_error() else made
