"""A cluster as tests use it: kubectl, waiting, images, GPU nodes, the audit log, and ways to reach what runs in it."""

import contextlib
import json
import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from e2e.cluster import audit, policy
from e2e.cluster.images import POD_IMAGE
from e2e.cluster.labels import GPU_COUNT_LABEL, Look, Platform, gpu_node
from e2e.cluster.local import Local
from e2e.cluster.proc import ClusterError, run
from e2e.cluster.providers import Provider
from e2e.cluster.tools import tool

T = TypeVar("T")
Manifest = Mapping[str, Any]

LOOK: Final = "e2e.casava.dev/look"  # on a node: what make_gpu_node has given it
TEST_LABEL: Final = "e2e.casava.dev/test"  # on a namespace: made by a test
GPU_RESOURCE: Final = "nvidia.com/gpu"
POLL: Final = 0.1  # seconds between two looks at what is waited for
FORWARD_TIMEOUT: Final = 15.0


class Cluster:
    """A cluster that is up. All methods block; errors are ClusterErrors that repeat what the program said."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.name = provider.name
        self.kubeconfig = provider.kubeconfig
        self._enforces: bool | None = None

    # -- the API

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 60) -> str:
        """Run kubectl against this cluster and return its stdout."""
        return run(tool("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments, stdin=stdin, timeout=timeout)

    def helm(self, *arguments: str, timeout: float = 180) -> str:
        """Run helm against this cluster and return its stdout."""
        return run(tool("helm"), f"--kubeconfig={self.kubeconfig}", *arguments, timeout=timeout)

    def apply(self, manifest: str | Manifest | Sequence[Manifest], *, namespace: str = "") -> None:
        """Apply YAML text, one object, or several, by server-side apply under the field manager `e2e`."""
        if isinstance(manifest, str):
            text = manifest
        else:
            objects = [manifest] if isinstance(manifest, Mapping) else list(manifest)
            text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        scope = [f"--namespace={namespace}"] if namespace else []
        self.kubectl("apply", "--server-side", "--field-manager=e2e", *scope, "-f", "-", stdin=text)

    def get(self, kind: str, name: str, *, namespace: str = "") -> dict[str, Any] | None:
        """One object as it is stored; None when there is none of that name."""
        scope = [f"--namespace={namespace}"] if namespace else []
        text = self.kubectl("get", kind, name, "--ignore-not-found", "-o", "json", *scope)
        return json.loads(text) if text.strip() else None

    def items(self, kind: str, *, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """All objects of a kind, of one namespace or of all, by label selector."""
        scope = [f"--namespace={namespace}"] if namespace else ["--all-namespaces"]
        text = self.kubectl("get", kind, "-o", "json", *scope, *([f"--selector={selector}"] if selector else []))
        return list(json.loads(text)["items"])

    @contextlib.contextmanager
    def namespace(self, prefix: str = "e2e", *, security: str = "restricted") -> Iterator[str]:
        """A namespace for one test, deleted afterwards. It enforces a Pod Security level, the strictest by default."""
        name = f"{prefix}-{secrets.token_hex(3)}"
        labels = {"pod-security.kubernetes.io/enforce": security, TEST_LABEL: "true"}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false")

    # -- waiting

    def wait_until(self, what: str, look: Callable[[], T | None], *, timeout: float = 60) -> T:
        """Look again and again until the answer is true, and return it. `what` completes "waited 60 s for ..."."""
        deadline = time.monotonic() + timeout
        while not (found := look()):
            if time.monotonic() > deadline:
                raise ClusterError(f"waited {timeout:g} s for {what}")
            time.sleep(POLL)
        return found

    def wait_for(self, kind: str, name: str, condition: str, *, namespace: str = "", timeout: float = 60) -> None:
        """Wait for a condition such as `condition=Ready` or `delete`, as `kubectl wait --for` does."""
        scope = [f"--namespace={namespace}"] if namespace else []
        target = f"{kind}/{name}"
        self.kubectl("wait", target, f"--for={condition}", f"--timeout={timeout:g}s", *scope, timeout=timeout + 10)

    def wait_rolled_out(self, name: str, *, namespace: str, kind: str = "deployment", timeout: float = 60) -> None:
        """Wait until every pod of a workload is new and available."""
        target = f"{kind}/{name}"
        scope = f"--namespace={namespace}"
        self.kubectl("rollout", "status", target, scope, f"--timeout={timeout:g}s", timeout=timeout + 10)

    # -- images

    def load_image(self, *names: str) -> None:
        """Give images to every node: archives, or names that buildah or docker has built."""
        self.provider.load(names)

    def image(self, name: str) -> str:
        """How a pod of this cluster writes the name of an image that was loaded."""
        return self.provider.image(name)

    @property
    def probe_image(self) -> str:
        """An image whose entry point is the small program `probe`: `serve ADDRESS`, `get URL`, `resolve NAME`."""
        return self.image(POD_IMAGE)

    # -- nodes

    def nodes(self) -> list[str]:
        """The names of the nodes, the control plane's first."""
        return self.provider.nodes()

    def node_address(self, name: str = "") -> str:
        """The address of a node (the first by default): NodePorts answer there, from this machine too."""
        node = self.get("node", name or self.nodes()[0])
        addresses = (node or {}).get("status", {}).get("addresses", [])
        for address in addresses:
            if address["type"] == "InternalIP":
                return str(address["address"])
        raise ClusterError(f"node {name} has no InternalIP")

    def add_node(self, *, platform: Platform | None = None, gpu: str = "", count: int = 1) -> str:
        """One more node, Ready; as a GPU node of a platform, provider ID included, when one is named."""
        look = gpu_node(platform, gpu, count) if platform else None
        name = self._local().add_node(provider_id=look.provider_id if look else "")
        if look:
            self._dress(name, look, count)
        return name

    def remove_node(self, name: str, *, drain: bool = True) -> None:
        """Take a node away: drained, or (`drain=False`) as when its machine dies."""
        self._local().remove_node(name, drain=drain)

    def _local(self) -> Local:
        if not isinstance(self.provider, Local):
            raise ClusterError(f"nodes of a cluster of the kind {self.provider.kind} cannot be added or removed")
        return self.provider

    def make_gpu_node(self, name: str, *, platform: Platform, gpu: str, count: int = 1) -> None:
        """Make a node look like a platform's GPU node; returns when it advertises its GPUs. `plain_node` undoes it."""
        self.plain_node(name)
        self._dress(name, gpu_node(platform, gpu, count), count)

    def _dress(self, name: str, look: Look, count: int) -> None:
        # On the node itself: a run that was killed leaves a node that the next one can still undress.
        worn = json.dumps({"labels": sorted(look.labels), "taints": look.taints})
        self.kubectl("annotate", "node", name, "--overwrite", f"{LOOK}={worn}")
        self.kubectl("label", "node", name, "--overwrite", *(f"{key}={value}" for key, value in look.labels.items()))
        if look.taints:
            self.kubectl("taint", "node", name, "--overwrite", *look.taints)
        self.set_gpus(name, count)

    def set_gpus(self, name: str, count: int) -> None:
        """Let the device plugin advertise that many GPUs on a node; returns when the node says so."""
        self._install_gpu_plugin()
        self.kubectl("label", "node", name, "--overwrite", f"{GPU_COUNT_LABEL}={count}")
        self.wait_until(f"{count} GPUs on {name}", lambda: self.gpus(name) == count)

    def gpus(self, name: str) -> int:
        """How many GPUs a node can give to pods."""
        node = self.get("node", name)
        return int((node or {}).get("status", {}).get("allocatable", {}).get(GPU_RESOURCE, 0))

    def plain_node(self, name: str) -> None:
        """Take all from a node that `make_gpu_node` gave it. Its instance type goes too: labels are not remembered."""
        node = self.get("node", name)
        worn = ((node or {}).get("metadata", {}).get("annotations") or {}).get(LOOK)
        if worn is None:
            return
        look = json.loads(worn)
        self.set_gpus(name, 0)
        self.kubectl("label", "node", name, *(f"{key}-" for key in look["labels"]))
        for taint in look["taints"]:
            with contextlib.suppress(ClusterError):  # a run that was killed had not come to it
                self.kubectl("taint", "node", name, f"{taint}-")
        self.kubectl("annotate", "node", name, f"{LOOK}-")

    def clean(self) -> None:
        """Take away what tests of a former run, which was killed, have left: namespaces, and what nodes were given."""
        self.kubectl("delete", "namespace", f"--selector={TEST_LABEL}", "--wait=false")
        for name in self.nodes():
            self.plain_node(name)

    def _install_gpu_plugin(self) -> None:
        manifest = (Path(__file__).parent / "manifests" / "gpu.yaml").read_text(encoding="utf-8")
        self.apply(manifest.replace(POD_IMAGE, self.probe_image))

    # -- the audit log

    def audit_mark(self) -> int:
        """A place in the audit log: `audit(mark)` gives what happened after it. Raises ClusterError without a log."""
        return audit.end(self._audit_log())

    def audit(self, mark: int = 0) -> Iterator[audit.AuditEvent]:
        """Every request that the API server has answered since the mark."""
        return audit.read(self._audit_log(), mark)

    def _audit_log(self) -> Path:
        log = self.provider.audit_log
        if log is None or not log.exists():
            raise ClusterError(f"a cluster of the kind {self.provider.kind} hands no audit log to tests")
        return log

    # -- ways in

    @contextlib.contextmanager
    def port_forward(self, target: str, port: int, *, namespace: str) -> Iterator[int]:
        """A port on 127.0.0.1 that leads to a port of `pod/NAME`, `service/NAME` or `deployment/NAME`."""
        command = [str(tool("kubectl")), f"--kubeconfig={self.kubeconfig}", f"--namespace={namespace}"]
        command += ["port-forward", "--address=127.0.0.1", target, f":{port}"]
        # Into a file and not a pipe: kubectl writes a line per connection, and would stand still once nobody read them.
        with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
            try:
                yield self.wait_until(
                    f"port-forward to {target}", lambda: _forwarded_port(said, process), timeout=FORWARD_TIMEOUT
                )
            finally:
                process.terminate()

    @property
    def host_address(self) -> str | None:
        """Where pods reach a server of this machine, which has to listen on that address; None when they cannot."""
        return self.provider.host_address

    def enforces_network_policy(self) -> bool:
        """Whether a connection that a NetworkPolicy denies really fails here: tried with two pods, once per cluster."""
        if self._enforces is None:
            with self.namespace("policy") as namespace:
                self._enforces = policy.probe(self, namespace)
        return self._enforces


def _forwarded_port(said: IO[bytes], process: "subprocess.Popen[bytes]") -> int | None:
    """The local port, from the line `Forwarding from 127.0.0.1:PORT -> ...`; None while there is none."""
    text = os.pread(said.fileno(), 1 << 16, 0).decode(errors="replace")
    if found := re.search(r"^Forwarding from 127\.0\.0\.1:(\d+)", text, re.MULTILINE):
        return int(found[1])
    if process.poll() is not None:
        raise ClusterError(f"port-forward ended: {text.strip()}")
    return None
