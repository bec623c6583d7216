"""Repair as error recovery: the cheapest edits that make an answer valid, each with its class, rule and place.

Nothing is invented: what was cut off is never closed, and of two readings that the contract allows none is chosen.
"""

from casava_contract.contract import Contract
from casava_contract.json_contract import JsonContract
from casava_contract.repair import engine, plaintext
from casava_contract.repair.model import Allowance, Edit, GaveUp, Policy, Reason, Repaired, replay
from casava_contract.repair.rules import LOSSY_RULES, RULES, EditClass, Rule

__all__ = [
    "LOSSY_RULES",
    "RULES",
    "Allowance",
    "Edit",
    "EditClass",
    "GaveUp",
    "Policy",
    "Reason",
    "Repaired",
    "Rule",
    "attempt",
    "repair",
    "replay",
]

_DEFAULT = Policy()
_TEXTS = frozenset({"regex", "choice", "lark", "gbnf"})


def repair(contract: Contract, text: bytes, *, finished: bool, policy: Allowance = _DEFAULT) -> Repaired | None:
    """A valid answer made of ``text``, or None where there is none that can be vouched for.

    ``finished``: the author ended the answer; False where it was cut off, by a limit of length for example. The result
    satisfies ``contract.validate``; a valid answer comes back as it is. Work is bounded by the length of the text.
    """
    outcome = attempt(contract, text, finished=finished, policy=policy)
    return outcome if isinstance(outcome, Repaired) else None


def attempt(contract: Contract, text: bytes, *, finished: bool, policy: Allowance = _DEFAULT) -> Repaired | GaveUp:
    """The same, and why there is none."""
    if isinstance(contract, JsonContract):
        return engine.repaired(contract, text, finished=finished, policy=policy)
    if contract.kind in _TEXTS:
        return plaintext.unwrapped(contract, text, finished=finished, policy=policy)
    return GaveUp(Reason.INVALID)
