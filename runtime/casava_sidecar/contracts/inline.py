"""Contracts that come with a request: compiled off the event loop, kept for the next request that brings the same."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Final, Literal
from weakref import WeakKeyDictionary

import casava_contract
from casava_contract import Contract, ContractError, Limits
from casava_contract.tools import compile_tools
from casava_sidecar.api.response_format import INLINE_SCHEMA_BYTES
from casava_sidecar.contracts.refusable import with_refusal
from casava_sidecar.errors import ApiError, contracts_full, too_busy, unavailable
from casava_trial import TRIED, TrialError, Trials

_Compiling = asyncio.Task[Contract | ContractError]

_LIMITS: Final = replace(Limits(), schema_bytes=INLINE_SCHEMA_BYTES)
_CAPACITY: Final = 256
_PENDING: Final = 64  # contracts that wait to be compiled: whoever asked may be gone, so nothing else bounds them
# Of their text. Compiled, a schema takes up to a hundred times as much memory as its text.
_CACHED_BYTES: Final = 1024 * 1024
_ALL_BYTES: Final = 2 * 1024 * 1024  # of those that requests hold too, in the cache or not


@dataclass(frozen=True, slots=True)
class Wanted:
    """A contract that a request brought.

    ``param``: the path of the member that holds it; of tools, the pointer of an error leads on from there.
    ``refusal``: the model may answer ``{"refusal": "..."}`` too. ``plain``, of tools: the contract of an answer that
    calls none.
    """

    kind: Literal["json_schema", "regex", "choice", "lark", "gbnf", "tool_calls"]
    text: str
    param: str
    refusal: bool = False
    plain: Contract | None = None

    @property
    def key(self) -> bytes:
        plain = self.plain.digest if self.plain is not None else ""
        return hashlib.sha256(f"{self.kind}\n{self.refusal}\n{plain}\n{self.text}".encode()).digest()


class InlineContracts:
    """A bounded cache of compiled contracts, refused ones too. Equal ones that arrive together compile once.

    What requests hold beside the cache is bounded too: who brings one more is asked to come again.
    """

    def __init__(
        self,
        trials: Trials,
        compiled: Callable[[float], None] | None = None,
        *,
        capacity: int = _CAPACITY,
        cached_bytes: int = _CACHED_BYTES,
        all_bytes: int = _ALL_BYTES,
    ) -> None:
        """``trials`` tries what could take for ever in a process that can be killed. ``compiled`` is told the seconds
        that each contract took here.
        """
        self._trials = trials
        self._told = compiled
        self._capacity = capacity
        self._cached_bytes = cached_bytes
        self._all_bytes = all_bytes
        self._bytes = 0  # in the cache
        self._entries: OrderedDict[bytes, tuple[_Compiling, int]] = OrderedDict()
        self._pending: dict[_Compiling, int] = {}
        self._alive: WeakKeyDictionary[Contract, int] = WeakKeyDictionary()
        # One thread: a burst of schemas must not take the CPU from the streams that run.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compile")

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, wanted: Wanted) -> Contract:
        """Raises ApiError: 400 for no contract, 422 for one that cannot be satisfied or enforced, 429 for too many, 503
        where it could not be tried.
        """
        key = wanted.key
        entry = self._entries.get(key)
        if entry is None:
            size = len(wanted.text)
            if len(self._pending) >= _PENDING:
                raise too_busy(retry_after=1)
            self._make_room(size)
            compiling = asyncio.create_task(self._made(wanted), name="compile")
            self._keep(key, compiling, size)
        else:
            compiling = entry[0]
            self._entries.move_to_end(key)
        try:
            # Shielded: a client that leaves must not take the result from the others who wait for it.
            made = await asyncio.shield(compiling)
        except TrialError:
            raise unavailable("The contract could not be tried on this replica.", "contract_not_tried") from None
        if isinstance(made, ContractError):
            raise refused(made, wanted)
        return made

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _made(self, wanted: Wanted) -> Contract | ContractError:
        try:
            if wanted.kind != "tool_calls" and wanted.kind in TRIED:
                await self._trials.try_contract(wanted.kind, wanted.text, limits=_LIMITS)
            return await asyncio.get_running_loop().run_in_executor(self._pool, _compile, wanted, self._told)
        except ContractError as error:
            return _bare(error)

    def _make_room(self, size: int) -> None:
        """Raises ApiError 429."""
        while sum(self._alive.values()) + sum(self._pending.values()) + size > self._all_bytes:
            if not self._entries:
                raise contracts_full(retry_after=1)
            self._drop()

    def _keep(self, key: bytes, compiling: _Compiling, size: int) -> None:
        self._pending[compiling] = size
        compiling.add_done_callback(partial(self._compiled, key))
        self._entries[key] = (compiling, size)
        self._bytes += size
        while len(self._entries) > self._capacity or (self._bytes > self._cached_bytes and len(self._entries) > 1):
            self._drop()

    def _drop(self) -> None:
        """The one that was not asked for the longest."""
        _, (_, size) = self._entries.popitem(last=False)
        self._bytes -= size

    def _compiled(self, key: bytes, done: _Compiling) -> None:
        size = self._pending.pop(done)
        # Looked at: whoever asked may be gone, and then it is nobody's and no warning.
        if done.cancelled() or done.exception() is not None:
            self._forget(key, done)  # it says nothing about the contract: the next request may fare better
        elif isinstance(made := done.result(), Contract):
            self._alive[made] = size

    def _forget(self, key: bytes, done: _Compiling) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry[0] is done:
            del self._entries[key]
            self._bytes -= entry[1]


def _bare(error: ContractError) -> ContractError:
    """Without what it holds of the compiler that raised it, which would stay in memory for as long as the error."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def refused(error: ContractError, wanted: Wanted) -> ApiError:
    details = {key: value for key, value in error.to_dict().items() if key != "message"}
    param, what = wanted.param, "schema" if wanted.kind == "json_schema" else "contract"
    if wanted.kind == "tool_calls":
        param, what = _tool_param(error.pointer), "declaration of tools"
    return ApiError(error.status, f"The {what} is refused: {error}", param=param, code=str(error.code), details=details)


def _tool_param(pointer: str) -> str:
    """As far as the request's own members lead: what lies beyond is inside of a schema."""
    path, _, inside = pointer.partition("/parameters")
    text = ""
    for step in path.split("/")[1:]:
        text += f"[{step}]" if step.isdigit() else f".{step}" if text else step
    return f"{text}.parameters" if inside or pointer.endswith("/parameters") else text or "tools"


def _compile(wanted: Wanted, told: Callable[[float], None] | None) -> Contract:
    begin = perf_counter()
    contract = _compiled(wanted)
    contract.lower()  # computed once and kept: here rather than on the event loop
    if told is not None:
        told(perf_counter() - begin)
    return contract


def _compiled(wanted: Wanted) -> Contract:
    if wanted.kind == "tool_calls":
        return compile_tools(wanted.text, compile_schema=_schema, plain=wanted.plain, limits=_LIMITS)
    if wanted.refusal:
        return with_refusal(wanted.text, _LIMITS)
    return casava_contract.compile(wanted.text, kind=wanted.kind, limits=_LIMITS)


def _schema(text: str, limits: Limits) -> Contract:
    return casava_contract.compile(text, limits=limits)
