"""Trials of contracts: one worker, which is started when it is needed and replaced when it has been killed."""

import asyncio
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final

from casava_contract import ContractError, ErrorCode, Kind, Limits, Rule
from casava_trial.bounds import Bounds
from casava_trial.process import Worker, WorkerGone

_DEFAULTS: Final = Limits()
_ATTEMPTS: Final = 2
_WORK: Final = "takes more than {:.0f} ms of work to compile and to match: make it smaller or less ambiguous"
_CRASH: Final = "ends the process that tries it: make it smaller"
# Killed by its own timer, or by its own fault. Anything else was done to it from outside.
_OWN: Final = {-signal.SIGPROF: _WORK, -signal.SIGABRT: _CRASH, -signal.SIGSEGV: _CRASH, -signal.SIGBUS: _CRASH}


class TrialError(Exception):
    """Nothing was found out: the worker cannot run here. Not the contract's fault; it may be tried again."""


class Trials:
    """Tries contracts one after the other. May be shared between threads and event loops; close it at the end."""

    def __init__(self, bounds: Bounds = Bounds()) -> None:  # noqa: B008 - frozen
        self._bounds = bounds
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._pool: ThreadPoolExecutor | None = None

    async def try_contract(
        self, kind: Kind, source: str, *, limits: Limits = _DEFAULTS, rules: Sequence[Rule] = ()
    ) -> None:
        """As ``try_contract_sync``, without holding up the event loop."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="trial")
        work = asyncio.get_running_loop().run_in_executor(self._pool, self._try, kind, source, limits, tuple(rules))
        work.add_done_callback(_look)
        await asyncio.shield(work)  # who leaves must not leave a worker in the middle of its answer

    def try_contract_sync(
        self, kind: Kind, source: str, *, limits: Limits = _DEFAULTS, rules: Sequence[Rule] = ()
    ) -> None:
        """Compile a contract in the worker, lower it for every engine and match what it allows.

        Returns where it may be compiled here, under the same limits. Raises ContractError where it is refused, with
        ``limit.work`` where it takes too long or too much memory, and TrialError where nothing was found out.
        """
        self._try(kind, source, limits, tuple(rules))

    def close(self) -> None:
        """End the worker. What is being tried then fails with TrialError."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._drop()

    def _try(self, kind: Kind, source: str, limits: Limits, rules: tuple[Rule, ...]) -> None:
        request = {"kind": kind, "source": source, "limits": asdict(limits), "rules": [asdict(rule) for rule in rules]}
        with self._lock:
            answer = self._asked(request)
        if answer:
            raise ContractError(ErrorCode(answer.pop("code")), answer.pop("message"), **answer)

    def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        for _ in range(_ATTEMPTS):
            try:
                return self._started().ask(request)
            except WorkerGone as gone:
                self._worker = None
                if gone.code in _OWN:
                    message = _OWN[gone.code].format(self._bounds.work_seconds * 1_000)
                    raise ContractError(ErrorCode.LIMIT_WORK, message) from None
            except OSError as error:
                self._drop()
                raise TrialError(f"no process can be started to try a contract: {error.strerror}") from None
        raise TrialError("the process that tries contracts does not answer")

    def _started(self) -> Worker:
        if self._worker is not None and self._worker.alive:
            return self._worker
        self._drop()
        self._worker = Worker(self._bounds)
        self._worker.start()
        return self._worker

    def _drop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()


def _look(done: "asyncio.Future[None]") -> None:
    """The one who waited may be gone: then what came of it is nobody's, and no warning."""
    if not done.cancelled():
        done.exception()
