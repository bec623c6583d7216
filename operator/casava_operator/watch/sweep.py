"""Listing everything: once before the first reconcile, and now and then to find ghosts.

A watch that had to start anew (410 Gone) shows what lives, but never what was deleted meanwhile: those are ghosts in
the store. Only a consistent listing tells. It is cheap: metadata alone is read, and what is news is read whole.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from casava_operator.errors import Transient
from casava_operator.keys import Work
from casava_operator.kube import Kube
from casava_operator.kube.resources import WATCHED, Resource, selector_of
from casava_operator.metrics import Metrics
from casava_operator.watch.store import Store

INTERVAL_SECONDS: Final = 600.0
SETTLE_SECONDS: Final = 1.0  # after a relist is noticed: all kinds of one outage are swept together
RETRY_SECONDS: Final = 2.0

log = logging.getLogger(__name__)


class Sweeper:
    """Keeps the store honest."""

    def __init__(
        self, kube: Kube, store: Store, add: Callable[[Work], None], metrics: Metrics, namespaces: Sequence[str] = ()
    ) -> None:
        self._kube = kube
        self._store = store
        self._add = add
        self._metrics = metrics
        self._namespaces = namespaces
        self._asked = asyncio.Event()

    async def fill(self) -> None:
        """Read everything whole. Until this is done nothing may be reconciled: what is not known looks absent."""
        scopes = [(resource, namespace) for resource in WATCHED for namespace in self._scopes(resource)]
        await asyncio.gather(*(self._fill(resource, namespace) for resource, namespace in scopes))

    def ask(self) -> None:
        """Sweep soon: a watch has started anew."""
        self._metrics.relist()
        self._asked.set()

    async def run(self) -> None:
        """Sweep whenever asked, and at intervals, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(INTERVAL_SECONDS):
                    await self._asked.wait()
                await asyncio.sleep(SETTLE_SECONDS)
            except TimeoutError:
                pass
            self._asked.clear()
            try:
                for resource in WATCHED:
                    for namespace in self._scopes(resource):
                        await self._sweep(resource, namespace)
            except Transient as error:
                log.warning("the sweep was not finished: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                self._asked.set()

    async def _fill(self, resource: Resource, namespace: str | None) -> None:
        while True:
            try:
                async for page in self._kube.pages(resource, namespace, selector_of(resource)):
                    for body in page.items:
                        self._store.remember(resource, body)
            except Transient as error:
                log.warning("the first listing of %s failed: %s", resource.plural, error)
                await asyncio.sleep(error.retry_after or RETRY_SECONDS)
            else:
                return

    async def _sweep(self, resource: Resource, namespace: str | None) -> None:
        began = self._store.time()
        living: set[str] = set()
        listed = 0
        known = self._store.versions(resource)
        async for page in self._kube.pages(resource, namespace, selector_of(resource), metadata_only=True):
            listed = int(page.resource_version)
            for body in page.items:
                metadata = body["metadata"]
                living.add(metadata["uid"])
                if known.get(metadata["uid"], 0) < int(metadata["resourceVersion"]):
                    await self._read(resource, metadata.get("namespace"), metadata["name"])
        ghosts = self._store.unheard_since(resource, began, living, namespace)
        for uid in ghosts:
            for key in self._store.forget(uid, listed):
                self._add(key)
        if ghosts:
            log.warning("swept %d ghosts of %s", len(ghosts), resource.plural)
            self._metrics.ghosts(resource.kind, len(ghosts))

    async def _read(self, resource: Resource, namespace: str | None, name: str) -> None:
        body = await self._kube.find(resource, namespace, name)
        if body is not None:
            for key in self._store.remember(resource, body):
                self._add(key)

    def _scopes(self, resource: Resource) -> Sequence[str | None]:
        return self._namespaces if resource.namespaced and self._namespaces else (None,)
