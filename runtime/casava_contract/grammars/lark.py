"""Lark as llguidance reads it, without what is about more than text: tokens, sampling, other grammars.

llguidance itself says what else is wrong with a grammar. Lexemes are greedy there, and lazy where a rule says so.
"""

import json
import re
from typing import Final

from casava_contract.errors import ErrorCode
from casava_contract.grammars.reader import Reader
from casava_contract.limits import Limits

_TRIVIA: Final = re.compile(r"(?:\s|//[^\n]*|#[^\n]*)+")
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_REGEX: Final = re.compile(r"/(?![/*])(?:[^/\\\n]|\\.)+/")
_NAME: Final = re.compile(r"[A-Za-z_!?][A-Za-z0-9_-]*")
_JSON: Final = re.compile(r"%(json|regex|llguidance|lark)\b[ \t\r\n]*(?=\{)")
_OPERATORS: Final = 8  # of & and ~ together: each may double the work (measured: 0.4 s at 10, minutes at 30)
_OPTION: Final = re.compile(r"[ \t]*=(?!=)")
_REFUSED: Final = {
    "max_tokens": "a count of tokens means something else to each model",
    "temperature": "a contract says nothing of sampling",
    "stop": "what ends the text would be hidden: write suffix= or lazy",
    "stop_capture": "nothing is captured here",
}


def check(text: str, limits: Limits) -> int:
    """The number of its parts. Raises ContractError with line and column."""
    reader = Reader(text, limits, limits.schema_nodes, ErrorCode.LIMIT_GRAMMAR)
    operators = 0
    while True:
        reader.match(_TRIVIA)
        if reader.ended:
            return reader.parts
        operators += reader.peek() in {"&", "~"}
        if operators > _OPERATORS:
            reader.fail(ErrorCode.LIMIT_GRAMMAR, f"more than {_OPERATORS} of the operators & and ~")
        reader.count()
        _part(reader)


def _part(reader: Reader) -> None:
    start = reader.at
    if reader.match(_STRING) or reader.match(_REGEX):
        return
    name = reader.match(_NAME)
    if name:
        if name[0] in _REFUSED and _OPTION.match(reader.text, reader.at):
            reader.fail(ErrorCode.GRAMMAR, f"{name[0]}=: {_REFUSED[name[0]]}", start)
        return
    block = reader.match(_JSON)
    if block:
        _json(reader, block[1], start)
        return
    if reader.peek() == "<":
        reader.fail(ErrorCode.GRAMMAR, "a contract is about text: write the text, not a special token of a model")
    if reader.peek() == "@":
        reader.fail(ErrorCode.GRAMMAR, "there is one grammar: write the rules here instead of @name")
    reader.at += 1


def _json(reader: Reader, word: str, start: int) -> None:
    if word == "lark":
        reader.fail(ErrorCode.GRAMMAR, "a grammar inside of the grammar: write its rules here", start)
    try:
        value, reader.at = json.JSONDecoder().raw_decode(reader.text, reader.at)
    except (ValueError, RecursionError):
        reader.fail(ErrorCode.GRAMMAR, f"%{word} is followed by no JSON object")
    if word == "llguidance" and value:
        reader.fail(ErrorCode.GRAMMAR, "%llguidance takes no options here: write %llguidance {}", start)
