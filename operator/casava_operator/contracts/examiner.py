"""Examines contracts beside the event loop, one at a time, and remembers what it found.

A contract is compiled in a thread, its work bounded by counts. A user's regular expression or grammar is tried in a
process first that can be killed: what it does not survive is never compiled here.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from casava_contract import ContractError
from casava_operator.contracts.accept import refusal
from casava_operator.contracts.entries import entries
from casava_operator.contracts.examine import Compared, Examined, compare_entries, examine, problem_of
from casava_operator.errors import Transient
from casava_operator.spec import CasavaModel
from casava_trial import TRIED, TrialError, Trials
from casava_wire.config import ContractEntry

REMEMBERED: Final = 4096  # contracts; a few kilobytes each
SECONDS_AT_ONCE: Final = 10.0  # of one reconcile: what was found is kept, and the rest follows

K = TypeVar("K")
V = TypeVar("V")


class Examiner:
    """Asks what contracts are worth. Every method may be called from any coroutine of the loop."""

    def __init__(self, trials: Trials, clock: Callable[[], float] = time.monotonic) -> None:
        self._trials = trials
        self._clock = clock
        self._known: OrderedDict[str, Examined] = OrderedDict()
        self._compared: OrderedDict[tuple[str, str], Compared] = OrderedDict()
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """End the process that contracts are tried in."""
        await asyncio.to_thread(self._trials.close)

    async def examine(self, entry: ContractEntry) -> Examined:
        """What a contract is worth."""
        key = _identity(entry)
        found = self._known.get(key)
        if found is None:
            async with self._turn:
                found = self._known.get(key) or await self._look(entry)
        self._known[key] = found
        _bound(self._known, key)
        return found

    async def compare(self, old: ContractEntry, new: ContractEntry) -> Compared:
        """How a version stands to the former one."""
        key = (_identity(old), _identity(new))
        found = self._compared.get(key)
        if found is None:
            for entry in (old, new):
                if (problem := (await self.examine(entry)).problem) is not None:
                    return Compared(reason=f"{entry.label} is refused: {problem}")
            async with self._turn:
                found = await asyncio.to_thread(compare_entries, old, new)
        self._compared[key] = found
        _bound(self._compared, key)
        return found

    async def accept(self, model: CasavaModel, engine: str) -> None:
        """Let the contracts of a model pass, whose references are resolved.

        Raises InvalidSpec for the first one that cannot be served on ``engine``, and Transient when looking at them
        takes longer than one reconcile may.
        """
        began = self._clock()
        for index, entry in enumerate(entries(model)):
            if self._clock() - began > SECONDS_AT_ONCE:
                raise Transient("its contracts are still being looked at", retry_after=1.0)
            error = refusal(model, index, entry, await self.examine(entry), engine)
            if error is not None:
                raise error

    async def _look(self, entry: ContractEntry) -> Examined:
        if entry.kind in TRIED:
            try:
                await self._trials.try_contract(entry.kind, entry.schema_text)
            except ContractError as error:
                return Examined(problem=problem_of(error))
            except TrialError as error:
                raise Transient(str(error)) from error
        return await asyncio.to_thread(examine, entry)


def _identity(entry: ContractEntry) -> str:
    """What the outcome depends on: neither the name nor the policy."""
    parts: Sequence[str] = (
        entry.kind,
        entry.schema_text,
        *(part for each in entry.rules for part in (each.rule, each.message)),
    )
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(f"{len(part)}:".encode())
        hashed.update(part.encode())
    return hashed.hexdigest()


def _bound(known: OrderedDict[K, V], used: K) -> None:
    known.move_to_end(used)
    while len(known) > REMEMBERED:
        known.popitem(last=False)
