"""Whether the contracts of a model can be served as it asks. Pure: what each is worth was found out before."""

from typing import Final

from casava_operator.contracts.examine import Coverage, Examined, Problem
from casava_operator.errors import InvalidSpec
from casava_operator.spec import CasavaModel, OutputContractSpec
from casava_operator.spec.contracts import object_name
from casava_wire.config import ContractEntry, ContractPolicy, Mode

NOT_STRICT: Final = "contract.not_strict"


def refusal(model: CasavaModel, index: int, entry: ContractEntry, found: Examined, engine: str) -> InvalidSpec | None:
    """Why the contract at ``index`` of the spec cannot be served on ``engine``; None when it can."""
    said = model.spec.contracts[index]
    path = f"spec.contracts[{index}]"
    if found.problem is not None:
        if entry.reference is not None:
            fix = f"mend it in the next version, and refer to that (see OutputContract {object_name(entry.reference)})"
            return InvalidSpec(f"{path}.contractRef", f"{entry.reference} is refused: {found.problem}; {fix}")
        return InvalidSpec(f"{path}.{_member(found.problem)}", f"{said.name}: {found.problem}")
    late = not_strict(entry.policy.mode, found.on(engine))
    if late is not None:
        member = "mode" if said.mode is not None else "contractRef"
        return InvalidSpec(f"{path}.{member}", f"{entry.label}: {late}")
    return None


def not_strict(mode: Mode, coverage: Coverage) -> str | None:
    """Why strict cannot be promised on an engine; None where it can, or is not asked for."""
    late = coverage.late
    if mode != "strict" or late is None:
        return None
    return (
        f"mode strict cannot be promised: {late.keyword} at #{late.pointer} is judged only when the answer has ended, "
        "and what was released can turn out invalid; use mode validated, or remove the keyword"
    )


def not_strict_anywhere(spec: OutputContractSpec, found: Examined) -> Problem | None:
    """Why no engine could promise strict to an OutputContract that asks for it; each model is asked of its own."""
    said = [not_strict(spec.mode or ContractPolicy().mode, each) for each in found.engines]
    if not said or not all(said):
        return None
    late = found.engines[0].late
    return Problem(NOT_STRICT, said[0] or "", late.pointer if late else "")


def _member(problem: Problem) -> str:
    """The member of the entry to blame: the schema, or one of its rules."""
    parts = problem.pointer.split("/")
    if parts[:2] == ["", "rules"] and len(parts) > 2 and problem.code.startswith(("rule.", "limit.rules")):  # noqa: PLR2004
        return f"rules[{parts[2]}].{'.'.join(parts[3:])}".rstrip(".")
    return "schema"
