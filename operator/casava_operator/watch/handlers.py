"""kopf, at the edge: every event is remembered and its owner's key is queued. Nothing is decided here.

Handlers never fail, never wait and return nothing, so kopf writes nothing: no annotation, no finalizer. Its registry
is our own, because the default one is global to the process.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import kopf

from casava_operator.keys import Work
from casava_operator.kube.resources import WATCHED, Resource, selector_of
from casava_operator.kube.session import ApiSession
from casava_operator.watch.store import Store
from casava_wire import labels

REQUEST_TIMEOUT: Final = 30.0
PAGE: Final = 500
BACKOFFS: Final = (1, 1, 2, 3, 5, 8, 13, 21)  # seconds, 54 in all; a new process is the next try


class _NoDiffBase(kopf.DiffBaseStorage):
    """Nothing is decided from a diff, so none is kept. The default copies every body three times for each event."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> kopf.BodyEssence | None:
        return None

    def store(self, **_: Any) -> None:
        pass


class _NoProgress(kopf.ProgressStorage):
    """Event handlers have no progress."""

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        pass

    def purge(self, **_: Any) -> None:
        pass

    def touch(self, **_: Any) -> None:
        pass

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


def settings(retries: int = len(BACKOFFS)) -> kopf.OperatorSettings:
    """What must not be left to defaults, each with its reason. ``retries``: of a watch or listing that is refused."""
    made = kopf.OperatorSettings()
    made.peering.standalone = True  # leadership is a Lease: peering pauses every replica when two are equal
    made.posting.enabled = False  # Events are posted by events.py alone
    made.queueing.worker_limit = None  # a limit starves: an idle worker keeps its slot
    made.queueing.idle_timeout = 1.0  # workers of idle objects go soon
    made.networking.request_timeout = REQUEST_TIMEOUT  # the default would hang for five minutes
    made.networking.error_backoffs = BACKOFFS[:retries]
    made.watching.chunk_size = PAGE
    made.watching.inactivity_timeout = 70.0  # bookmarks come every minute: a silent watch is dead
    made.scanning.disabled = True  # neither CRDs nor namespaces are watched, so no right to read them is needed
    made.execution.max_workers = 1  # no handler is synchronous
    made.persistence.finalizer = f"{labels.GROUP}/unused"  # never written; never another operator's
    made.persistence.progress_storage = _NoProgress()
    made.persistence.diffbase_storage = _NoDiffBase()
    for resource in WATCHED:
        if selector := selector_of(resource):
            made.watching.label_selectors[resource.group, resource.version, resource.plural] = selector
    return made


class Watches:
    """Knows from kopf's own requests which watches are open, and which had to begin anew.

    kopf tells neither: a watch that lists anew shows what lives and never what was deleted meanwhile.
    """

    def __init__(self, namespaces: Sequence[str], relisted: Callable[[], None]) -> None:
        self._pending = {
            resource.path(namespace)
            for resource in WATCHED
            for namespace in (namespaces if resource.namespaced and namespaces else (None,))
        }
        self._listed: set[str] = set()
        self._relisted = relisted
        self.all_open = asyncio.Event()

    def listing(self, path: str) -> None:
        """A listing begins; the first one of a path is the ordinary start."""
        if path in self._listed:
            self._relisted()
        self._listed.add(path)

    def watching(self, path: str) -> None:
        """A watch is open."""
        self._pending.discard(path)
        if not self._pending:
            self.all_open.set()


def registry(api: ApiSession, store: Store, add: Callable[[Work], None], watches: Watches) -> kopf.OperatorRegistry:
    """The handlers. ``add`` queues a key."""
    made = kopf.OperatorRegistry()

    @kopf.on.login(registry=made)
    async def login(**_: Any) -> kopf.AiohttpSession:
        session = api.for_kopf(watches.listing, watches.watching)
        return kopf.AiohttpSession(server=api.access.server, aiohttp_session=session)

    for resource in WATCHED:
        _watch(made, resource, store, add)
    return made


def _watch(made: kopf.OperatorRegistry, resource: Resource, store: Store, add: Callable[[Work], None]) -> None:
    # No labels= here: the server filters already, and a filter on this side would drop the event that says that an
    # object has lost its label.
    @kopf.on.event(resource.group, resource.version, resource.plural, registry=made, id=f"see-{resource.plural}")
    async def see(event: kopf.RawEvent, **_: Any) -> None:
        body: dict[str, Any] = dict(event["object"])
        body["apiVersion"], body["kind"] = resource.api_version, resource.kind
        if event["type"] == "DELETED":
            # The version is that of the deletion, or of the edit that took the label away.
            keys = store.forget(body["metadata"]["uid"], int(body["metadata"]["resourceVersion"]))
        else:
            keys = store.remember(resource, body)
        for key in keys:
            add(key)
