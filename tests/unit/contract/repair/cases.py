"""What an entry of the corpus is."""

from dataclasses import KW_ONLY, dataclass

from casava_contract.repair import GaveUp, Policy, Reason, Repaired, attempt
from tests.unit.contract.repair.contracts import contract

Edited = tuple[str, str, int, str, str]  # rule, pointer, offset in bytes, before, after


@dataclass(frozen=True)
class Said:
    """An answer, and what a repair of it may do."""

    name: str
    said: str | bytes
    _: KW_ONLY
    contract: str = "invoice"
    finished: bool = True
    coercing: bool = False
    lossy: tuple[str, ...] = ()
    max_edits: int = 64

    @property
    def answer(self) -> bytes:
        return self.said if isinstance(self.said, bytes) else self.said.encode()

    @property
    def policy(self) -> Policy:
        return Policy(coercing=self.coercing, lossy=frozenset(self.lossy), max_edits=self.max_edits)

    def attempt(self) -> Repaired | GaveUp:
        return attempt(contract(self.contract), self.answer, finished=self.finished, policy=self.policy)


@dataclass(frozen=True)
class Mend(Said):
    wanted: str = ""
    edits: tuple[Edited, ...] = ()


@dataclass(frozen=True)
class Refuse(Said):
    reason: Reason = Reason.INVALID
