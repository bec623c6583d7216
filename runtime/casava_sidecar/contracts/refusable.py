"""A schema under which the model may also refuse, in a form of its own: ``{"refusal": "..."}``."""

import json
from typing import Any, Final

import casava_contract
from casava_contract import Contract, ContractError, ErrorCode, Limits

_ANSWER: Final = "urn:casava:answer"
_REFUSAL: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"refusal": {"type": "string", "minLength": 1}},
    "required": ["refusal"],
    "additionalProperties": False,
}


def with_refusal(schema: str, limits: Limits) -> Contract:
    """The contract of an answer that keeps the schema or is a refusal. Raises ContractError."""
    alone = casava_contract.compile(schema, limits=limits)
    if not alone.validate(b'{"refusal": "no"}'):
        message = 'it takes {"refusal": "..."} as an answer, so that a refusal could not be told: close its objects'
        raise ContractError(ErrorCode.INVALID, message)
    either: dict[str, Any] = {"anyOf": [{"$ref": _ANSWER}, _REFUSAL]}
    declared = json.loads(alone.text)
    if isinstance(declared, dict) and "$schema" in declared:
        either = {"$schema": declared["$schema"], **either}
    return casava_contract.compile(json.dumps(either), limits=limits, resources={_ANSWER: alone.text})
