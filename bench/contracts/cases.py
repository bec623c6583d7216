"""Ten contracts as people write them, each with an answer of 0.2 to 20 kB."""

import json
from random import Random
from typing import Any

_WORDS = ("the", "invoice", "was", "paid", "late", "and", "total", "differs", "from", "what", "parties", "agreed", "on")


def cases() -> dict[str, tuple[dict[str, Any], str]]:
    """Name to schema and valid answer."""
    rng = Random(7)
    return {
        "person": (_PERSON, _compact(_person(rng))),
        "order": (_ORDER, _pretty(_order(rng, 14))),
        "tool call": (_TOOL, _compact({"tool": "search", "arguments": {"query": _text(rng, 12), "limit": 5}})),
        "classify": (_CLASSIFY, _compact({"reasoning": _text(rng, 25), "label": "complaint", "confidence": 0.87})),
        "tree": (_TREE, _compact(_tree(rng, 5))),
        "numbers": (_NUMBERS, _compact({"values": [round(rng.uniform(-99, 99), 3) for _ in range(2_900)]})),
        "events": (_EVENTS, _compact([_event(rng) for _ in range(30)])),
        "resume": (_RESUME, _pretty(_resume(rng))),
        "map": (_MAP, _compact({f"sensor-{i}": {"ok": i % 3 > 0, "value": i / 4} for i in range(60)})),
        "report": (_REPORT, _pretty({"title": "Report", "sections": [_section(rng) for _ in range(12)]})),
        "rules": (_RULES, _compact({"ids": list(range(40)), "kind": "card", "number": "4111", "tags": ["a", "b"]})),
        "orders": ({"type": "array", "items": _ORDER}, _compact([_order(rng, 12) for _ in range(14)])),
    }


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _text(rng: Random, words: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(words))


def _closed(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_STRING: dict[str, Any] = {"type": "string"}
_PERSON = _closed(
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 80},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "email": {"type": "string", "format": "email"},
        "born": {"type": "string", "format": "date"},
        "bio": {"type": "string", "maxLength": 500},
    }
)
_ORDER = _closed(
    {
        "number": {"type": "string", "pattern": "^INV-[0-9]{6}$"},
        "date": {"type": "string", "format": "date"},
        "currency": {"enum": ["EUR", "USD", "JPY"]},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": _closed(
                {
                    "sku": _STRING,
                    "text": _STRING,
                    "count": {"type": "integer", "minimum": 1},
                    "price": {"type": "number", "minimum": 0},
                }
            ),
        },
        "total": {"type": "number", "minimum": 0},
    }
)
_TOOL = {
    "anyOf": [
        _closed({"tool": {"const": name}, "arguments": _closed(arguments)})
        for name, arguments in {
            "search": {"query": _STRING, "limit": {"type": "integer", "minimum": 1}},
            "fetch": {"url": _STRING},
            "mail": {"to": _STRING, "body": _STRING},
            "stop": {},
        }.items()
    ]
}
_CLASSIFY = _closed(
    {
        "reasoning": {"type": "string", "maxLength": 400},
        "label": {"enum": ["question", "complaint", "praise", "order"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    }
)
_TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": _closed({"name": _STRING, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}),
    },
}
_NUMBERS = _closed({"values": {"type": "array", "items": {"type": "number"}}})
_EVENTS = {
    "type": "array",
    "items": {
        "oneOf": [
            _closed({"type": {"const": "open"}, "at": {"type": "integer"}, "user": _STRING}),
            _closed({"type": {"const": "close"}, "at": {"type": "integer"}, "reason": _STRING}),
            _closed({"type": {"const": "error"}, "at": {"type": "integer"}, "code": {"type": "integer"}}),
        ]
    },
}
_RESUME = {
    "type": "object",
    "properties": {
        "name": _STRING,
        "phone": {"type": ["string", "null"]},
        "jobs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "company": _STRING,
                    "from": {"type": "integer"},
                    "to": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
                "required": ["company", "from"],
            },
        },
        "skills": {"type": "array", "items": _STRING, "maxItems": 50},
    },
    "required": ["name", "jobs"],
}
_MAP = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}, "value": {"type": "number"}},
        "required": ["ok"],
    },
}
_REPORT = _closed(
    {"title": _STRING, "sections": {"type": "array", "items": _closed({"heading": _STRING, "body": _STRING})}}
)
_RULES = {
    "type": "object",
    "properties": {
        "ids": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
        "kind": {"enum": ["card", "cash"]},
        "tags": {"type": "array", "contains": {"const": "a"}, "maxContains": 1},
    },
    "dependentRequired": {"number": ["kind"]},
    "if": {"properties": {"kind": {"const": "card"}}},
    "then": {"required": ["number"]},
}


def _person(rng: Random) -> dict[str, Any]:
    return {"name": "Ada Lovelace", "age": 36, "email": "ada@example.com", "born": "1815-12-10", "bio": _text(rng, 20)}


def _order(rng: Random, lines: int) -> dict[str, Any]:
    rows = [
        {"sku": f"A{i:04}", "text": _text(rng, 5), "count": rng.randint(1, 40), "price": rng.randint(1, 9_999) / 100}
        for i in range(lines)
    ]
    return {"number": "INV-004711", "date": "2026-11-24", "currency": "EUR", "lines": rows, "total": 1299.5}


def _tree(rng: Random, depth: int) -> dict[str, Any]:
    count = 3 if depth > 2 else rng.randint(0, 2) if depth else 0
    return {"name": _text(rng, 2), "children": [_tree(rng, depth - 1) for _ in range(count)]}


def _event(rng: Random) -> dict[str, Any]:
    kind = rng.choice(["open", "close", "error"])
    rest: dict[str, dict[str, Any]] = {
        "open": {"user": _text(rng, 1)},
        "close": {"reason": _text(rng, 4)},
        "error": {"code": rng.randint(1, 99)},
    }
    return {"type": kind, "at": rng.randint(10**9, 2 * 10**9), **rest[kind]}


def _resume(rng: Random) -> dict[str, Any]:
    jobs = [{"company": _text(rng, 3), "from": 2000 + i, "to": None if i == 9 else 2001 + i} for i in range(10)]
    return {"name": "Ada Lovelace", "phone": None, "jobs": jobs, "skills": [_text(rng, 1) for _ in range(20)]}


def _section(rng: Random) -> dict[str, Any]:
    return {"heading": _text(rng, 6), "body": _text(rng, 140)}
