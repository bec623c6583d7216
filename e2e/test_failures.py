"""What breaks says so in a sentence, and recovers by itself."""

import signal
from collections.abc import Callable, Iterator

import pytest

from casava_wire import labels
from e2e.support.load import Load
from e2e.support.manifests import Manifest, model
from e2e.support.models import Models
from e2e.support.processes import send

NAME = "broken"


@pytest.fixture(scope="module")
def running(models: Models) -> str:
    models.apply(model(NAME, models.image))
    models.wait_ready(NAME)
    return str(models.pods(NAME)[0]["metadata"]["name"])


def _restarts(models: Models, pod: str, container: str) -> int:
    found = models.cluster.get("pod", pod, namespace=models.namespace)
    assert found is not None
    statuses = [*found["status"]["containerStatuses"], *found["status"]["initContainerStatuses"]]
    return int(next(status["restartCount"] for status in statuses if status["name"] == container))


def _said(status: Manifest, word: str) -> bool:
    """Not Ready, and a sentence of the diagnosis names what broke."""
    ready = next(each["status"] for each in status["conditions"] if each["type"] == "Ready")
    sentences = [f"{finding['evidence']} {finding['nextAction']}" for finding in status.get("diagnosis", [])]
    return ready == "False" and any(word in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("program", "number", "container"),
    [
        ("tritonserver", signal.SIGKILL, labels.ENGINE_CONTAINER),
        ("tritonserver", signal.SIGSTOP, labels.ENGINE_CONTAINER),
        ("casava-sidecar", signal.SIGKILL, labels.SIDECAR_CONTAINER),
    ],
    ids=["Triton killed", "Triton hangs", "sidecar killed"],
)
def test_a_pod_that_loses_a_process_says_so_and_recovers(
    models: Models, running: str, program: str, number: signal.Signals, container: str
) -> None:
    before = _restarts(models, running, container)
    with models.watched(NAME) as seen:
        send(running, program, number)
        models.cluster.wait_until(
            "a sentence about it", lambda: any(_said(status, container) for status in seen()), timeout=60
        )
    # The kubelet waits longer before each further restart: 10 s, 20 s, 40 s.
    models.wait_ready(NAME, timeout=120)
    assert _restarts(models, running, container) == before + 1
    with Load(models.url(NAME), NAME, workers=1) as load:
        load.wait_for_answers(2)
    assert not load.failures()


CLAIM = "models"


@pytest.fixture(scope="module")
def shell(models: Models) -> Iterator[Callable[[str], str]]:
    """A shell that may write to the folder /out behind the claim, which is on the first node."""
    cluster, node = models.cluster, models.cluster.nodes()[0]
    path = f"/var/tmp/casava-e2e/{models.namespace}"  # noqa: S108 -- on the node
    cluster.apply(_volume(models.namespace, path, node))
    with cluster.namespace("writer", security="privileged") as namespace:
        cluster.apply(_writer(models.image, path, node), namespace=namespace)
        cluster.wait_for("pod", "writer", "condition=Ready", namespace=namespace)
        yield lambda script: cluster.kubectl(
            "exec", "writer", f"--namespace={namespace}", "--", "sh", "-euc", script, timeout=60
        )
    cluster.kubectl("delete", "pv", models.namespace, "--wait=false")


def _volume(namespace: str, path: str, node: str) -> list[Manifest]:
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    volume = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "",
        "hostPath": {"path": path, "type": "DirectoryOrCreate"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        "claimRef": {"namespace": namespace, "name": CLAIM},
    }
    claim = {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "",
        "volumeName": namespace,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return [
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": namespace}, "spec": volume},
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": CLAIM, "namespace": namespace},
            "spec": claim,
        },
    ]


def _writer(image: str, path: str, node: str) -> Manifest:
    container = {
        "name": "writer",
        "image": image,
        "command": ["sleep", "600"],
        "securityContext": {"runAsUser": 0},
        "volumeMounts": [{"name": "out", "mountPath": "/out"}],
    }
    spec = {
        "nodeName": node,
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "containers": [container],
        "volumes": [{"name": "out", "hostPath": {"path": path, "type": "DirectoryOrCreate"}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "writer"}, "spec": spec}


def test_a_model_file_that_is_broken_is_named_and_mended_without_a_restart(
    models: Models, shell: Callable[[str], str]
) -> None:
    shell("head -c 20000000 /models/*.gguf > /out/model.gguf; chmod 644 /out/model.gguf")
    manifest = model("filed", models.image)
    manifest["spec"]["model"] = {"source": f"pvc://{CLAIM}/model.gguf"}
    models.apply(manifest)
    broken = models.wait_condition("filed", "ModelCached", "False", "ModelTruncated")
    assert "model.gguf" in broken["message"]
    assert models.condition("filed", "Ready")["status"] == "False"
    pod = models.pods("filed")[0]["metadata"]["name"]
    shell("rm /out/model.gguf")
    models.wait_condition("filed", "ModelCached", "False", "ModelNotFound")
    shell("cp /models/*.gguf /out/model.gguf; chmod 644 /out/model.gguf")
    models.wait_ready("filed", timeout=90)
    assert models.condition("filed", "ModelCached")["status"] == "True"
    assert _restarts(models, pod, labels.ENGINE_CONTAINER) == 0
