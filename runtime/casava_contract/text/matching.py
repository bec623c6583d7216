"""llguidance's matchers for whole answers, with limits below those of every engine that decodes with it."""

import json
import re
from functools import cache
from typing import Final

import llguidance

from casava_contract.errors import ContractError, ErrorCode, shorten


def limits(max_lexer_states: int) -> llguidance.LLParserLimits:
    """An ambiguous grammar costs the cube of the row: 200 items are 0.3 ms a byte, 1,500 are 50."""
    return llguidance.LLParserLimits(
        max_items_in_row=200,
        initial_lexer_fuel=500_000,
        step_lexer_fuel=50_000,
        step_max_items=10_000,
        max_lexer_states=max_lexer_states,
        max_grammar_size=100_000,
        precompute_large_lexemes=False,
    )


_LIMITS: Final = limits(max_lexer_states=25_000)  # some 0.5 kB each, shared by all answers to a contract
_PLACE: Final = re.compile(r"(?:at )?([0-9]+)\(([0-9]+)\): (.*)")
_LIMITED: Final = re.compile(r"too (?:large|big|many|complex|deep)|fuel|limit|exceed|max is", re.IGNORECASE)
_ASCII: Final = 0x80
_BYTES: Final = 256


@cache
def _tokenizer() -> llguidance.LLTokenizer:
    return llguidance.LLTokenizer("byte")


class Automaton:
    """A grammar, compiled once for all answers. They share what its lexer finds out on the way, and its limits too."""

    def __init__(self, lark: str) -> None:
        """Raises ContractError where llguidance does not take the grammar."""
        self._lark = lark
        self._first = _compiled(lark)

    def start(self) -> llguidance.LLMatcher:
        """For one answer."""
        return self._first.deep_copy()

    def renewed(self) -> llguidance.LLMatcher:
        """For an answer that ran out of limits which others may have used up: nothing is found out yet."""
        self._first = _compiled(self._lark)
        return self.start()


def _compiled(lark: str) -> llguidance.LLMatcher:
    grammar = json.dumps({"grammars": [{"lark_grammar": lark}]})  # by itself a text that begins with { is no Lark
    made = llguidance.LLMatcher(_tokenizer(), grammar, log_level=0, limits=_LIMITS)
    mask = made.deep_copy()
    if not made.is_error():
        mask.compute_bitmask()
    if mask.is_error():
        raise _refusal(mask.get_error())
    return made


def _refusal(error: str) -> ContractError:
    place = _PLACE.match(error)
    said = shorten(place[3] if place else error.partition("\n")[0], 200)
    line, column = (int(place[1]), int(place[2])) if place else (None, None)
    if _LIMITED.search(said):
        return ContractError(ErrorCode.LIMIT_GRAMMAR, f"too much work: {said}", line=line, column=column)
    return ContractError(ErrorCode.GRAMMAR, f"the grammar is not read: {said}", line=line, column=column)


def allowed(state: llguidance.LLMatcher) -> bytes:
    """The bytes that may come next, in order."""
    mask = state.compute_bitmask()
    return bytes(byte for byte in range(_BYTES) if mask[byte // 8] >> (byte % 8) & 1)


def described(allowed_bytes: bytes) -> list[str]:
    """Bytes in words: single characters, ranges of them, and what is beyond ASCII."""
    words: list[str] = []
    codes = [byte for byte in allowed_bytes if byte < _ASCII]
    start = 0
    for index, code in enumerate(codes):
        if index + 1 < len(codes) and codes[index + 1] == code + 1:
            continue
        first, last = shown(chr(codes[start])), shown(chr(code))
        words.append(first if index == start else f"{first} to {last}")
        start = index + 1
    if len(codes) < len(allowed_bytes):
        words.append("a character beyond ASCII")
    return words


def shown(text: str) -> str:
    """For a message: quoted, and what is not printable escaped."""
    return '"' + "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text) + '"'
