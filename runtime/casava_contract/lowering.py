"""A contract in the terms of an engine, and how much of it that engine enforces."""

from casava_contract import llama_cpp
from casava_contract.graph import Graph
from casava_contract.report import CoverageEntry, Enforcer, Guarantee, Lowering


def lower(graph: Graph, engine: str) -> Lowering:
    """An engine that Casava does not know runs unconstrained: the finished answer is validated all the same."""
    if engine == "llama-cpp":
        guide, coverage = llama_cpp.lower(graph)
        return Lowering("json_schema", guide, coverage, guarantee(coverage))
    reason = "Casava does not know this engine"
    coverage = (CoverageEntry("", "", Enforcer.SIDECAR_FINAL, reason),)
    return Lowering("", "", coverage, Guarantee.NONE)


def guarantee(coverage: tuple[CoverageEntry, ...]) -> Guarantee:
    """Computed, never configured: full only where nothing is left to the sidecar."""
    enforcers = {entry.enforced_by for entry in coverage} - {Enforcer.ANNOTATION}
    if Enforcer.ENGINE not in enforcers:
        return Guarantee.NONE
    return Guarantee.PARTIAL if Enforcer.SIDECAR_FINAL in enforcers else Guarantee.FULL
