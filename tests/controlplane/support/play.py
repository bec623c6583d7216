"""Objects for tests, and the parts that a bare API server lacks: the Deployment controller and the kubelet."""

from typing import Any

from tests.controlplane.support.client import Client, Manifest, until

NAMESPACED_CHILDREN = (
    "ControllerRevision",
    "ServiceAccount",
    "ConfigMap",
    "NetworkPolicy",
    "Service",
    "Deployment",
    "PodDisruptionBudget",
)


def model(name: str = "chat", **spec: Any) -> Manifest:
    """A CasavaModel that any cluster can place."""
    return {
        "apiVersion": "casava.dev/v1alpha1",
        "kind": "CasavaModel",
        "metadata": {"name": name},
        "spec": {"model": {"source": "file:///models/tiny.gguf"}, **spec},
    }


async def children(client: Client, name: str = "chat") -> dict[tuple[str, str], Manifest]:
    """(kind, name) -> every child of a model."""
    found = {}
    for kind in NAMESPACED_CHILDREN:
        for each in await client.list(kind, f"casava.dev/model={name}"):
            found[kind, each["metadata"]["name"]] = {**each, "kind": kind}
    return found


async def applied(client: Client, name: str = "chat") -> Manifest:
    """Wait until a model has its Deployment and a status for its newest generation; the Deployment."""

    async def done() -> Manifest | None:
        found = await client.get("CasavaModel", name)
        seen = found.get("status", {}).get("observedGeneration")
        return await client.find("Deployment", name) if seen == found["metadata"]["generation"] else None

    return await until(f"{name} is applied", done)


async def roll_out(client: Client, name: str = "chat", *, ready: bool = True, complete: bool = True) -> None:
    """Write the status that the Deployment controller would write. Complete but not ready: it was once."""
    live = await client.get("Deployment", name)
    replicas = live["spec"]["replicas"]
    reason = "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated"
    up = replicas if ready else 0
    times = {"lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z", "message": ""}
    await client.merge(
        "Deployment",
        name,
        {
            "status": {
                "observedGeneration": live["metadata"]["generation"],
                "replicas": replicas,
                "updatedReplicas": replicas if complete else 0,
                "readyReplicas": up,
                "availableReplicas": up,
                "unavailableReplicas": replicas - up,
                "conditions": [
                    {"type": "Available", "status": str(ready), "reason": "Test", **times},
                    {"type": "Progressing", "status": "True", "reason": reason, **times},
                ],
            }
        },
        "status",
    )


async def run_pod(client: Client, name: str = "chat") -> None:
    """A pod of the model's Deployment as it is, ready, as the kubelet would report it. Nothing answers in it."""
    template = (await client.get("Deployment", name))["spec"]["template"]
    pod = f"{name}-0"
    metadata = {"name": pod, "labels": template["metadata"]["labels"]}
    await client.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
    running = {"state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}, "ready": True, "started": True}

    def statuses(kind: str) -> list[Manifest]:
        return [
            {"name": each["name"], "image": each["image"], "imageID": "", "restartCount": 0, **running}
            for each in template["spec"][kind]
        ]

    up = [{"type": kind, "status": "True"} for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")]
    status = {
        "phase": "Running",
        "conditions": up,
        "containerStatuses": statuses("containers"),
        "initContainerStatuses": statuses("initContainers"),
        "podIP": "127.0.0.1",
        "podIPs": [{"ip": "127.0.0.1"}],
    }
    await client.merge("Pod", pod, {"status": status}, "status")
