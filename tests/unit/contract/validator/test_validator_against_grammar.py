"""Never later than a grammar: llguidance knows the earliest byte, of the spellings that it allows."""

import json
from itertools import permutations
from random import Random
from typing import Any

import llguidance
import pytest

from casava_contract import Contract, compile  # noqa: A004


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_INTEGER = {"type": "integer"}
_NODES = {"type": "array", "items": {"$ref": "#/$defs/node"}}
_CORPUS: dict[str, tuple[dict[str, Any], Any]] = {
    "person": (
        _closed(
            {
                "name": {"type": "string", "minLength": 1, "maxLength": 12},
                "age": {"type": "integer", "minimum": 0, "maximum": 150},
                "born": {"type": "string", "format": "date"},
            }
        ),
        {"name": "Ada", "age": 36, "born": "1815-12-10"},
    ),
    "invoice": (
        _closed(
            {
                "number": {"type": "string", "pattern": "^INV-[0-9]{4}$"},
                "currency": {"enum": ["EUR", "USD", "JPY"]},
                "total": {"type": "number", "minimum": 0},
                "paid": {"type": "boolean"},
            }
        ),
        {"number": "INV-0047", "currency": "USD", "total": 12.5, "paid": True},
    ),
    "calls": (
        {
            "anyOf": [
                _closed({"tool": {"const": "search"}, "query": {"type": "string"}}),
                _closed({"tool": {"const": "sum"}, "of": {"type": "array", "items": _INTEGER, "maxItems": 3}}),
                {"type": "null"},
            ]
        },
        {"tool": "sum", "of": [1, 23]},
    ),
    "tree": (
        {
            "$ref": "#/$defs/node",
            "$defs": {"node": _closed({"n": {"enum": ["a", "ab"]}, "c": _NODES})},
        },
        {"n": "ab", "c": [{"n": "a", "c": []}, {"n": "ab", "c": [{"n": "a", "c": []}]}]},
    ),
    "tuple": (
        {"type": "array", "prefixItems": [{"const": 1}, {"type": ["string", "null"]}], "items": False, "minItems": 2},
        [1, "x\\y"],
    ),
    "moves": (
        {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": {
                "anyOf": [
                    _closed({"to": {"enum": ["up", "upper"]}, "by": {"type": "integer", "minimum": 1, "maximum": 9}}),
                    _closed({"to": {"const": "halt"}}),
                ]
            },
        },
        [{"to": "upper", "by": 3}, {"to": "halt"}],
    ),
    "scores": (
        _closed(
            {
                "share": {"type": "number", "minimum": 0, "maximum": 1},
                "rank": {"type": "integer", "minimum": -3, "maximum": 120},
                "when": {"type": "string", "format": "date-time"},
            }
        ),
        {"share": 0.25, "rank": 17, "when": "2026-11-24T10:00:00Z"},
    ),
    "identity": (
        _closed({"id": {"type": "string", "format": "uuid"}, "code": {"type": "string", "maxLength": 4}}),
        {"id": "12345678-1234-1234-1234-123456789abc", "code": "ab1"},
    ),
    "address": (_closed({"ip": {"type": "string", "format": "ipv4"}, "at": {"type": "string", "format": "time"}}),
        {"ip": "10.0.200.1", "at": "12:30:45Z"}),
}  # fmt: skip

# What a grammar of llguidance does not know: other orders of keys, exponents, escapes of plain letters.
_FILLERS = (
    b"",
    b"e-9",
    b"e-1",
    b".5e1",
    b"0e-2",
    b"0",
    b"-9",
    b"-1",
    b"u0063",
    b"u006e",
    *(b"u00%02x" % char for char in b"0123456789-:TZ"),
)


@pytest.mark.parametrize("name", sorted(_CORPUS))
def test_an_answer_in_schema_order_dies_no_later_than_under_a_grammar(name: str) -> None:
    schema, document = _CORPUS[name]
    contract = compile(json.dumps(schema))
    base = json.dumps(document).encode()
    assert contract.validate(base) == ()
    assert _grammar_dies_at(schema, base) is None
    rng = Random(11)
    for _ in range(150):
        answer = _spoilt(base, rng)
        errors = contract.validator().feed(answer).errors
        ours, theirs = (errors[0].offset if errors else None), _grammar_dies_at(schema, answer)
        if theirs is not None and (ours is None or ours > theirs):
            assert _can_be_completed(contract, answer[: theirs + 1], document), (answer, ours, theirs)


def _spoilt(text: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(text))
    byte = bytes([rng.choice(b'{}[]":,\\abxktrufnle0123456789.-eE ')])
    kind = rng.randrange(4)
    if kind == 0:
        return text[:place] + byte + text[place:]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + byte + text[place + 1 :]
    return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


def _grammar_dies_at(schema: dict[str, Any], answer: bytes) -> int | None:
    guide = json.dumps({"x-guidance": {"whitespace_flexible": True}} | schema)
    grammar = llguidance.LLMatcher.grammar_from_json_schema(guide)
    matcher = llguidance.LLMatcher(llguidance.LLTokenizer("byte"), grammar, log_level=0)
    assert not matcher.is_error()
    taken = int(matcher.try_consume_tokens(list(answer)))
    return taken if taken < len(answer) else None


def _can_be_completed(contract: Contract, prefix: bytes, document: Any) -> bool:
    """Whether the grammar was wrong to give up: some end of a valid answer, after little, makes the prefix valid."""
    ends = {text[start:] for text in _orders(document) for start in range(len(text) + 1)}
    return any(contract.validate(prefix + filler + end) == () for filler in _FILLERS for end in ends)


def _orders(document: Any) -> list[bytes]:
    if not isinstance(document, dict):
        return [json.dumps(document).encode()]
    orders = [dict(order) for order in permutations(document.items())]
    return [json.dumps(order).encode() for order in [*orders, _reversed(document)]]


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(member) for name, member in reversed(value.items())}
    return [_reversed(element) for element in value] if isinstance(value, list) else value
