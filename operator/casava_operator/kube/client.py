"""The only file that writes to the API server: few typed verbs over the shared session, and one table of errors."""

import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson

from casava_operator.errors import Conflict, InvalidSpec, Transient
from casava_operator.keys import Manifest
from casava_operator.kube.resources import Resource
from casava_operator.kube.session import ApiSession
from casava_wire import labels

TIMEOUT_SECONDS: Final = 30.0
PAGE: Final = 500  # objects per page of a listing
MESSAGE_LIMIT: Final = 1000  # characters of an API server's message that go on into logs and conditions

_NOT_FOUND: Final = 404
_NAMESPACE_TERMINATING: Final = "NamespaceTerminating"  # a cause, in Kubernetes' own constants
_METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

Observer = Callable[[str, str, str], None]  # verb, resource, code or the name of an exception


class Refused(InvalidSpec):
    """The API server refuses a child as invalid: what the spec passes through to it is wrong."""


class Forbidden(Transient):
    """A right, a quota or an admission policy is in the way. It may be mended without a new spec."""


class NotFound(Transient):
    """A write to something that is not there: the object itself, or its namespace, is on its way out."""


class Terminating(Transient):
    """Nothing can be made in a namespace that is going away. It never comes back, so that a retry is in vain."""


class Bug(Exception):  # noqa: N818
    """An answer that no correct request gets."""


@dataclass(frozen=True)
class Page:
    """One page of a listing."""

    items: list[Manifest]
    resource_version: str


def to_error(
    status: int, reason: str, message: str, retry_after: float | None = None, causes: Collection[str] = ()
) -> Exception:
    """What an HTTP status of the API server means for the loop.

    ====================  ============================================================================
    409                   Conflict: somebody else owns or changed it
    400, 422              Refused (an InvalidSpec): the object is wrong, which the spec has to mend
    404                   NotFound (Transient): the object or its namespace is going away
    403                   Terminating (Transient) if its cause is that the namespace goes away, else
                          Forbidden (Transient): roles are granted late, a quota is raised
    401, 408, 410, 429,   Transient, with the delay that the server asked for
    5xx
    anything else         Bug
    ====================  ============================================================================
    """
    text = f"{status} {reason}: {message}"[:MESSAGE_LIMIT]
    if status == 409:  # noqa: PLR2004 -- the table above is the name of these numbers
        return Conflict(text)
    if status in {400, 422}:
        return Refused("spec", message[:MESSAGE_LIMIT])
    if status == _NOT_FOUND:
        return NotFound(text)
    if status == 403:  # noqa: PLR2004
        if _NAMESPACE_TERMINATING in causes:
            return Terminating(message[:MESSAGE_LIMIT])
        return Forbidden(message[:MESSAGE_LIMIT])
    if status in {401, 408, 410, 429} or status >= 500:  # noqa: PLR2004
        return Transient(text, retry_after)
    return Bug(text)


class Kube:
    """Verbs on any resource. Raises only what ``to_error`` lists; reads of what is not there give None."""

    def __init__(self, api: ApiSession, observe: Observer | None = None) -> None:
        self._api = api
        self._observe = observe or (lambda _verb, _resource, _code: None)

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Manifest | None:
        """One object, or None."""
        try:
            return await self._call("get", resource, resource.path(namespace, name))
        except NotFound:
            return None

    async def find(self, resource: Resource, namespace: str | None, name: str) -> Manifest | None:
        """One object, or None, read by listing: a right to list is all that is needed."""
        params = {"fieldSelector": f"metadata.name={name}"}
        answer = await self._call("list", resource, resource.path(namespace), params=params)
        for item in answer["items"]:
            return {**item, "apiVersion": resource.api_version, "kind": resource.kind}
        return None

    async def served(self, resource: Resource) -> bool:
        """Does the API server know this kind? Asked of discovery, which everybody may read."""
        try:
            answer = await self._call("get", resource, f"/apis/{resource.group}/{resource.version}")
        except NotFound:
            return False
        return any(each["name"] == resource.plural for each in answer["resources"])

    async def pages(
        self, resource: Resource, namespace: str | None = None, selector: str = "", *, metadata_only: bool = False
    ) -> AsyncIterator[Page]:
        """List in pages, consistently: never from a cache that may be behind.

        When history expires between two pages, the listing fails as Transient; whoever lists starts anew.
        """
        params = {"limit": str(PAGE)}
        if selector:
            params["labelSelector"] = selector
        headers = {"Accept": _METADATA_ONLY} if metadata_only else None
        while True:
            answer = await self._call("list", resource, resource.path(namespace), params=params, headers=headers)
            items = answer["items"] or []  # an empty list of metadata comes as null
            for item in items:
                item["apiVersion"], item["kind"] = resource.api_version, resource.kind
            yield Page(items, answer["metadata"]["resourceVersion"])
            if not (more := answer["metadata"].get("continue")):
                return
            params["continue"] = more

    async def apply(
        self, resource: Resource, manifest: Manifest, *, force: bool = True, dry_run: bool = False
    ) -> Manifest:
        """Server-side apply of the whole desired object; answers with what is stored now, or would be."""
        return await self._apply(resource, manifest, None, force=force, dry_run=dry_run)

    async def apply_status(self, resource: Resource, manifest: Manifest) -> Manifest:
        """Server-side apply of the status alone. A uid in the metadata keeps it off a successor of the same name."""
        return await self._apply(resource, manifest, "status", force=True)

    async def create(self, resource: Resource, manifest: Manifest) -> Manifest:
        """POST. Raises Conflict when an object of that name exists."""
        path = resource.path(manifest["metadata"].get("namespace"))
        return await self._call("create", resource, path, body=manifest, params={"fieldManager": labels.FIELD_MANAGER})

    async def replace(self, resource: Resource, manifest: Manifest) -> Manifest:
        """PUT. Raises Conflict when the resourceVersion in the manifest is not the newest."""
        path = resource.path(manifest["metadata"].get("namespace"), manifest["metadata"]["name"])
        return await self._call("update", resource, path, body=manifest, params={"fieldManager": labels.FIELD_MANAGER})

    async def merge(self, resource: Resource, namespace: str, name: str, patch: Manifest) -> Manifest:
        """JSON merge patch."""
        return await self._call(
            "patch",
            resource,
            resource.path(namespace, name),
            body=patch,
            params={"fieldManager": labels.FIELD_MANAGER},
            headers={"Content-Type": "application/merge-patch+json"},
        )

    async def delete(self, resource: Resource, namespace: str | None, name: str, uid: str) -> bool:
        """Delete that very object; False when it is gone or another one has taken its name."""
        options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._call("delete", resource, resource.path(namespace, name), body=options)
        except (NotFound, Conflict):
            return False
        return True

    async def _apply(
        self, resource: Resource, manifest: Manifest, subresource: str | None, *, force: bool, dry_run: bool = False
    ) -> Manifest:
        metadata = manifest["metadata"]
        return await self._call(
            "patch",
            resource,
            resource.path(metadata.get("namespace"), metadata["name"], subresource),
            body=manifest,
            params={
                "fieldManager": labels.FIELD_MANAGER,
                "force": str(force).lower(),
                **({"dryRun": "All"} if dry_run else {}),
            },
            headers={"Content-Type": "application/apply-patch+yaml"},
            counted_as=f"{resource.plural}/{subresource}" if subresource else resource.plural,
        )

    async def _call(
        self,
        verb: str,
        resource: Resource,
        path: str,
        *,
        body: Manifest | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        counted_as: str | None = None,
    ) -> Manifest:
        counted = counted_as or resource.plural
        try:
            async with self._api.session.request(
                _METHODS[verb],
                self._api.access.server + path,
                params=params,
                data=None if body is None else orjson.dumps(body),
                headers={"Content-Type": "application/json", **(headers or {})},
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            ) as response:
                text = await response.read()
                self._observe(verb, counted, str(response.status))
                if response.ok:
                    answer: Manifest = orjson.loads(text)
                    return answer
                raise _failure(response.status, text, response.headers.get("Retry-After"))
        except (TimeoutError, aiohttp.ClientError, OSError, json.JSONDecodeError) as error:
            self._observe(verb, counted, type(error).__name__)
            raise Transient(f"{verb} {counted}: {type(error).__name__}: {error}"[:MESSAGE_LIMIT]) from error


_METHODS: Final = {
    "get": "GET",
    "list": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
}


def _failure(status: int, text: bytes, retry_after: str | None) -> Exception:
    reason, message = "", text.decode(errors="replace")
    details: dict[str, Any] = {}
    try:
        body: dict[str, Any] = orjson.loads(text)
        reason, message = str(body.get("reason", "")), str(body.get("message", ""))
        details = body.get("details") or {}
    except (orjson.JSONDecodeError, AttributeError):
        pass  # a proxy's own page
    delay = retry_after if retry_after and retry_after.isdigit() else details.get("retryAfterSeconds")
    causes = {str(each.get("reason")) for each in details.get("causes") or ()}
    return to_error(status, reason, message, float(delay) if delay else None, causes)
