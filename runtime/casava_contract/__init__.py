"""Output contracts: compiled once, held against every answer. Pure: no sockets, no clock, work bounded by count."""

from casava_contract.compiler import KINDS, Kind, compile, json_object  # noqa: A004 - the name says what it does
from casava_contract.contract import Contract, Validator
from casava_contract.errors import ContractError, ErrorCode
from casava_contract.json_contract import JsonContract
from casava_contract.limits import Limits
from casava_contract.lowering import ENGINES
from casava_contract.report import CoverageEntry, Enforcer, Guarantee, Lowering, Satisfiable, Timing, Violation
from casava_contract.rules import Rule
from casava_contract.text.contract import TextContract
from casava_contract.verdict import Completed, Diagnostic, Partial, State, Verdict

__all__ = [
    "ENGINES",
    "KINDS",
    "Completed",
    "Contract",
    "ContractError",
    "CoverageEntry",
    "Diagnostic",
    "Enforcer",
    "ErrorCode",
    "Guarantee",
    "JsonContract",
    "Kind",
    "Limits",
    "Lowering",
    "Partial",
    "Rule",
    "Satisfiable",
    "State",
    "TextContract",
    "Timing",
    "Validator",
    "Verdict",
    "Violation",
    "compile",
    "json_object",
]
