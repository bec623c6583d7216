"""Repairs as a policy allows them."""

from casava_contract import Contract
from casava_contract.repair import LOSSY_RULES, Policy, Repaired, repair
from casava_wire.config import RepairPolicy


def mend(contract: Contract, text: bytes, policy: RepairPolicy) -> Repaired | None:
    """The repaired answer, None where there is no repair. ``text`` came to an end of its own."""
    # A newer operator may name rules that this pod does not know yet: it has fewer ways to repair, and no others.
    lossy = frozenset(policy.lossy) & frozenset(LOSSY_RULES)
    allowed = Policy(coercing=policy.coercing, lossy=lossy, max_edits=policy.max_edits)
    return repair(contract, text, finished=True, policy=allowed)
