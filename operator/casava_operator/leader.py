"""One operator acts at a time: a Lease, held, renewed, released. Losing it ends the process: there are no fences.

The rules are client-go's: a record is expired when it has not changed for its own duration on the local monotonic
clock (clocks of two machines are never compared), and a write carries the resourceVersion that was read.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from casava_operator.errors import Conflict, Transient
from casava_operator.keys import Manifest
from casava_operator.kube import Kube
from casava_operator.kube.resources import LEASE

log = logging.getLogger(__name__)

STANDBY_CHECK_SECONDS: Final = 1.0  # a released lease is taken within this time


class LeadershipLost(Exception):  # noqa: N818 -- an outcome, named by what happened
    """The lease could not be renewed in time, or somebody else holds it."""


@dataclass(frozen=True)
class Timing:
    """Seconds. A lease that its holder does not renew for ``duration`` may be taken; a holder that cannot renew for
    ``deadline`` gives up, before anybody else may begin."""

    duration: float = 15.0
    deadline: float = 10.0
    retry: float = 2.0


@dataclass
class _Seen:
    record: Manifest | None
    version: str
    since: float


class Elector:
    """Takes and keeps the lease ``name`` as ``identity``."""

    def __init__(
        self,
        kube: Kube,
        *,
        namespace: str,
        name: str,
        identity: str,
        timing: Timing | None = None,
        clock: Callable[[], float] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._kube = kube
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._timing = timing or Timing()
        self._clock = clock or asyncio.get_running_loop().time
        self._now = now
        self._seen = _Seen(None, "", self._clock())
        self._renewed = 0.0
        self._lease: Manifest | None = None  # as last written by us, while we hold it

    async def acquire(self) -> None:
        """Return once the lease is held. Faults of the API server only delay it."""
        waiting_for = None
        while True:
            started = self._clock()
            try:
                if await self._try_acquire():
                    self._renewed = started
                    log.info("leading", extra={"identity": self._identity, "lease": self._name})
                    return
            except Conflict:
                continue  # somebody was faster: read again who
            except Transient as error:
                log.warning("the lease cannot be read or written yet: %s", error)
            holder = (self._seen.record or {}).get("holderIdentity", "")
            if holder != waiting_for:
                log.info("standing by: the lease is held by %s", holder or "nobody", extra={"lease": self._name})
                waiting_for = holder
            await asyncio.sleep(min(self._timing.retry, STANDBY_CHECK_SECONDS))

    async def hold(self) -> None:
        """Renew until it fails. Never returns; raises LeadershipLost."""
        while True:
            await asyncio.sleep(self._timing.retry)
            await self._renew_in_time()

    async def release(self) -> None:
        """Give the lease back, so that another replica takes over at once. Best effort."""
        lease, self._lease = self._lease, None
        try:
            try:
                await self._give_back(lease)
            except Conflict:
                # The renewal that the end of the process cut off had been written: read what it wrote.
                await self._give_back(await self._kube.get(LEASE, self._namespace, self._name))
        except (Conflict, Transient) as error:
            log.warning("the lease was not released: %s", error)

    async def _give_back(self, lease: Manifest | None) -> None:
        if lease is None or lease["spec"].get("holderIdentity") != self._identity:
            return
        free = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _micro_time(self._now())}
        await self._kube.replace(LEASE, {**lease, "spec": {**lease["spec"], **free}})
        log.info("released the lease", extra={"lease": self._name})

    async def _renew_in_time(self) -> None:
        left = self._renewed + self._timing.deadline - self._clock()
        try:
            async with asyncio.timeout(max(left, 0.0)):
                while True:
                    started = self._clock()
                    try:
                        if not await self._try_acquire():
                            raise LeadershipLost(f"{(self._seen.record or {}).get('holderIdentity')} holds the lease")
                    except Conflict:
                        self._lease = None  # changed under our hands: read who holds it
                    except Transient as error:
                        log.warning("the lease was not renewed: %s", error)
                        await asyncio.sleep(self._timing.retry / 4)
                    else:
                        self._renewed = started
                        return
        except TimeoutError:
            raise LeadershipLost(f"the lease was not renewed for {self._timing.deadline:g} s") from None

    async def _try_acquire(self) -> bool:
        """Take or renew the lease; False when somebody else holds it. Raises Conflict when another write was first."""
        if self._lease is not None:
            self._lease = await self._kube.replace(LEASE, self._claim(self._lease))
            return True
        lease = await self._kube.get(LEASE, self._namespace, self._name)
        if lease is None:
            empty: Manifest = {
                "apiVersion": LEASE.api_version,
                "kind": LEASE.kind,
                "metadata": {"name": self._name, "namespace": self._namespace},
                "spec": {},
            }
            self._lease = await self._kube.create(LEASE, self._claim(empty))
            return True
        self._observe(lease)
        holder = lease.get("spec", {}).get("holderIdentity")
        if holder and holder != self._identity and not self._expired(lease["spec"]):
            return False
        self._lease = await self._kube.replace(LEASE, self._claim(lease))
        return True

    def _observe(self, lease: Manifest) -> None:
        version = lease["metadata"]["resourceVersion"]
        if version != self._seen.version or self._seen.record is None:
            self._seen = _Seen(lease.get("spec", {}), version, self._clock())

    def _expired(self, spec: Manifest) -> bool:
        duration = float(spec.get("leaseDurationSeconds") or self._timing.duration)
        return self._clock() - self._seen.since > duration

    def _claim(self, lease: Manifest) -> Manifest:
        former = lease.get("spec", {})
        now = _micro_time(self._now())
        same = former.get("holderIdentity") == self._identity
        return {
            **lease,
            "spec": {
                "holderIdentity": self._identity,
                "leaseDurationSeconds": max(1, round(self._timing.duration)),
                "acquireTime": former.get("acquireTime", now) if same else now,
                "renewTime": now,
                "leaseTransitions": former.get("leaseTransitions", 0) + (0 if same or not former else 1),
            },
        }


def _micro_time(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
