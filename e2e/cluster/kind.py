"""A cluster in Docker containers, by kind."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from e2e.cluster import images
from e2e.cluster.layout import valid_name
from e2e.cluster.places import state_dir
from e2e.cluster.proc import ClusterError, locked, run, say, succeeds
from e2e.cluster.settings import AUDIT_LOG, AUDIT_POLICY, to_json
from e2e.cluster.tools import tool

POLICY: Final = "/etc/kubernetes/casava/audit-policy.yaml"  # in the node's container and in the API server's
LOGS: Final = "/var/log/kubernetes"


def docker_answers() -> bool:
    """Whether there is a Docker engine to talk to."""
    return bool(shutil.which("docker")) and succeeds("docker", "version", "--format", "{{.Server.Version}}", timeout=10)


def kind_config(nodes: int, folder: Path) -> dict[str, Any]:
    """kind's configuration: an audit log that the host can read; the first of the nodes is the control plane. Pure."""
    volumes = [
        {"name": "policy", "hostPath": POLICY, "mountPath": POLICY, "readOnly": True, "pathType": "File"},
        {"name": "logs", "hostPath": LOGS, "mountPath": LOGS, "pathType": "DirectoryOrCreate"},
    ]
    arguments = {
        "audit-policy-file": POLICY,
        "audit-log-path": f"{LOGS}/{AUDIT_LOG}",
        "audit-log-mode": "blocking",
        "audit-log-maxsize": "10240",
    }
    patch: list[Mapping[str, Any]] = [
        {"op": "add", "path": "/apiServer/extraArgs/-", "value": {"name": name, "value": value}}
        for name, value in arguments.items()
    ]
    patch.append({"op": "add", "path": "/apiServer/extraVolumes", "value": volumes})
    control = {
        "role": "control-plane",
        "extraMounts": [
            {"hostPath": str(folder / "audit-policy.yaml"), "containerPath": POLICY, "readOnly": True},
            {"hostPath": str(folder / "logs"), "containerPath": LOGS},
        ],
    }
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [control, *({"role": "worker"} for _ in range(nodes - 1))],
        "kubeadmConfigPatchesJSON6902": [
            {"group": "kubeadm.k8s.io", "version": "v1beta4", "kind": "ClusterConfiguration", "patch": to_json(patch)}
        ],
    }


class Kind:
    """The provider `kind`. Its nodes are fixed when the cluster is made."""

    kind = "kind"
    host_address: str | None = None

    def __init__(self, name: str, root: Path | None = None) -> None:
        if not valid_name(name):
            raise ClusterError(f"{name!r} cannot name a cluster: use at most 30 of a-z, 0-9 and '-'")
        self.name = name
        self.folder = (root or state_dir()) / f"{name}.kind"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "admin.kubeconfig"

    @property
    def audit_log(self) -> Path:
        return self.folder / "logs" / AUDIT_LOG

    def up(self, nodes: int) -> None:
        """Make the cluster; one that has that many nodes already is kept, another is made anew."""
        if not docker_answers():
            raise ClusterError("no Docker engine answers: start it, or set CASAVA_E2E_CLUSTER to local or existing")
        with locked(self.folder.with_suffix(".lock")):
            if len(self.nodes()) == nodes and self.running():
                return
            self._delete()
            say(f"bringing up kind cluster {self.name}")
            (self.folder / "logs").mkdir(parents=True)
            (self.folder / "audit-policy.yaml").write_text(to_json(AUDIT_POLICY), encoding="utf-8")
            config = self.folder / "kind.json"
            config.write_text(to_json(kind_config(nodes, self.folder)), encoding="utf-8")
            self._kind("create", "cluster", "--config", str(config), "--wait", "180s", timeout=600)
            # A test schedules on every node, as on the local cluster.
            with contextlib.suppress(ClusterError):  # kind sets no taint where the control plane is the only node
                self._kubectl("taint", "nodes", "--all", "node-role.kubernetes.io/control-plane-")
            self.load([str(images.pod_archive())])

    def down(self) -> None:
        with locked(self.folder.with_suffix(".lock")):
            self._delete()

    def _delete(self) -> None:
        self._kind("delete", "cluster")
        shutil.rmtree(self.folder, ignore_errors=True)

    def nodes(self) -> list[str]:
        """kind's nodes are called as their containers are."""
        with contextlib.suppress(ClusterError):
            return sorted(run(tool("kind"), "get", "nodes", "--name", self.name).split())
        return []

    def running(self) -> bool:
        with contextlib.suppress(ClusterError):
            return self._kubectl("get", "--raw", "/readyz") == "ok"
        return False

    def load(self, names: Sequence[str]) -> None:
        for name in names:
            with tempfile.TemporaryDirectory(prefix="casava-image-") as folder:
                archive = Path(folder) / "image.tar"
                images.write_archive(name, archive)
                self._kind("load", "image-archive", str(archive), timeout=600)

    def image(self, name: str) -> str:
        """How a pod writes the name of a loaded image."""
        return name

    def _kind(self, *arguments: str, timeout: float = 120) -> str:
        named = ("--name", self.name)
        kubeconfig = {"KUBECONFIG": str(self.kubeconfig), "PATH": os.environ.get("PATH", "")}
        return run(tool("kind"), *arguments, *named, timeout=timeout, env=kubeconfig)

    def _kubectl(self, *arguments: str) -> str:
        return run(tool("kubectl"), f"--kubeconfig={self.kubeconfig}", "--request-timeout=20s", *arguments)
