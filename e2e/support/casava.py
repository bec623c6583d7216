"""Casava on a cluster, installed through the real chart."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from e2e.cluster.cluster import Cluster
from e2e.support.manifests import Manifest
from images.builder.build import Saved, bring

CHART: Final = Path(__file__).parents[2] / "charts" / "casava"
VERSION: Final = "0.1.0"
SYSTEM: Final = "casava-system"
OPERATOR: Final = "casava-operator"
OPERATOR_USER: Final = f"system:serviceaccount:{SYSTEM}:{OPERATOR}"
IMAGES: Final = ("operator", "sidecar", "runtime-cpu-smollm2")
# The window of the autoscaler is short, or the test of scaling down would take five minutes.
VALUES: Final = ("--set=autoscaling.stabilizationSeconds=5",)


def load_images(cluster: Cluster, saved: Mapping[str, Saved]) -> None:
    """Give images that were built to every node."""
    cluster.load_image(*(str(image.archive) for image in saved.values()))


@dataclass(frozen=True)
class Casava:
    """``model_image``: the engine image with SmolLM2 inside."""

    cluster: Cluster

    @property
    def model_image(self) -> str:
        return self.cluster.image(f"casava/runtime-cpu-smollm2:{VERSION}")

    def install(self, *values: str, release: str = "casava") -> None:
        """Install or upgrade, and wait until every replica is ready.

        The tag of an image stays while its content changes from one run to the next on a cluster that is kept: the
        annotation makes the operator's pods follow.
        """
        built = bring(["operator"])["operator"].record.id
        self.cluster.helm(
            *("upgrade", "--install", release, str(CHART), f"--namespace={SYSTEM}", "--create-namespace"),
            *("--wait", "--timeout=120s", f"--set=podAnnotations.image={built}", *VALUES, *values),
        )

    def uninstall(self, release: str = "casava") -> None:
        self.cluster.helm("uninstall", release, f"--namespace={SYSTEM}", "--wait", "--timeout=60s")

    def operator_pods(self) -> list[Manifest]:
        """The operator's pods that are not being deleted."""
        found = self.cluster.items("pods", namespace=SYSTEM, selector=f"app.kubernetes.io/name={OPERATOR}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def leader(self) -> str:
        """The name of the pod that holds the Lease; empty when nobody does."""
        lease = self.cluster.get("lease", OPERATOR, namespace=SYSTEM)
        holder = str((lease or {}).get("spec", {}).get("holderIdentity") or "")
        return next((p["metadata"]["name"] for p in self.operator_pods() if p["metadata"]["name"] in holder), "")

    def wait_for_leader(self, other_than: str = "", *, timeout: float = 40) -> str:
        def another() -> str:
            leader = self.leader()
            return leader if leader != other_than else ""

        return self.cluster.wait_until("a leader", another, timeout=timeout)

    def writes(self, mark: int) -> list[str]:
        """What the operator wrote since the mark, its Lease apart, as ``verb resource namespace/name``."""
        return [
            f"{event.verb} {event.resource} {event.namespace}/{event.name}"
            for event in self.cluster.audit(mark)
            if event.user == OPERATOR_USER and event.write and event.resource != "leases"
        ]
