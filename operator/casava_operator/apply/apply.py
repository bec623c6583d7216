"""From a plan to the API server: apply what differs, prune what is no longer planned and no longer used."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from casava_operator.apply import drift
from casava_operator.errors import Conflict, Transient
from casava_operator.keys import Key, Manifest, Work
from casava_operator.kube import Kube, Refused
from casava_operator.kube.resources import (
    CHILDREN,
    CONFIG_MAP,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    NETWORK_POLICY,
    POD,
    POD_DISRUPTION_BUDGET,
    REPLICA_SET,
    Resource,
    controller_of,
    resource_of,
)
from casava_operator.watch.store import Snapshot, Store, owned_by

# Kinds of which a fresh object is as good as the one that was there: nothing stops while it is missing.
REPLACEABLE: Final = (CONFIG_MAP, CONTROLLER_REVISION, NETWORK_POLICY, POD_DISRUPTION_BUDGET)
HISTORY: Final = 5  # accepted specs kept
WRITES_AT_ONCE: Final = 32  # of the whole operator: beyond that the API server only queues them

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Owner:
    """The CasavaModel that children belong to."""

    key: Key
    uid: str


class Applier:
    """Writes children. What the API server answers goes into the store at once, so that a second look sees it.

    ``add`` queues whoever else is concerned by what was written: an accepted spec refers to contracts.
    """

    def __init__(self, kube: Kube, store: Store, add: Callable[[Work], None]) -> None:
        self._kube = kube
        self._store = store
        self._add = add
        self._writes = asyncio.Semaphore(WRITES_AT_ONCE)

    async def apply(self, owner: Owner, objects: Sequence[Manifest], snapshot: Snapshot) -> None:
        """Apply every object that differs from what the snapshot shows: the Deployment last, all else at once.

        For a spec that is not the last accepted one the Deployment is tried first without effect: a pod template that
        the API server refuses changes nothing at all.
        """
        due = [each for each in objects if self._due(owner, each, snapshot)]
        deployments = [each for each in due if resource_of(each) is DEPLOYMENT]
        edited = any(resource_of(each) is CONTROLLER_REVISION for each in due)
        if edited and snapshot.of(CONTROLLER_REVISION):
            for each in deployments:
                async with self._writes:
                    await self._kube.apply(DEPLOYMENT, each, dry_run=True)
        await _all(self._write(owner, each, snapshot) for each in due if each not in deployments)
        for each in deployments:
            await self._write(owner, each, snapshot)

    async def prune(self, owner: Owner, planned: Iterable[Manifest], snapshot: Snapshot) -> None:
        """Delete children that are not planned. Objects of a former model of that name are the garbage collector's."""
        names = {(resource_of(each), each["metadata"]["name"]) for each in planned}
        await _all(self._delete(resource, each) for resource, each in superfluous(owner.uid, names, snapshot))

    async def _write(self, owner: Owner, desired: Manifest, snapshot: Snapshot) -> None:
        resource, name = resource_of(desired), desired["metadata"]["name"]
        known = snapshot.find(resource, name) is not None
        async with self._writes:
            try:
                # What is not known to be ours is not forced: it may be somebody else's.
                answer = await self._kube.apply(resource, desired, force=known)
            except Conflict:
                if known:
                    raise
                answer = await self._take_over(owner, resource, desired)
            except Refused:
                live = snapshot.find(resource, name)
                if live is None or resource not in REPLACEABLE:
                    raise
                # What others have added cannot be there together with what is planned, and an apply keeps theirs.
                # If what is planned is wrong by itself, that which is there is better than nothing.
                await self._kube.apply(resource, _under_another_name(desired), dry_run=True)
                await self._kube.delete(resource, owner.key.namespace, name, live["metadata"]["uid"])
                answer = await self._kube.apply(resource, desired)
        for key in self._store.remember(resource, answer) - {owner.key}:
            self._add(key)
        log.info("applied %s %s", resource.kind, name)

    async def _take_over(self, owner: Owner, resource: Resource, desired: Manifest) -> Manifest:
        """An object of that name exists that the store does not know: ours only if its controller says so."""
        name = desired["metadata"]["name"]
        live = await self._kube.find(resource, owner.key.namespace, name)
        controller = controller_of(live) if live else None
        if live is not None and (controller is None or controller["uid"] != owner.uid):
            raise Conflict(
                f"{resource.kind} {name} exists and belongs to somebody else: delete it, or give the model another name"
            )
        return await self._kube.apply(resource, desired)

    async def _delete(self, resource: Resource, live: Manifest) -> None:
        metadata = live["metadata"]
        async with self._writes:
            await self._kube.delete(resource, metadata["namespace"], metadata["name"], metadata["uid"])
        log.info("pruned %s %s", resource.kind, metadata["name"])

    def _due(self, owner: Owner, desired: Manifest, snapshot: Snapshot) -> bool:
        live = snapshot.find(resource_of(desired), desired["metadata"]["name"])
        if live is None:
            return True
        controller = controller_of(live)
        if controller is None or controller["uid"] != owner.uid:
            raise Transient(f"{desired['kind']} {desired['metadata']['name']} of a former model is still being deleted")
        if "deletionTimestamp" in live["metadata"]:
            return False  # its end is an event, and brings us back
        return drift.differs(desired, live)


def superfluous(
    uid: str, planned: set[tuple[Resource, str]], snapshot: Snapshot
) -> Iterator[tuple[Resource, Manifest]]:
    """The children of the model with that uid that may be deleted."""
    for resource in CHILDREN:
        extra = [
            each
            for each in owned_by(snapshot, resource, uid)
            if (resource, each["metadata"]["name"]) not in planned and "deletionTimestamp" not in each["metadata"]
        ]
        if resource is CONTROLLER_REVISION:
            extra = sorted(extra, key=lambda each: int(each["revision"]))[: max(0, len(extra) - HISTORY + 1)]
        if resource is CONFIG_MAP and extra:
            used = set(config_maps_in_use(snapshot))
            extra = [each for each in extra if each["metadata"]["name"] not in used]
        for each in extra:
            yield resource, each


def config_maps_in_use(snapshot: Snapshot) -> Iterator[str]:
    """Names that a pod, a ReplicaSet with replicas or the Deployment as it is mounts: a restart would need them."""
    for pod in snapshot.of(POD):
        yield from _mounted(pod["spec"])
    for replica_set in snapshot.of(REPLICA_SET):
        if replica_set["spec"].get("replicas") or replica_set.get("status", {}).get("replicas"):
            yield from _mounted(replica_set["spec"]["template"]["spec"])
    for deployment in snapshot.of(DEPLOYMENT):
        yield from _mounted(deployment["spec"]["template"]["spec"])


def _under_another_name(desired: Manifest) -> Manifest:
    metadata = desired["metadata"]
    return {**desired, "metadata": {**metadata, "name": f"{metadata['name']}-check"}}


def _mounted(pod: Mapping[str, Any]) -> Iterator[str]:
    for volume in pod.get("volumes", []):
        if name := volume.get("configMap", {}).get("name"):
            yield name


async def _all(work: Iterable[Any]) -> None:
    """Await all of it, also when some fails; then raise the first failure."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
