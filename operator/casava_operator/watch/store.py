"""What was last seen of every object that matters, by owner. Reconciling reads this and nothing else.

Filled from four sides: the first listing, watch events, what the API server answered to a write, and the sweep. The
newest resourceVersion of an object wins, so their order does not matter. Bodies are kept compressed: thousands of
objects are remembered, few are looked at.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import orjson

from casava_operator.keys import ContractKey, Key, Manifest, Work
from casava_operator.kube.resources import CASAVA_MODEL, DEPLOYMENT, NODE, Resource, controller_of, owner_of
from casava_operator.upgrade import holds
from casava_operator.watch.references import References

TOMBSTONES: Final = 4096  # deleted objects remembered, so that a late answer does not revive one
_NODE_STATUS: Final = ("allocatable", "capacity")


@dataclass(frozen=True)
class Snapshot:
    """One model and everything that belongs to it, as seen at one moment."""

    model: Manifest | None
    objects: dict[Resource, tuple[Manifest, ...]] = field(default_factory=dict)

    def of(self, resource: Resource) -> tuple[Manifest, ...]:
        """All objects of a kind, in order of their names."""
        return self.objects.get(resource, ())

    def find(self, resource: Resource, name: str) -> Manifest | None:
        """The object of that kind and name."""
        return next((each for each in self.of(resource) if each["metadata"]["name"] == name), None)


@dataclass(slots=True)
class _Entry:
    resource: Resource
    namespace: str
    name: str
    version: int
    owner: Key | None
    packed: bytes
    seen: int  # the clock of the store when it was last heard of

    def body(self) -> Manifest:
        unpacked: Manifest = orjson.loads(zlib.decompress(self.packed))
        return unpacked


class Store:
    """Objects by uid. Every method returns at once; those that change it return whose reconciling that calls for."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._owned: dict[Key, set[str]] = {}
        self._nodes: dict[str, Manifest] = {}
        self._gone: dict[str, int] = {}  # uid -> resourceVersion at which it was gone
        self._clock = 0
        self._on_turn: set[str] = set()
        self.references = References()

    def remember(self, resource: Resource, body: Manifest) -> set[Work]:
        """Keep an object when it is newer than what is known of it."""
        uid = body["metadata"]["uid"]
        version = int(body["metadata"]["resourceVersion"])
        if version <= self._gone.get(uid, -1):
            return set()
        # A newer word than that of its end: it had only lost the label by which it is watched, and has it back.
        self._gone.pop(uid, None)
        self._clock += 1
        former = self._entries.get(uid)
        if former is not None:
            former.seen = self._clock
            if former.version >= version:
                return set()
        owner = owner_of(resource, body)
        if resource is NODE:
            return self._remember_node(uid, body, version)
        metadata = body["metadata"]
        self._entries[uid] = _Entry(
            resource=resource,
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            version=version,
            owner=owner,
            packed=zlib.compress(orjson.dumps(body), 1),
            seen=self._clock,
        )
        keys: set[Work] = {owner} if owner else set()
        if former is not None and former.owner is not None and former.owner != owner:
            self._owned[former.owner].discard(uid)
            keys.add(former.owner)
        if owner:
            self._owned.setdefault(owner, set()).add(uid)
        if resource is DEPLOYMENT:
            (self._on_turn.add if holds(body) else self._on_turn.discard)(uid)
        return keys | self.references.remember(resource, body, owner)

    def forget(self, uid: str, version: int) -> set[Work]:
        """Drop an object that was deleted, or went out of sight, at that resourceVersion."""
        self._gone.pop(uid, None)
        self._gone[uid] = version
        if len(self._gone) > TOMBSTONES:
            del self._gone[next(iter(self._gone))]
        self._on_turn.discard(uid)
        entry = self._entries.pop(uid, None)
        if entry is None:
            return set()
        if self._nodes.pop(uid, None) is not None:
            return {*self.keys()}
        concerned = self.references.forget(uid)
        if entry.owner is None:
            return concerned
        owned = self._owned[entry.owner]
        owned.discard(uid)
        if not owned:
            del self._owned[entry.owner]
        return {entry.owner, *concerned}

    def contract(self, key: ContractKey) -> Manifest | None:
        """The OutputContract of that name."""
        uid = self.references.is_there(key)
        return None if uid is None else self._entries[uid].body()

    def snapshot(self, key: Key) -> Snapshot:
        """The model of that name, and what belongs to it."""
        model: Manifest | None = None
        objects: dict[Resource, list[Manifest]] = {}
        for uid in self._owned.get(key, ()):
            entry = self._entries[uid]
            if entry.resource is CASAVA_MODEL:
                model = entry.body()
            else:
                objects.setdefault(entry.resource, []).append(entry.body())
        ordered = {
            resource: tuple(sorted(found, key=lambda each: str(each["metadata"]["name"])))
            for resource, found in objects.items()
        }
        return Snapshot(model, ordered)

    def keys(self) -> set[Key]:
        """Every model that is known, and every name whose model is gone while something of it is left."""
        return set(self._owned)

    def on_turn(self) -> set[Key]:
        """Models that an operator upgrade is rolling now and that the next one waits for."""
        owners = (self._entries[uid].owner for uid in self._on_turn)
        return {owner for owner in owners if owner is not None}

    def nodes(self) -> list[Manifest]:
        """Every node, cut down to what placing looks at."""
        return list(self._nodes.values())

    def time(self) -> int:
        """The store's own clock, which ticks with every word about an object."""
        return self._clock

    def versions(self, resource: Resource) -> dict[str, int]:
        """uid -> resourceVersion of every object of a kind."""
        return {uid: each.version for uid, each in self._entries.items() if each.resource == resource}

    def unheard_since(self, resource: Resource, time: int, living: Iterable[str], namespace: str | None) -> list[str]:
        """uids of a kind of which nothing was heard after ``time`` and that are not among the living: ghosts."""
        alive = set(living)
        return [
            uid
            for uid, each in self._entries.items()
            if each.resource == resource
            and each.seen <= time
            and uid not in alive
            and (namespace is None or not resource.namespaced or each.namespace == namespace)
        ]

    def _remember_node(self, uid: str, body: Manifest, version: int) -> set[Work]:
        """Nodes report themselves every few minutes; only what placing looks at is news."""
        metadata, status = body["metadata"], body.get("status", {})
        cut: Manifest = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": metadata["name"], "uid": uid, "labels": metadata.get("labels", {})},
            "spec": {name: body["spec"][name] for name in ("taints", "unschedulable") if name in body.get("spec", {})},
            "status": {
                **{name: status[name] for name in _NODE_STATUS if name in status},
                "conditions": [
                    {"type": each["type"], "status": each["status"]}
                    for each in status.get("conditions", [])
                    if each["type"] == "Ready"
                ],
            },
        }
        self._entries[uid] = _Entry(NODE, "", metadata["name"], version, None, b"", seen=self._clock)
        if self._nodes.get(uid) == cut:
            return set()
        self._nodes[uid] = cut
        return {*self.keys()}


def owned_by(snapshot: Snapshot, resource: Resource, uid: str) -> tuple[Manifest, ...]:
    """The objects of a kind whose controller is the model with that uid: not those of a former model of its name."""
    return tuple(
        each
        for each in snapshot.of(resource)
        if (controller := controller_of(each)) is not None and controller["uid"] == uid
    )
