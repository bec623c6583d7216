"""The specs: their fields and rules, written once for the API server and for the operator. Pure."""

from casava_operator.spec.contracts import OutputContractSpec
from casava_operator.spec.fields import Spec
from casava_operator.spec.parse import (
    CONTRACT_NAME_FIX,
    MAX_NAME,
    NAME_FIX,
    CasavaModel,
    OutputContract,
    parse,
    parse_contract,
    parse_contract_file,
    parse_file,
)

__all__ = [
    "CONTRACT_NAME_FIX",
    "MAX_NAME",
    "NAME_FIX",
    "CasavaModel",
    "OutputContract",
    "OutputContractSpec",
    "Spec",
    "parse",
    "parse_contract",
    "parse_contract_file",
    "parse_file",
]
