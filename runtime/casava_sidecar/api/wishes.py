"""The member ``casava`` of a request: how this one answer is held to its contract."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from casava_contract.repair.rules import LOSSY_RULES
from casava_sidecar.api.checking import checked
from casava_sidecar.errors import bad_request
from casava_wire.config import ContractPolicy, Mode, Release, Step

MEMBER: Final = "casava"

_STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)
_LAST: Final = frozenset({"abort", "pass"})
_MOST_EDITS: Final = 1000
_FREE: Final = frozenset({"release", "events"})  # these change nothing of what a contract promises


class _Repair(BaseModel):
    model_config = _STRICT
    coercing: bool | None = None
    lossy: Annotated[list[str], Field(max_length=16)] | None = None
    max_edits: Annotated[int, Field(ge=1, le=_MOST_EDITS)] | None = None


class _Retry(BaseModel):
    model_config = _STRICT
    max_attempts: Annotated[int, Field(ge=1, le=5)] | None = None
    token_budget: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class Wishes(BaseModel):
    """What a request says of its contract's policy; None leaves a part of it as it is.

    ``events``: a stream says which values are complete. ``refusal``: the model may refuse, in a form of its own.
    """

    model_config = _STRICT
    mode: Mode | None = None
    on_violation: Annotated[list[Step], Field(min_length=1, max_length=4)] | None = None
    release: Release | None = None
    repair: _Repair | None = None
    retry: _Retry | None = None
    events: bool = False
    refusal: bool = False

    def over(self, policy: ContractPolicy) -> ContractPolicy:
        """The policy with what was said in place of its own."""
        said: dict[str, Any] = {
            name: value for name in ("mode", "release") if (value := getattr(self, name)) is not None
        }
        if self.on_violation is not None:
            said["on_violation"] = tuple(self.on_violation)
        if self.repair is not None:
            said["repair"] = policy.repair.model_copy(update=_said(self.repair))
        if self.retry is not None:
            said["retry"] = policy.retry.model_copy(update=_said(self.retry))
        return policy.model_copy(update=said)

    def check_free(self, contract: str) -> None:
        """Raises ApiError 400 where more is said than may be of a contract of the model, whose policy is its own."""
        bound = next((name for name in self.model_fields_set - _FREE if getattr(self, name) not in (None, False)), None)
        if bound is not None:
            allowed = "a request may choose 'release' and 'events'"
            where = f"{MEMBER}.{bound}"
            raise bad_request(
                f"'{where}' is for the contract '{contract}' to say: {allowed}.", where, "contract_policy"
            )


def parse_wishes(members: Mapping[str, Any]) -> Wishes:
    """Raises ApiError 400."""
    wishes = checked(Wishes, members, f"{MEMBER}.")
    steps = wishes.on_violation or []
    where = f"{MEMBER}.on_violation"
    if len(set(steps)) < len(steps):
        raise bad_request(f"Invalid value for '{where}': each step may be there once.", where)
    if any(step in _LAST for step in steps[:-1]):
        raise bad_request(f"Invalid value for '{where}': nothing follows 'abort' or 'pass'.", where)
    unknown = sorted(set((wishes.repair and wishes.repair.lossy) or ()) - LOSSY_RULES)
    if unknown:
        where = f"{MEMBER}.repair.lossy"
        raise bad_request(f"Invalid value for '{where}': the rules are {', '.join(sorted(LOSSY_RULES))}.", where)
    return wishes


def _said(wishes: BaseModel) -> dict[str, Any]:
    given = wishes.model_dump(exclude_none=True)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
