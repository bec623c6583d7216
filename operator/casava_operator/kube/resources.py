"""The kinds that the operator reads and writes, and where the API server serves them."""

from dataclasses import dataclass
from typing import Final

from casava_operator.keys import Key, Manifest
from casava_wire import labels


@dataclass(frozen=True)
class Resource:
    """One kind of the API: ``group`` is empty for the core group, ``plural`` is its name in URLs and in RBAC."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As manifests write it: ``v1`` or ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of a collection, an object or its subresource."""
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)


CASAVA_MODEL: Final = Resource(labels.GROUP, labels.VERSION, labels.KIND, labels.PLURAL)
OUTPUT_CONTRACT: Final = Resource(labels.GROUP, labels.VERSION, labels.CONTRACT_KIND, labels.CONTRACT_PLURAL)
DEPLOYMENT: Final = Resource("apps", "v1", "Deployment", "deployments")
REPLICA_SET: Final = Resource("apps", "v1", "ReplicaSet", "replicasets")
CONTROLLER_REVISION: Final = Resource("apps", "v1", "ControllerRevision", "controllerrevisions")
POD: Final = Resource("", "v1", "Pod", "pods")
NODE: Final = Resource("", "v1", "Node", "nodes", namespaced=False)
SERVICE: Final = Resource("", "v1", "Service", "services")
SERVICE_ACCOUNT: Final = Resource("", "v1", "ServiceAccount", "serviceaccounts")
CONFIG_MAP: Final = Resource("", "v1", "ConfigMap", "configmaps")
POD_DISRUPTION_BUDGET: Final = Resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
NETWORK_POLICY: Final = Resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
LEASE: Final = Resource("coordination.k8s.io", "v1", "Lease", "leases")
EVENT: Final = Resource("events.k8s.io", "v1", "Event", "events")

# What the plan may hold, and what is therefore pruned when the plan no longer holds it.
CHILDREN: Final = (
    SERVICE_ACCOUNT,
    CONFIG_MAP,
    CONTROLLER_REVISION,
    NETWORK_POLICY,
    SERVICE,
    DEPLOYMENT,
    POD_DISRUPTION_BUDGET,
)
# Made by Kubernetes from a child: read, never written.
GRANDCHILDREN: Final = (REPLICA_SET, POD)
WATCHED: Final = (CASAVA_MODEL, OUTPUT_CONTRACT, *CHILDREN, *GRANDCHILDREN, NODE)

# Bounds what is listed, watched and remembered to what Casava made.
CHILD_SELECTOR: Final = f"{labels.MANAGED_BY}={labels.MANAGED_BY_VALUE}"

_BY_KIND: Final = {(each.api_version, each.kind): each for each in (*WATCHED, LEASE, EVENT)}


def resource_of(manifest: Manifest) -> Resource:
    """The kind of a manifest. Raises KeyError for one that the operator does not handle: a bug in the plan."""
    return _BY_KIND[manifest["apiVersion"], manifest["kind"]]


def selector_of(resource: Resource) -> str:
    """The label selector under which a kind is listed and watched; empty for kinds that are not children."""
    return CHILD_SELECTOR if resource in CHILDREN or resource in GRANDCHILDREN else ""


def owner_of(resource: Resource, body: Manifest) -> Key | None:
    """The CasavaModel that an object belongs to: itself, its controller, or for pods and the like what its label says.

    A direct child is judged by its controller reference alone: a label can be copied by anybody.
    """
    metadata = body["metadata"]
    namespace = metadata.get("namespace", "")
    if resource is CASAVA_MODEL:
        return Key(namespace, metadata["name"])
    if resource in GRANDCHILDREN:
        name = metadata.get("labels", {}).get(labels.MODEL)
        return Key(namespace, name) if name else None
    controller = controller_of(body)
    if controller and controller.get("kind") == labels.KIND and controller.get("apiVersion") == labels.API_VERSION:
        return Key(namespace, controller["name"])
    return None


def controller_of(body: Manifest) -> Manifest | None:
    """The owner reference that has ``controller: true``, if there is one."""
    references: list[Manifest] = body["metadata"].get("ownerReferences", [])
    return next((each for each in references if each.get("controller")), None)
