"""Kubernetes Events about models and contracts. Posted in the background, aggregated and bounded.

They may be lost, and are never waited for. The same Event again within the window raises the count of the first one
instead of being a new object; a model that flaps is limited to a budget that refills slowly.
"""

import asyncio
import contextlib
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from casava_operator.errors import Conflict, InvalidSpec, Transient
from casava_operator.keys import Manifest
from casava_operator.kube import Kube
from casava_operator.kube.resources import EVENT
from casava_wire import labels

log = logging.getLogger(__name__)

QUEUE: Final = 1000
REMEMBERED: Final = 4096
WINDOW_SECONDS: Final = 600.0  # in which the same Event is one series
BURST: Final = 20.0  # Events of one model at once
REFILL_SECONDS: Final = 30.0  # for one more
NOTE_LIMIT: Final = 1024  # characters, the API's own limit


class Transition(Protocol):
    """What judging says has changed."""

    @property
    def type(self) -> str:
        """``Normal`` or ``Warning``."""

    @property
    def reason(self) -> str:
        """CamelCase."""

    @property
    def message(self) -> str:
        """A sentence."""


@dataclass
class _Series:
    name: str
    namespace: str
    count: int
    last: float


@dataclass
class _Budget:
    left: float
    at: float


class EventRecorder:
    """Takes Events for models and posts them one after another."""

    def __init__(
        self,
        kube: Kube,
        *,
        instance: str,
        dropped: Callable[[], None],
        clock: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._kube = kube
        self._instance = instance[:128]
        self._dropped = dropped
        self._clock = clock
        self._now = now
        self._queue: asyncio.Queue[tuple[tuple[str, ...], Manifest]] = asyncio.Queue(QUEUE)
        self._series: OrderedDict[tuple[str, ...], _Series] = OrderedDict()
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()

    def record(self, model: Mapping[str, Any], event: Transition) -> None:
        """Post an Event about a CasavaModel or an OutputContract, some time soon. Drops it when there are too many."""
        metadata = model["metadata"]
        if not self._afford(metadata["uid"]):
            self._dropped()
            return
        body: Manifest = {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"namespace": metadata["namespace"], "name": f"{metadata['name']}.{uuid.uuid4().hex[:16]}"},
            "type": event.type,
            "reason": event.reason[:128],
            "note": event.message[:NOTE_LIMIT],
            "action": "Reconcile",
            "reportingController": f"{labels.GROUP}/{labels.FIELD_MANAGER}",
            "reportingInstance": self._instance,
            "regarding": {
                "apiVersion": labels.API_VERSION,
                "kind": model.get("kind", labels.KIND),
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
        }
        try:
            self._queue.put_nowait(((metadata["uid"], event.type, event.reason, event.message), body))
        except asyncio.QueueFull:
            self._dropped()

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            identity, body = await self._queue.get()
            try:
                await self._post(identity, body)
            except (Transient, Conflict, InvalidSpec) as error:
                self._dropped()
                log.warning("an Event was not posted: %s", error)
            finally:
                self._queue.task_done()

    async def flush(self, seconds: float) -> None:
        """Give what is queued some time to be posted, at the end of the process."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._queue.join()

    async def _post(self, identity: tuple[str, ...], body: Manifest) -> None:
        now, stamp = self._clock(), self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        series = self._series.get(identity)
        if series is not None and now - series.last < WINDOW_SECONDS:
            series.count, series.last = series.count + 1, now
            patch = {"series": {"count": series.count, "lastObservedTime": stamp}}
            await self._kube.merge(EVENT, series.namespace, series.name, patch)
            return
        metadata = body["metadata"]
        await self._kube.create(EVENT, {**body, "eventTime": stamp})
        self._series[identity] = _Series(metadata["name"], metadata["namespace"], 1, now)
        self._series.move_to_end(identity)
        if len(self._series) > REMEMBERED:
            self._series.popitem(last=False)

    def _afford(self, uid: str) -> bool:
        now = self._clock()
        budget = self._budgets.get(uid) or _Budget(BURST, now)
        left = min(BURST, budget.left + (now - budget.at) / REFILL_SECONDS)
        affordable = left >= 1
        self._budgets[uid] = _Budget(left - 1 if affordable else left, now)
        self._budgets.move_to_end(uid)
        if len(self._budgets) > REMEMBERED:
            self._budgets.popitem(last=False)
        return affordable
