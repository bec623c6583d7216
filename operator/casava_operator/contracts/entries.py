"""From the contracts of a spec to what the pods read: references resolved, defaults filled in. Pure."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from casava_operator.errors import InvalidSpec
from casava_operator.spec import CasavaModel, OutputContractSpec
from casava_operator.spec.contracts import STRICT_FIX, Contract, object_name, strict_is_possible
from casava_wire.config import ContractEntry, ContractPolicy, ContractRule, ContractSet, RepairPolicy, RetryPolicy

# A ConfigMap holds 1 MiB, and the object around the text has its share.
MAX_FILE: Final = 960 * 1024

Look = Callable[[str], OutputContractSpec | None]


def references(model: CasavaModel) -> tuple[str, ...]:
    """``contract@version`` of every OutputContract that the spec refers to."""
    return tuple(each.contract_ref for each in model.spec.contracts if each.contract_ref is not None)


def resolve(model: CasavaModel, carried: Mapping[str, OutputContractSpec], look: Look) -> CasavaModel:
    """The model with the OutputContracts that it refers to.

    ``carried`` are those of the last accepted spec: they stay what they are, whatever has become of the objects.
    ``look`` finds the others. Raises InvalidSpec for one that is not there.
    """
    found: dict[str, OutputContractSpec] = {}
    for index, contract in enumerate(model.spec.contracts):
        reference = contract.contract_ref
        if reference is None:
            continue
        spec = carried.get(reference) or look(reference)
        path = f"spec.contracts[{index}].contractRef"
        if spec is None:
            raise InvalidSpec(
                path,
                f"there is no OutputContract {object_name(reference)} in namespace {model.namespace}: apply it, or "
                "refer to a version that is there",
            )
        found[reference] = spec
        merged = _merged(contract, spec)
        if not strict_is_possible(merged):
            raise InvalidSpec(path, f"{reference}: {STRICT_FIX}")
    resolved = model.model_copy(update={"referred": found})
    size = len(contract_set(resolved).to_json().encode())
    if size > MAX_FILE:
        raise InvalidSpec(
            "spec.contracts",
            f"the contracts take {size >> 10} KiB together with those referred to, and {MAX_FILE >> 10} KiB fit: split "
            "the model, or shorten the schemas",
        )
    return resolved


def carried_by(revision: Mapping[str, Any] | None) -> dict[str, OutputContractSpec]:
    """The OutputContracts that an accepted spec carries, by their references; but for what this version cannot read."""
    kept = ((revision or {}).get("data") or {}).get("contracts") or {}
    found: dict[str, OutputContractSpec] = {}
    for reference, spec in kept.items():
        with suppress(ValidationError):
            found[str(reference)] = OutputContractSpec.model_validate(spec)
    return found


def contract_set(model: CasavaModel) -> ContractSet:
    """contracts.json of a model whose references are resolved."""
    return ContractSet(contracts=entries(model))


def entries(model: CasavaModel) -> tuple[ContractEntry, ...]:
    """One entry for each contract of the spec, in the same order. KeyError for a reference that is not resolved."""
    return tuple(
        _inline(contract) if contract.contract_ref is None else _referred(contract, model.referred)
        for contract in model.spec.contracts
    )


def entry_of(spec: OutputContractSpec) -> ContractEntry:
    """An OutputContract by itself, as a model would serve it that refers to it and overrides nothing."""
    return ContractEntry(
        name=spec.contract,
        version=spec.version,
        kind=spec.type,
        schema_text=spec.schema_text,
        rules=_rules(spec),
        policy=_policy(spec),
    )


def _inline(contract: Contract) -> ContractEntry:
    return ContractEntry(
        name=contract.name,
        kind=contract.type or "json_schema",
        schema_text=contract.schema_text or "",
        rules=_rules(contract),
        policy=_policy(contract),
    )


def _referred(contract: Contract, referred: Mapping[str, OutputContractSpec]) -> ContractEntry:
    spec = referred[contract.contract_ref or ""]
    other = {} if contract.name == spec.contract else {"contract": spec.contract}
    return entry_of(spec).model_copy(
        update={"name": contract.name, **other, "policy": _policy(_merged(contract, spec))}
    )


def _merged(contract: Contract, spec: OutputContractSpec) -> OutputContractSpec:
    """The OutputContract with what the model's entry sets in place of its own."""
    members = ("mode", "on_violation", "repair", "retry", "release")
    own = {name: value for name in members if (value := getattr(contract, name)) is not None}
    return spec.model_copy(update=own)


def _rules(said: Contract | OutputContractSpec) -> tuple[ContractRule, ...]:
    return tuple(ContractRule(rule=each.rule, message=each.message) for each in said.checks)


def _policy(said: Contract | OutputContractSpec) -> ContractPolicy:
    default = ContractPolicy()
    repair, retry = said.repair, said.retry
    return ContractPolicy(
        mode=said.mode or default.mode,
        on_violation=said.on_violation or default.on_violation,
        repair=RepairPolicy(coercing=repair.coercing, lossy=repair.lossy, max_edits=repair.max_edits)
        if repair
        else default.repair,
        retry=RetryPolicy(max_attempts=retry.max_attempts, token_budget=retry.token_budget) if retry else default.retry,
        release=said.release,
    )
