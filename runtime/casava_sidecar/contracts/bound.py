"""A contract bound to one request: what the engine is told, and what the answer's headers promise. Pure."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from casava_contract import Contract, CoverageEntry, Enforcer
from casava_sidecar.engine.tensors import Guide
from casava_sidecar.errors import ApiError
from casava_wire import http as names
from casava_wire.config import ContractPolicy

OFF: Final = "engine=none; sidecar=none; mode=off"
INLINE: Final = "inline"  # in metrics, where a name chosen by a client must not become a label

_DEFAULT: Final = ContractPolicy()
_GUIDED: Final = frozenset({"strict", "validated"})
_WHOLE: Final = "#"  # the contract itself, as a pointer in the form of a URI's fragment
_MOST_LISTED: Final = 20
_HEADER_BYTES: Final = 2048


@dataclass(frozen=True, slots=True)
class Bound:
    """A contract and what it means on one engine. It keeps this meaning to the end of the request.

    ``withheld``: what the engine would be told if it was to be constrained. ``unenforced``: pointers of what nobody
    enforces; an empty tuple is a promise. ``events``: a stream says which subtrees are complete. ``refusable``: the
    contract also takes ``{"refusal": "..."}``, which then is no answer.
    """

    name: str
    label: str  # in metrics: the name of one of the model's contracts, or INLINE
    contract: Contract
    guide: Guide | None
    engine: str  # full | partial | none: what the engine guarantees by itself
    policy: ContractPolicy = _DEFAULT
    events: bool = False
    refusable: bool = False
    unenforced: tuple[str, ...] = ()
    withheld: Guide | None = None

    @property
    def off(self) -> bool:
        """The contract is named in the headers and has no other effect."""
        return self.policy.mode == "off"

    def headers(self) -> dict[str, str]:
        sidecar = "full" if enforced(self.policy) else "none"
        return {
            names.CONTRACT: f"{self.name}; digest={self.contract.digest}",
            names.GUARANTEE: f"engine={self.engine}; sidecar={sidecar}; mode={self.policy.mode}",
            names.UNENFORCED: _listed(self.unenforced),
        }


def enforced(policy: ContractPolicy) -> bool:
    """Whether the sidecar lets no answer through that breaks the contract."""
    return policy.mode in _GUIDED and "pass" not in policy.on_violation


def bind(
    name: str,
    label: str,
    contract: Contract,
    guides: tuple[str, ...],
    *,
    policy: ContractPolicy = _DEFAULT,
    events: bool = False,
    refusable: bool = False,
    engine: str = "llama-cpp",
    param: str = "response_format",
) -> Bound:
    """``guides``: the kinds of guide that the running engine obeys. One that it does not obey guarantees nothing.

    Raises ApiError 422 where ``policy`` is strict and the contract or the policy cannot be.
    """
    lowering = contract.lower(engine)
    if policy.mode == "strict":
        _check_strict(name, lowering.coverage, policy, param)
    guide = Guide(lowering.guide_type, lowering.guide) if lowering.guide_type in guides else None
    # A guide changes what the model writes: who only observes sends none.
    guided = policy.mode in _GUIDED and guide is not None
    if policy.mode not in _GUIDED:
        unenforced: tuple[str, ...] = (_WHOLE,)
    elif enforced(policy):
        unenforced = _pointers(lowering.unenforced)
    else:
        unenforced = _pointers(lowering.left + lowering.unenforced) if guided else (_WHOLE,)
    return Bound(
        name=name,
        label=label,
        contract=contract,
        guide=guide if guided else None,
        engine=str(lowering.guarantee) if guided else "none",
        policy=policy,
        events=events,
        refusable=refusable,
        unenforced=unenforced,
        withheld=None if guided else guide,
    )


def _check_strict(name: str, coverage: tuple[CoverageEntry, ...], policy: ContractPolicy, param: str) -> None:
    """Strict promises that no byte is released that turns out invalid later, so that nothing may wait for the end."""
    late = [entry for entry in coverage if entry.enforced_by is Enforcer.SIDECAR_FINAL]
    if late:
        listed = ", ".join(f"{entry.keyword} at {entry.pointer[:100] or 'the root'}" for entry in late[:3])
        keywords = [{"pointer": entry.pointer, "keyword": entry.keyword, "reason": entry.reason} for entry in late]
        raise ApiError(
            422,
            f"The contract '{name}' cannot be strict: {listed} can only be checked when the answer has ended. "
            "Use the mode validated.",
            param=param,
            code="contract_not_strict",
            details={"keywords": keywords[:_MOST_LISTED]},
        )
    if "repair" in policy.on_violation:
        raise ApiError(
            422,
            f"The contract '{name}' is strict, and strict allows no repair: take 'repair' out of on_violation, or use "
            "the mode validated.",
            param=param,
            code="repair_in_strict",
        )


def _pointers(entries: tuple[CoverageEntry, ...]) -> tuple[str, ...]:
    # What is no keyword, such as the rule that no key comes twice, is named beside the place where it holds.
    return tuple(
        f"{_WHOLE}{entry.pointer}" + (f" {entry.keyword}" if entry.keyword.startswith("(") else "") for entry in entries
    )


def _listed(pointers: tuple[str, ...]) -> str:
    """Pointers as fragments of a URI, which are ASCII; those for which there is no room are counted."""
    shown: list[str] = []
    size = 0
    for pointer in pointers[:_MOST_LISTED]:
        text = quote(pointer, safe="#/:@!$&'()*+=~ ")
        size += len(text) + 2
        if size > _HEADER_BYTES:
            break
        shown.append(text)
    more = len(pointers) - len(shown)
    return ", ".join(shown) + (f"; more={more}" if more else "")
