"""The model's own contracts, as the operator mounted them.

The kubelet replaces the directory by one atomic rename of a symlink, so a cheap look at the file's identity tells. A
new set is compiled whole before it replaces the old one; requests that run keep the contract they started with, because
they hold the object itself.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final

from pydantic import ValidationError

import casava_contract
from casava_contract import Contract, ContractError
from casava_contract.rules import Rule
from casava_trial import TRIED, TrialError, Trials
from casava_wire.config import ContractEntry, ContractPolicy, ContractSet

log: Final = logging.getLogger(__name__)

_FILE_BYTES: Final = 2 * 1024 * 1024  # more than a ConfigMap can hold


class InvalidContractsError(ValueError):
    """contracts.json cannot be served. The text names the contract and says why."""


@dataclass(frozen=True, slots=True)
class Named:
    """A contract of the model. ``label`` is what headers, metrics and messages call it: ``invoice@3`` or its name."""

    name: str
    label: str
    contract: Contract
    policy: ContractPolicy


@dataclass(frozen=True, slots=True)
class Served:
    """A set of contracts that compiled, by name. ``digest`` is that of the file."""

    digest: str = ""
    contracts: Mapping[str, Named] = field(default_factory=dict)
    references: Mapping[str, Named] = field(default_factory=dict)

    def find(self, asked: str) -> Named | None:
        """The contract of that name, or of that ``contract@version``."""
        return self.contracts.get(asked) or self.references.get(asked)

    @property
    def known(self) -> tuple[str, ...]:
        """All that may be asked for."""
        return (*self.contracts, *(one for one in self.references if one not in self.contracts))


class ContractStore:
    """What is served now, and why a newer file was refused. Call ``refresh`` once a second."""

    def __init__(self, path: Path, trials: Trials, compiled: Callable[[float], None] | None = None) -> None:
        """``trials`` tries expressions and grammars first. ``compiled`` is told the seconds that each contract took."""
        self._path = path
        self._trials = trials
        self._compiled = compiled
        self._seen: tuple[int, int, int] | None = None
        self._looked = False
        self.served = Served()
        self.error = ""
        self.loaded = False  # some set was accepted; an absent file is an empty set

    async def refresh(self) -> None:
        """Looks at the file, and compiles it off the event loop when it is another one."""
        identity = _identity(self._path)
        if self._looked and identity == self._seen:
            return
        try:
            served = Served() if identity is None else await self._load()
        except InvalidContractsError as error:
            self.error = str(error)
            log.warning("contracts refused", extra={"error": self.error, "served_digest": self.served.digest})
        except TrialError:
            self.error = "contracts.json cannot be tried: no process can be started for it"
            return
        except OSError as error:
            # Between two looks of the kubelet the link may dangle: look again.
            self.error = f"contracts.json cannot be read: {error.strerror}"
            return
        else:
            self.served, self.error, self.loaded = served, "", True
            log.info("contracts served", extra={"digest": served.digest, "contracts": sorted(served.contracts)})
        self._seen, self._looked = identity, True

    async def _load(self) -> Served:
        return await asyncio.to_thread(load, self._path, self._trials, self._compiled)


def load(path: Path, trials: Trials, compiled: Callable[[float], None] | None = None) -> Served:
    """Every contract of the file, compiled in the seconds that ``compiled`` is told.

    Raises InvalidContractsError, TrialError or OSError.
    """
    with path.open("rb") as file:
        content = file.read(_FILE_BYTES + 1)
    if len(content) > _FILE_BYTES:
        raise InvalidContractsError(f"contracts.json has more than {_FILE_BYTES} bytes")
    try:
        entries = ContractSet.model_validate_json(content).contracts
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path_of = ".".join(str(step) for step in first["loc"])
        raise InvalidContractsError(f"contracts.json: {path_of or 'it'}: {first['msg']}") from None
    contracts: dict[str, Named] = {}
    references: dict[str, Named] = {}
    for entry in entries:
        if entry.name in contracts or entry.reference in references:
            raise InvalidContractsError(f"contract '{entry.label}' is there twice: give each a name of its own")
        begin = perf_counter()
        named = _compiled(entry, trials)
        if compiled is not None:
            compiled(perf_counter() - begin)
        contracts[entry.name] = named
        if entry.reference is not None:
            references[entry.reference] = named
    return Served("sha256:" + hashlib.sha256(content).hexdigest(), contracts, references)


def _compiled(entry: ContractEntry, trials: Trials) -> Named:
    rules = [Rule(rule.rule, rule.message) for rule in entry.rules]
    try:
        if entry.kind in TRIED:
            trials.try_contract_sync(entry.kind, entry.schema_text, rules=rules)
        contract = casava_contract.compile(entry.schema_text, kind=entry.kind, rules=rules)
    except ContractError as error:
        raise InvalidContractsError(f"contract '{entry.label}': {error}") from None
    contract.lower()  # computed once and kept: here rather than when the first request asks
    return Named(entry.name, entry.label, contract, entry.policy)


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
