"""What was found to hurt, kept: schemas and answers that once ended in anything but a verdict or a ContractError."""

import json
from typing import Any

import pytest

from casava_contract import Satisfiable, compile  # noqa: A004

# Recursion with unevaluated...: the normal form never ends, and takes the process with it.
_ENDLESS: list[Any] = [
    {"if": {}, "then": {"then": {"prefixItems": [{"unevaluatedItems": False, "$ref": "#"}]}}},
    {
        "maxProperties": 3,
        "if": {"minItems": 2},
        "then": {"prefixItems": [{"unevaluatedItems": False, "not": {"const": 1}, "$ref": "#"}]},
    },
    {"properties": {"a": {"$ref": "#", "unevaluatedProperties": False}}, "unevaluatedProperties": False},
]


@pytest.mark.parametrize("schema", _ENDLESS)
def test_a_schema_whose_normal_form_never_ends_is_not_brought_into_it(schema: Any) -> None:
    contract = compile(json.dumps(schema))
    assert contract.satisfiable is Satisfiable.UNKNOWN
    assert contract.validate(b"1") == ()
