"""What must hold for any bytes as a schema and any bytes as an answer. A breach is an exception."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from casava_contract import Contract, ContractError, State, compile  # noqa: A004

_DEEP: dict[str, Any] = {
    "$ref": "#/$defs/n",
    "$defs": {"n": {"properties": {"a": {"$ref": "#/$defs/n"}, "b": {"type": "integer"}}}},
}
_DATED = {"required": ["b"], "properties": {"b": {"type": "string", "format": "date"}}, "additionalProperties": False}
_SCHEMAS: tuple[Any, ...] = (
    True,
    {
        "type": "object",
        "properties": {"a": {"enum": ["ab", 1, None]}, "b": {"type": "number", "minimum": -5, "maximum": 1e9}},
    },
    {
        "type": "array",
        "uniqueItems": True,
        "items": {"maxLength": 5, "pattern": "^[a-f\u00e9]*$"},
        "contains": {"const": "a"},
    },
    {
        "oneOf": [
            {"required": ["a"], "properties": {"a": {"const": "x"}}},
            _DATED,
            {"type": "array", "prefixItems": [{"const": 1}], "unevaluatedItems": False},
        ]
    },
    {
        "not": {"required": ["a"]},
        "if": {"minProperties": 2},
        "then": {"required": ["b"]},
        "propertyNames": {"maxLength": 3},
    },
    {
        "patternProperties": {"^x": {"multipleOf": 0.1}},
        "unevaluatedProperties": {"type": "null"},
        "dependentSchemas": {"b": _DEEP},
        "$defs": _DEEP["$defs"],
    },
    _DEEP,
)
_ANSWERS = (b"1", b'{"a": {"b": 1}, "c": [1, "x", null]}', b'[1, 1.0, {"a": 2}, []]', b'"\\ud83d\\ude00 12"')
_OF_STREAMS = ("stream.", "limit.alternatives")


@cache
def contracts() -> tuple[Contract, ...]:
    return tuple(compile(json.dumps(schema)) for schema in _SCHEMAS)


def schema_holds(data: bytes) -> None:
    """compile() raises ContractError or makes a contract that judges every answer alike, whole and in pieces."""
    try:
        contract = compile(data.decode(errors="surrogateescape"))
    except ContractError as error:
        refusal = error
    else:
        contract.lower()
        for answer in _ANSWERS:
            answer_holds(contract, answer, [3, 7])
        return
    assert refusal.message
    assert refusal.status in {400, 422}


def answer_holds(contract: Contract, answer: bytes, cuts: Sequence[int]) -> None:
    """Any pieces get one verdict, the one of the whole answer unless a stream's own limit was met."""
    validator = contract.validator()
    start = 0
    for cut in [*sorted(cut for cut in cuts if cut < len(answer)), len(answer)]:
        state = validator.feed(answer[start:cut]).state
        start = cut
        assert state in {State.OPEN, State.COMPLETE, State.DEAD}
    final = validator.finish()
    whole = contract.validator()
    whole.feed(answer)
    assert whole.finish().errors == final.errors
    validator.partial()
    assert validator.offset <= contract.limits.output_bytes
    own = any(error.code.startswith(_OF_STREAMS) for error in final.errors)
    violations = contract.validate(answer)
    assert own or (final.state is State.VALID) == (violations == ()), (final, violations)
    assert not (own and final.state is State.VALID)
