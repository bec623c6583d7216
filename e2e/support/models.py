"""CasavaModels in one namespace of a cluster, as a test sees them."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from casava_wire import labels, net
from e2e.cluster.cluster import Cluster
from e2e.cluster.tools import tool
from e2e.support.manifests import Manifest


@dataclass(frozen=True)
class Models:
    """``image``: the engine image with a model inside."""

    cluster: Cluster
    namespace: str
    image: str

    def apply(self, manifest: Manifest) -> None:
        """Apply over whatever a test has patched before."""
        options = ("--server-side", "--field-manager=e2e", "--force-conflicts")
        self.cluster.kubectl("apply", *options, f"--namespace={self.namespace}", "-f", "-", stdin=json.dumps(manifest))

    def patch(self, name: str, spec: Manifest) -> None:
        """Edit the spec as a user does, by a merge patch."""
        self.kubectl("patch", "casava", name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def kubectl(self, *arguments: str, timeout: float = 60) -> str:
        return self.cluster.kubectl(*arguments, f"--namespace={self.namespace}", timeout=timeout)

    def get(self, name: str) -> Manifest:
        found = self.cluster.get("casava", name, namespace=self.namespace)
        assert found is not None, f"CasavaModel {name} is gone"
        return found

    def status(self, name: str) -> Manifest:
        status: Manifest = self.get(name).get("status", {})
        return status

    @contextlib.contextmanager
    def watched(self, name: str) -> Iterator[Callable[[], list[Manifest]]]:
        """Every status from here on, also one that stands for a moment only, as a watch sees them."""
        command = [str(tool("kubectl")), f"--kubeconfig={self.cluster.kubeconfig}", f"--namespace={self.namespace}"]
        command += ["get", "casava", name, "--watch", "--output=json"]
        with tempfile.TemporaryFile() as seen, subprocess.Popen(command, stdout=seen) as process:
            try:
                self.cluster.wait_until("the watch to begin", lambda: _statuses(seen))
                yield lambda: _statuses(seen)
            finally:
                process.terminate()

    def condition(self, name: str, kind: str) -> Manifest:
        """One condition of the current generation; its status is "Missing" until the operator has seen the spec."""
        found = self.get(name)
        status = found.get("status", {})
        if status.get("observedGeneration") == found["metadata"]["generation"]:
            for condition in status.get("conditions", []):
                if condition["type"] == kind:
                    return dict(condition)
        return {"type": kind, "status": "Missing", "reason": "", "message": ""}

    def wait_condition(self, name: str, kind: str, status: str, reason: str = "", *, timeout: float = 60) -> Manifest:
        """Wait for a condition, and say what it was instead when it does not come."""
        deadline = time.monotonic() + timeout
        while True:
            condition = self.condition(name, kind)
            if condition["status"] == status and reason in ("", condition["reason"]):
                return condition
            if time.monotonic() > deadline:
                raise AssertionError(f"{name}: {kind} is not {status} {reason} but {condition}\n{self.story(name)}")
            time.sleep(0.1)

    def wait_ready(self, name: str, *, timeout: float = 60) -> Manifest:
        return self.wait_condition(name, "Ready", "True", timeout=timeout)

    def all_pods(self, name: str) -> list[Manifest]:
        """Pods of the model, those that are on their way out too."""
        return self.cluster.items("pods", namespace=self.namespace, selector=f"{labels.MODEL}={name}")

    def pods(self, name: str) -> list[Manifest]:
        """Pods that are not being deleted."""
        return [pod for pod in self.all_pods(name) if "deletionTimestamp" not in pod["metadata"]]

    def remove(self, *names: str) -> None:
        """Delete these models, all where none is named, and end their pods at once: nobody looks at how they drain."""
        self.kubectl("delete", "casava", *(names or ("--all",)))
        chosen = f"{labels.MODEL} in ({','.join(names)})" if names else labels.MODEL

        def gone() -> bool:
            pods = self.cluster.items("pods", namespace=self.namespace, selector=chosen)
            # Again and again: until its Deployment is collected, a pod that is ended has a successor.
            if pods:
                self.kubectl("delete", "pods", f"--selector={chosen}", "--grace-period=1", "--wait=false")
            return not pods

        self.cluster.wait_until("the pods to go", gone)

    def deployment(self, name: str) -> Manifest:
        found = self.cluster.get("deployment", name, namespace=self.namespace)
        assert found is not None, f"Deployment {name} is gone"
        return found

    def url(self, name: str) -> str:
        """A way in from outside, through a NodePort that reaches whatever pods the model has."""
        exposed = f"{name}-outside"
        port = {"name": "api", "port": net.API_PORT, "targetPort": net.API_PORT}
        selector = {labels.MODEL: name}
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": exposed},
                "spec": {"type": "NodePort", "selector": selector, "ports": [port]},
            }
        )
        service = self.cluster.get("service", exposed, namespace=self.namespace)
        assert service is not None
        url = f"http://{self.cluster.node_address()}:{service['spec']['ports'][0]['nodePort']}"
        # kube-proxy takes about a second to see a new Service: what a test measures begins after that.
        self.cluster.wait_until(f"an answer at {url}", lambda: _answers(url))
        return url

    def story(self, name: str) -> str:
        """What a person would look at first, for the message of a test that failed."""
        said: Sequence[str] = [
            self.kubectl("describe", "casava", name),
            self.kubectl("get", "pods", "-o", "wide"),
            self.kubectl("get", "events", "--sort-by=.lastTimestamp"),
        ]
        for pod in self.pods(name)[:2]:
            for container in (labels.ENGINE_CONTAINER, labels.SIDECAR_CONTAINER):
                said = [*said, self._logs(pod["metadata"]["name"], container)]
        return "\n".join(text[-4000:] for text in said)

    def _logs(self, pod: str, container: str) -> str:
        try:
            return f"--- {pod} {container}\n" + self.kubectl("logs", pod, "-c", container, "--tail=25")
        except Exception as error:  # noqa: BLE001 -- a story without logs is better than none
            return f"--- {pod} {container}: {error}"


def _statuses(seen: IO[bytes]) -> list[Manifest]:
    """The statuses of the objects that stand one after another in a file; the last one may not be whole yet."""
    text, decoder, found = os.pread(seen.fileno(), 1 << 24, 0).decode(errors="replace"), json.JSONDecoder(), []
    while text := text.lstrip():
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            break
        found.append(value.get("status", {}))
        text = text[end:]
    return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/v1/models", timeout=5) as response:  # noqa: S310 -- a NodePort
            return bool(response.status == 200)
    except OSError:
        return False
