"""Asks the sidecars for their status, where an answer is wanted, and tells whose facts have changed.

The session is its own: the one to the API server carries a token that must never reach a pod.
"""

import asyncio
import heapq
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import aiohttp

from casava_operator.keys import Key
from casava_operator.metrics import Metrics
from casava_operator.observe.facts import Probe
from casava_operator.observe.pods import pod_facts
from casava_operator.probe.rules import SETTLED_AFTER, BadAnswer, Subject, facts, interval, parse_status, subject_of
from casava_wire import net
from casava_wire.state import SidecarStatus

TIMEOUT: Final = 1.0  # seconds for a whole answer
MAX_ANSWER: Final = 64 * 1024  # bytes
CONCURRENCY: Final = 32
FORGIVEN: Final = 2  # misses in a row that leave the last answer standing; its age tells
_OK: Final = 200

log = logging.getLogger(__name__)


@dataclass
class _Entry:
    """One pod that is asked now and then."""

    key: Key
    subject: Subject
    since: float  # when facts last changed
    due: float = field(default=float("inf"))
    misses: int = 0
    asking: bool = False
    again: bool = False  # it changed while it was being asked


class Prober:
    """Keeps the newest answer of each pod.

    ``changed`` is called with a model's key when facts that judge reads have changed, never for loads alone. Until
    ``run`` is awaited nothing is asked.
    """

    def __init__(
        self,
        changed: Callable[[Key], None],
        metrics: Metrics,
        *,
        port: int = net.ADMIN_PORT,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.1),  # noqa: S311 -- spreads load, hides nothing
    ) -> None:
        self._changed = changed
        self._metrics = metrics
        self._port = port
        self._clock = clock
        self._jitter = jitter
        self._entries: dict[str, _Entry] = {}
        self._probes: dict[str, Probe] = {}
        self._of_model: dict[Key, frozenset[str]] = {}
        self._heap: list[tuple[float, str]] = []
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The newest answer of each pod, by its uid. A live view: read it, do not keep it."""
        return self._probes

    def watch(self, key: Key, pods: Sequence[Mapping[str, Any]], *, scaled: bool, contracts_digest: str) -> None:
        """Say what a model's pods are now. Cheap, and the same again changes nothing."""
        subjects: dict[str, Subject] = {}
        for manifest in pods:
            pod = pod_facts(manifest, None)
            subject = subject_of(pod, model=key.name, port=self._port, scaled=scaled, contracts_digest=contracts_digest)
            if subject is not None:
                subjects[pod.uid] = subject
        for uid in self._of_model.get(key, frozenset()) - subjects.keys():
            self._drop(uid, key)
        self._of_model[key] = frozenset(subjects)
        for uid, subject in subjects.items():
            self._know(uid, key, subject)
        self._metrics.probed_pods(len(self._entries))

    def forget(self, key: Key) -> None:
        """The model is gone."""
        for uid in self._of_model.pop(key, frozenset()):
            self._drop(uid, key)
        self._metrics.probed_pods(len(self._entries))

    def _drop(self, uid: str, key: Key) -> None:
        entry = self._entries.get(uid)
        if entry is not None and entry.key == key:  # a pod whose label names another model by now is that one's
            del self._entries[uid]
            self._probes.pop(uid, None)

    def _know(self, uid: str, key: Key, subject: Subject) -> None:
        entry = self._entries.get(uid)
        if entry is not None and entry.key != key:
            entry = None
        if entry is not None and entry.subject == subject:
            return
        now = self._clock()
        if entry is None:
            entry = self._entries[uid] = _Entry(key, subject, since=now)
        elif entry.subject.incarnation != subject.incarnation:
            entry.since = now
        entry.subject = subject
        if entry.asking:
            entry.again = True
        else:
            self._schedule(uid, entry, now)

    def _schedule(self, uid: str, entry: _Entry, due: float) -> None:
        entry.due = due
        heapq.heappush(self._heap, (due, uid))
        self._wake.set()

    async def run(self) -> None:
        """Ask until cancelled; no request outlives it."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        connector = aiohttp.TCPConnector(limit=CONCURRENCY, keepalive_timeout=15)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        ) as session:
            try:
                while True:
                    await self._wait()
                    await self._ask_due(session)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _wait(self) -> None:
        """Until the first pod is due."""
        self._wake.clear()
        delay = self._heap[0][0] - self._clock() if self._heap else None
        if delay is None or delay > 0:
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                return

    async def _ask_due(self, session: aiohttp.ClientSession) -> None:
        while self._heap and self._heap[0][0] <= self._clock():
            due, uid = heapq.heappop(self._heap)
            entry = self._entries.get(uid)
            if entry is None or entry.due != due or entry.asking:  # gone, or scheduled anew since
                continue
            entry.asking = True
            await self._slots.acquire()
            task = asyncio.create_task(self._visit(session, uid, entry))
            self._tasks.add(task)
            task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()
        if not task.cancelled() and task.exception() is not None:
            log.error("probe failed unexpectedly", exc_info=task.exception())

    async def _visit(self, session: aiohttp.ClientSession, uid: str, entry: _Entry) -> None:
        subject = entry.subject
        started = self._clock()
        status, error, outcome = await _ask(session, subject)
        now = self._clock()
        self._metrics.probed(outcome, now - started)
        entry.asking = False
        if self._entries.get(uid) is not entry:
            return
        probe = self._learn(uid, entry, Probe(at=now, status=status, error=error))
        delay = interval(entry.subject, probe.status, unchanged=now - entry.since, missed=entry.misses > 0)
        if entry.again:
            entry.again = False
            self._schedule(uid, entry, now)
        elif delay is not None:
            self._schedule(uid, entry, now + delay * self._jitter())

    def _learn(self, uid: str, entry: _Entry, new: Probe) -> Probe:
        """Keep what is new, or the last answer while misses are forgiven. Returns what counts now."""
        old = self._probes.get(uid)
        entry.misses = 0 if new.status is not None else entry.misses + 1
        if new.status is None and old is not None and old.status is not None and entry.misses <= FORGIVEN:
            return old
        same = old is not None and facts(old.status, old.error) == facts(new.status, new.error)
        if not same:
            entry.since = new.at
        new = replace(new, settled=same and new.at - entry.since >= SETTLED_AFTER)
        self._probes[uid] = new
        if not same or new.settled != (old is not None and old.settled):
            self._changed(entry.key)
        return new


async def _ask(session: aiohttp.ClientSession, subject: Subject) -> tuple[SidecarStatus | None, str, str]:
    """Status, or the error in words that stay the same from try to try; and the outcome for metrics."""
    try:
        async with session.get(subject.url, allow_redirects=False, headers={"Accept-Encoding": "identity"}) as response:
            return parse_status(await _body(response), subject.model), "", "ok"
    except TimeoutError:
        return None, f"it did not answer within {TIMEOUT:g} s", "timeout"
    except BadAnswer as error:
        return None, str(error), "invalid"
    except aiohttp.ClientConnectorError as error:
        refused = isinstance(error.os_error, ConnectionRefusedError)
        return None, "it refused the connection" if refused else "it cannot be connected to", "unreachable"
    except (aiohttp.ClientError, OSError):
        return None, "the connection broke", "unreachable"


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if response.status != _OK:
        raise BadAnswer(f"it answered {response.status}")
    try:
        await response.content.readexactly(MAX_ANSWER + 1)
    except asyncio.IncompleteReadError as whole:
        return whole.partial
    raise BadAnswer(f"its answer is larger than {MAX_ANSWER} bytes")
