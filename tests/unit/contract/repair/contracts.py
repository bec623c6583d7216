"""The contracts that the corpus is held against."""

import json
from functools import cache
from typing import Any, Final

from casava_contract import Contract, compile  # noqa: A004

_STRING: Final = {"type": "string"}
_ADDRESS: Final = {"type": "object", "properties": {"city": _STRING, "zip": _STRING}, "additionalProperties": False}
_LINE: Final = {
    "type": "object",
    "properties": {"sku": _STRING, "count": {"type": "integer", "minimum": 1}},
    "required": ["sku", "count"],
    "additionalProperties": False,
}
_INVOICE: Final = {
    "type": "object",
    "properties": {
        "total": {"type": "number", "minimum": 0},
        "note": {"type": ["string", "null"]},
        "paid": {"type": "boolean"},
        "count": {"type": "integer"},
        "tags": {"type": "array", "items": _STRING},
        "marks": {"type": "array", "items": {"type": ["number", "null"]}},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "address": {"$ref": "#/$defs/address"},
        "discount": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "level": {"enum": [1, 2, 3]},
        "status": {"enum": ["open", "paid", "in_progress", "cancelled"]},
    },
    "required": ["total"],
    "additionalProperties": False,
    "$defs": {"address": _ADDRESS, "line": _LINE},
}


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


SCHEMAS: Final[dict[str, Any]] = {
    "invoice": _INVOICE,
    "seen": _closed({"total": {"type": "number"}, "seen": {"type": ["string", "null"]}}, "total", "seen"),
    "currency": _closed({"total": {"type": "number"}, "currency": {"type": "string", "default": "EUR"}}, "currency"),
    "defaults": _closed({"a": {"type": "integer", "default": 1}, "b": {"default": ["x"]}}, "a", "b"),
    "payment": {
        "oneOf": [
            _closed({"kind": {"const": "card"}, "number": _STRING}, "kind", "number"),
            _closed({"kind": {"const": "cash"}, "number": {"type": "integer"}}, "kind", "number"),
        ]
    },
    "either": _closed({"v": {"anyOf": [{"type": "array", "items": _STRING}, {"type": "number"}]}}, "v"),
    "sizes": _closed({"size": {"enum": ["sm", "so", "xl"]}}, "size"),
    "status": {"enum": ["open", "paid"]},
    "number": {"type": "number"},
    "open": {"type": "object"},
}


@cache
def contract(name: str) -> Contract:
    return compile(json.dumps(SCHEMAS[name]))
