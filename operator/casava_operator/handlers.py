"""kopf, at the edge: every event is remembered and its owner's key is queued. Nothing is decided here.

Handlers never fail, never wait and return nothing, so kopf writes nothing: no annotation, no finalizer. Its registry
is our own, because the default one is global to the process.
"""

from collections.abc import Callable
from typing import Any, Final

import kopf

from casava_operator.http_client import ApiSession
from casava_operator.keys import Key
from casava_operator.resources import WATCHED, Resource, selector_of
from casava_operator.store import Store
from casava_wire import labels

REQUEST_TIMEOUT: Final = 30.0
PAGE: Final = 500
BACKOFFS: Final = (1, 1, 2, 3, 5, 8, 13, 21)  # seconds, 54 in all; a new process is the next try


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
    made.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=labels.GROUP)
    made.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=labels.GROUP)
    for resource in WATCHED:
        if selector := selector_of(resource):
            made.watching.label_selectors[resource.group, resource.version, resource.plural] = selector
    return made


def registry(
    api: ApiSession, store: Store, add: Callable[[Key], None], relisted: Callable[[], None]
) -> kopf.OperatorRegistry:
    """The handlers. ``add`` queues a key; ``relisted`` hears that a watch began anew and may have missed deletions."""
    made = kopf.OperatorRegistry()

    @kopf.on.login(registry=made)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return kopf.AiohttpSession(server=api.access.server, aiohttp_session=api.renew())

    for resource in WATCHED:
        _watch(made, resource, store, add, relisted)
    return made


def _watch(
    made: kopf.OperatorRegistry,
    resource: Resource,
    store: Store,
    add: Callable[[Key], None],
    relisted: Callable[[], None],
) -> None:
    # No labels= here: the server filters already, and a filter on this side would drop the event that says that an
    # object has lost its label.
    @kopf.on.event(resource.group, resource.version, resource.plural, registry=made, id=f"see-{resource.plural}")
    async def see(event: kopf.RawEvent, **_: Any) -> None:
        body: dict[str, Any] = dict(event["object"])
        body["apiVersion"], body["kind"] = resource.api_version, resource.kind
        if event["type"] == "DELETED":
            keys = store.forget(body["metadata"]["uid"])
        else:
            relists = store.relists
            keys = store.remember(resource, body, listed=event["type"] is None)
            if store.relists != relists:
                relisted()
        for key in keys:
            add(key)
