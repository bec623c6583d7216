"""Work is counted, never timed: the same answer ends the same way on every machine."""

from typing import Final

from casava_contract.repair.model import Reason

_BASE: Final = 20_000


class GiveUpError(Exception):
    """The whole repair ends here."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Work:
    """A unit is a token looked at, or about 16 bytes held against the contract. A longer answer may cost more."""

    __slots__ = ("left",)

    def __init__(self, length: int) -> None:
        self.left = _BASE + length // 2

    def spend(self, units: int = 1) -> None:
        self.left -= units
        if self.left < 0:
            raise GiveUpError(Reason.WORK)
