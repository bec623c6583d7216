"""From what an engine takes over to who enforces what, and when."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from casava_contract.errors import ContractError
from casava_contract.report import CoverageEntry, Enforcer, Guarantee, Lowering, Timing

DUPLICATE_KEYS: Final = "(duplicate keys)"  # no keyword: the rule that no key comes twice
RULES: Final = "rules"

_ASSERTED: Final = frozenset({Enforcer.ENGINE, Enforcer.SIDECAR_EARLY, Enforcer.SIDECAR_FINAL})


def guarantee(coverage: Sequence[CoverageEntry]) -> Guarantee:
    """Computed, never configured: full only where nothing is left to the sidecar."""
    enforcers = {entry.enforced_by for entry in coverage} & _ASSERTED
    if Enforcer.ENGINE not in enforcers:
        return Guarantee.NONE
    return Guarantee.FULL if enforcers == {Enforcer.ENGINE} else Guarantee.PARTIAL


def settled(lowering: Lowering, timing: Callable[[str], Timing | None], rules: int = 0) -> Lowering:
    """The lowering with what it leaves to the sidecar told apart by when it is found, and the contract's rules added.

    ``timing`` is the contract's; ``rules`` counts its rules, which need the finished value.
    """
    coverage = [_timed(entry, timing) for entry in lowering.coverage]
    reason = "a rule is about the finished value"
    coverage += [CoverageEntry(f"/{RULES}/{i}", RULES, Enforcer.SIDECAR_FINAL, reason) for i in range(rules)]
    promised = guarantee(coverage) if lowering.guide_type else Guarantee.NONE
    return replace(lowering, coverage=tuple(coverage), guarantee=promised)


def refused(error: ContractError) -> CoverageEntry:
    """The line of a report on a contract that was not accepted."""
    return CoverageEntry(error.pointer, error.pointer.rpartition("/")[2], Enforcer.REFUSED, error.message)


def _timed(entry: CoverageEntry, timing: Callable[[str], Timing | None]) -> CoverageEntry:
    if entry.enforced_by is not Enforcer.SIDECAR_FINAL:
        return entry
    early = entry.keyword == DUPLICATE_KEYS or timing(entry.pointer) in {Timing.BYTE, Timing.VALUE}
    return replace(entry, enforced_by=Enforcer.SIDECAR_EARLY) if early else entry
