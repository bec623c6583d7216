"""Whether a cluster enforces NetworkPolicies. Many accept them and do nothing, so only a try tells."""

import time
from typing import TYPE_CHECKING, Any, Final

from e2e.cluster.proc import ClusterError

if TYPE_CHECKING:
    from e2e.cluster.cluster import Cluster

PORT: Final = 8080
PATIENCE: Final = 3.0  # seconds that an enforcer gets until the policy must work

RESTRICTED: Final = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def probe_pod(name: str, image: str, *, command: tuple[str, ...] = ("serve", f":{PORT}")) -> dict[str, Any]:
    """A pod of the small program `probe` that the level `restricted` admits. Pure."""
    container = {
        "name": "probe",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(command),
        "securityContext": RESTRICTED,
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
    }
    spec = {
        "containers": [container],
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "enableServiceLinks": False,
    }
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def deny_all(name: str) -> dict[str, Any]:
    """A policy that lets nothing into the pods of that `app`. Pure."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"deny-{name}"},
        "spec": {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"]},
    }


def probe(cluster: "Cluster", namespace: str) -> bool:
    """Deny one pod to another and see whether the connection fails. Raises ClusterError when it fails before that."""
    pods = [probe_pod(name, cluster.probe_image) for name in ("server", "client")]
    cluster.apply(pods, namespace=namespace)
    for pod in pods:
        cluster.wait_for("pod", pod["metadata"]["name"], "condition=Ready", namespace=namespace)
    server = cluster.get("pod", "server", namespace=namespace)
    url = f"http://{(server or {})['status']['podIP']}:{PORT}/"

    def ask() -> str:
        return cluster.kubectl("exec", f"--namespace={namespace}", "client", "--", "/bin/probe", "get", url)

    ask()  # without a policy it has to work, or a failure below would mean nothing
    cluster.apply(deny_all("server"), namespace=namespace)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            ask()
        except ClusterError:
            return True
        time.sleep(0.2)
    return False
