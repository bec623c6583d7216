"""A cluster that somebody else runs. Nothing of it is made or removed here but what tests apply to it."""

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from e2e.cluster import images
from e2e.cluster.proc import ClusterError, run
from e2e.cluster.tools import tool

REGISTRY = "CASAVA_E2E_REGISTRY"


class Existing:
    """The provider `existing`: the cluster of KUBECONFIG. Images go to it through the registry CASAVA_E2E_REGISTRY."""

    kind = "existing"
    audit_log: Path | None = None
    host_address: str | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        first = os.environ.get("KUBECONFIG", "").partition(os.pathsep)[0]
        self.kubeconfig = Path(first) if first else Path.home() / ".kube" / "config"
        if not self.kubeconfig.is_file():
            raise ClusterError(f"there is no {self.kubeconfig}: set KUBECONFIG to a file that leads to the cluster")

    def up(self, nodes: int) -> None:
        """Only checks that the cluster answers and has that many nodes."""
        have = len(self.nodes())
        if have < nodes:
            raise ClusterError(f"the cluster of {self.kubeconfig} answers with {have} nodes, {nodes} are asked for")
        if os.environ.get(REGISTRY):
            self.load([str(images.pod_archive())])

    def down(self) -> None:
        """Leaves the cluster as it is."""

    def nodes(self) -> list[str]:
        with contextlib.suppress(ClusterError):
            return run(*self._kubectl(), "get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").split()
        return []

    def running(self) -> bool:
        return bool(self.nodes())

    def load(self, names: Sequence[str]) -> None:
        """Push images to the registry, under their own names behind its address."""
        for name in names:
            target = self.image(images.POD_IMAGE if name == str(images.pod_archive()) else name)
            if shutil.which("buildah"):
                source = f"docker-archive:{name}" if Path(name).is_file() else name
                if source != name:
                    source = run("buildah", "pull", "--quiet", source).strip()
                run("buildah", "push", "--quiet", source, f"docker://{target}", timeout=600)
            else:
                run("docker", "tag", name, target)
                run("docker", "push", target, timeout=600)

    def image(self, name: str) -> str:
        """How a pod writes the name of a loaded image. Raises ClusterError without a registry."""
        registry = os.environ.get(REGISTRY)
        if not registry:
            raise ClusterError(f"set {REGISTRY} to a registry that the cluster can pull from, such as registry/project")
        return f"{registry.rstrip('/')}/{name.rpartition('/')[2]}"

    def _kubectl(self) -> list[str]:
        return [str(tool("kubectl")), f"--kubeconfig={self.kubeconfig}", "--request-timeout=20s"]
