"""Schemas that come with a request: compiled off the event loop, kept for the next request that brings the same."""

import asyncio
import hashlib
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import casava_contract
from casava_contract import Contract, ContractError, Limits
from casava_sidecar.api.response_format import INLINE_SCHEMA_BYTES
from casava_sidecar.errors import ApiError, too_busy

_LIMITS: Final = replace(Limits(), schema_bytes=INLINE_SCHEMA_BYTES)
_PARAM: Final = "response_format.json_schema.schema"
_CAPACITY: Final = 256
_PENDING: Final = 64  # schemas that wait to be compiled: whoever asked may be gone, so nothing else bounds them
_CACHED_BYTES: Final = 16 * 1024 * 1024  # of schema text, over all entries


class InlineContracts:
    """A bounded cache of compiled schemas, refused ones too. Equal schemas that arrive together compile once."""

    def __init__(self, *, capacity: int = _CAPACITY, cached_bytes: int = _CACHED_BYTES) -> None:
        self._capacity = capacity
        self._budget = cached_bytes
        self._bytes = 0
        self._pending = 0
        self._entries: OrderedDict[bytes, tuple[asyncio.Future[Contract], int]] = OrderedDict()
        # One thread: a burst of schemas must not take the CPU from the streams that run.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compile")

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, schema_text: str) -> Contract:
        """Raises ApiError: 400 for no schema, 422 for one that cannot be satisfied or enforced, 429 for too many."""
        key = hashlib.sha256(schema_text.encode()).digest()
        entry = self._entries.get(key)
        if entry is None:
            if self._pending >= _PENDING:
                raise too_busy(retry_after=1)
            compiling = asyncio.get_running_loop().run_in_executor(self._pool, _compile, schema_text)
            self._keep(key, compiling, len(schema_text))
        else:
            compiling = entry[0]
            self._entries.move_to_end(key)
        try:
            # Shielded: a client that leaves must not take the result from the others who wait for it.
            return await asyncio.shield(compiling)
        except ContractError as error:
            raise refused(error) from None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _keep(self, key: bytes, compiling: "asyncio.Future[Contract]", size: int) -> None:
        self._pending += 1
        compiling.add_done_callback(self._compiled)
        self._entries[key] = (compiling, size)
        self._bytes += size
        while len(self._entries) > self._capacity or (self._bytes > self._budget and len(self._entries) > 1):
            _, (_, dropped) = self._entries.popitem(last=False)
            self._bytes -= dropped

    def _compiled(self, done: "asyncio.Future[Contract]") -> None:
        self._pending -= 1
        if not done.cancelled():
            done.exception()  # looked at: whoever asked may be gone, and then it is nobody's and no warning


def refused(error: ContractError) -> ApiError:
    details = {key: value for key, value in error.to_dict().items() if key != "message"}
    return ApiError(
        error.status,
        f"The schema is refused: {error}",
        param=_PARAM,
        code=str(error.code),
        details=details,
    )


def _compile(schema_text: str) -> Contract:
    contract = casava_contract.compile(schema_text, limits=_LIMITS)
    contract.lower()  # computed once and kept: here rather than on the event loop
    return contract
