"""The cluster that all other end-to-end tests stand on does what a real one does."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster import cgroups, network
from e2e.cluster.archive import write_image
from e2e.cluster.cluster import Cluster
from e2e.cluster.layout import SWITCH_HARDWARE_ADDRESS, Layout
from e2e.cluster.local import Local
from e2e.cluster.policy import RESTRICTED, probe_pod
from e2e.cluster.proc import ClusterError
from e2e.cluster.settings import KUBELET_SYSCTLS
from e2e.cluster.tools import tool

PORT = 8080
REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
def local(cluster: Cluster) -> Local:
    if not isinstance(cluster.provider, Local):
        pytest.skip(f"the nodes of a cluster of the kind {cluster.provider.kind} are not ours to change")
    return cluster.provider


def server(image: str, replicas: int) -> list[dict[str, Any]]:
    """A Deployment, one pod per node, that answers with the pod's name, and a Service of node ports."""
    labels = {"app": "server"}
    spec = probe_pod("server", image)["spec"]
    del spec["terminationGracePeriodSeconds"]
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": labels},
    }
    template = {"metadata": {"labels": labels}, "spec": {**spec, "topologySpreadConstraints": [spread]}}
    deployment = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    service = {"type": "NodePort", "selector": labels, "ports": [{"port": 80, "targetPort": PORT}]}
    metadata = {"name": "server"}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
    ]


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - a literal http URL of the test's own
        return str(answer.read().decode().strip())


def test_restricted_pods_on_two_nodes_answer_by_name_by_node_port_and_by_port_forward(
    cluster: Cluster, namespace: str
) -> None:
    cluster.apply(server(cluster.probe_image, replicas=2), namespace=namespace)
    cluster.apply(probe_pod("client", cluster.probe_image), namespace=namespace)
    cluster.wait_rolled_out("server", namespace=namespace)
    cluster.wait_for("pod", "client", "condition=Ready", namespace=namespace)
    pods = cluster.items("pod", namespace=namespace, selector="app=server")
    names = {pod["metadata"]["name"] for pod in pods}
    assert {pod["spec"]["nodeName"] for pod in pods} == set(cluster.nodes()[:2])

    def in_client(*command: str) -> str:
        return cluster.kubectl("exec", f"--namespace={namespace}", "client", "--", "/bin/probe", *command).strip()

    service = cluster.get("service", "server", namespace=namespace)
    assert service is not None
    assert in_client("resolve", f"server.{namespace}.svc.cluster.local") == service["spec"]["clusterIP"]
    for pod in pods:
        assert in_client("get", f"http://{pod['status']['podIP']}:{PORT}/") == pod["metadata"]["name"]
    seen = set[str]()

    def all_seen() -> bool:
        seen.add(in_client("get", "http://server/by-name"))
        return seen == names

    # A Service balances by chance, so the number of tries until both have answered is chance too.
    cluster.wait_until("both pods to answer behind the Service", all_seen)

    node_port = service["spec"]["ports"][0]["nodePort"]
    for node in cluster.nodes()[:2]:
        assert fetch(f"http://{cluster.node_address(node)}:{node_port}/") in names
    with cluster.port_forward("service/server", 80, namespace=namespace) as port:
        assert fetch(f"http://127.0.0.1:{port}/by-port-forward") in names

    logs = cluster.kubectl("logs", f"--namespace={namespace}", "--selector=app=server", "--tail=-1")
    assert "served /by-name" in logs
    assert "served /by-port-forward" in logs
    node = cluster.nodes()[1]
    metrics = cluster.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/metrics/resource")
    assert f'namespace="{namespace}"' in metrics


def test_a_pod_that_the_restricted_level_forbids_is_refused(cluster: Cluster, namespace: str) -> None:
    pod = probe_pod("root", cluster.probe_image)
    pod["spec"]["containers"][0]["securityContext"] = {**RESTRICTED, "runAsNonRoot": False, "runAsUser": 0}
    with pytest.raises(ClusterError, match="violates PodSecurity"):
        cluster.apply(pod, namespace=namespace)


def test_a_gpu_pod_runs_where_the_device_plugin_advertises_gpus_and_a_restarted_kubelet_learns_of_them(
    cluster: Cluster, namespace: str, local: Local
) -> None:
    node = cluster.nodes()[1]
    cluster.make_gpu_node(node, platform="gke", gpu="L4", count=2)
    for name, gpus in (("one", 1), ("two", 2)):
        pod = probe_pod(name, cluster.probe_image)
        pod["spec"]["nodeSelector"] = {"cloud.google.com/gke-accelerator": "nvidia-l4"}
        pod["spec"]["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
        pod["spec"]["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": gpus}}
        cluster.apply(pod, namespace=namespace)
        if name == "one":
            cluster.wait_for("pod", "one", "condition=Ready", namespace=namespace)
    waiting = cluster.wait_until(
        "the scheduler's word on the second pod",
        lambda: next(
            iter((cluster.get("pod", "two", namespace=namespace) or {})["status"].get("conditions", [])), None
        ),
    )
    assert waiting["reason"] == "Unschedulable"
    assert "Insufficient nvidia.com/gpu" in waiting["message"]

    end_program(local.layout, node, "kubelet")
    cluster.set_gpus(node, 3)  # only a plugin that has registered anew can tell the new kubelet
    cluster.wait_for("pod", "two", "condition=Ready", namespace=namespace)
    cluster.plain_node(node)
    assert cluster.gpus(node) == 0
    look = cluster.get("node", node)
    assert look is not None
    assert "taints" not in look["spec"]
    assert not any(label.startswith("cloud.google.com/") for label in look["metadata"]["labels"])


def end_program(layout: Layout, name: str, program: str) -> None:
    """Kill one program of a node, found among the processes of the node's own network namespace."""
    node = next(node for node in map(layout.node, range(1, 9)) if node.name == name)
    pids = [pid for pid in network.members(node.namespace) if Path(f"/proc/{pid}/comm").read_text().strip() == program]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def test_a_pod_that_waits_for_a_gpu_node_starts_when_such_a_node_joins(
    cluster: Cluster, namespace: str, local: Local
) -> None:
    pod = probe_pod("early", cluster.probe_image)
    pod["spec"]["nodeSelector"] = {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}
    pod["spec"]["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    pod["spec"]["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": 8}}
    cluster.apply(pod, namespace=namespace)
    joined = cluster.add_node(platform="onprem", gpu="H100", count=8)
    try:
        # A bridge likes to take over a new port's address; the other nodes would lose each other for seconds.
        assert (
            SWITCH_HARDWARE_ADDRESS
            in subprocess.run(
                ["ip", "-netns", local.layout.switch, "link", "show", network.BRIDGE],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        cluster.wait_for("pod", "early", "condition=Ready", namespace=namespace)
        assert (cluster.get("pod", "early", namespace=namespace) or {})["spec"]["nodeName"] == joined
    finally:
        cluster.remove_node(joined)
    assert cluster.get("node", joined) is None
    assert joined not in cluster.nodes()


def test_a_loaded_image_runs_on_every_node(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    config = {"Entrypoint": ["/hello"], "User": "65532"}
    write_image(archive, "docker.io/e2e/hello:1", {"/hello": tool("probe").resolve()}, config)
    cluster.load_image(str(archive))
    nodes = cluster.nodes()[:2]
    for node in nodes:
        pod = probe_pod(node, cluster.image("e2e/hello:1"))
        pod["spec"] |= {"nodeName": node, "restartPolicy": "Never"}
        del pod["spec"]["containers"][0]["readinessProbe"]
        cluster.apply(pod, namespace=namespace)
    for node in nodes:  # the program does not know itself by the name `hello`, and says so: it has run
        cluster.wait_for("pod", node, "jsonpath={.status.phase}=Failed", namespace=namespace)
        assert "hello: call this binary as" in cluster.kubectl("logs", f"--namespace={namespace}", node)


def test_the_audit_log_says_who_did_what_and_how_it_was_answered(cluster: Cluster, namespace: str) -> None:
    mark = cluster.audit_mark()
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "seen"}}, namespace=namespace)
    as_nobody = ("--as=system:serviceaccount:default:default", f"--namespace={namespace}")
    with pytest.raises(ClusterError, match="forbidden"):
        cluster.kubectl("delete", "configmap", "seen", *as_nobody)
    ours = [event for event in cluster.audit(mark) if event.namespace == namespace and event.name == "seen"]
    done = [(event.verb, event.user, event.code, event.allowed) for event in ours if event.write]
    assert done[0][:3] == ("patch", "admin", 201)
    assert ("delete", "admin", 403, False) in done
    assert all(event.resource == "configmaps" for event in ours)


def test_the_probe_finds_that_a_local_cluster_does_not_enforce_network_policies(cluster: Cluster, local: Local) -> None:
    assert local.running()
    assert cluster.enforces_network_policy() is False


@pytest.mark.usefixtures("local")
def test_a_second_cluster_killed_while_it_starts_comes_up_beside_the_first_and_goes_without_a_trace(
    cluster: Cluster, tmp_path: Path
) -> None:
    name = "e2e-second"
    before = machine_settings()
    environment = {**os.environ, "CASAVA_E2E_CLUSTER": "local", "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "e2e.cluster", "up", "--name", name]
    second = Local(name, root=tmp_path / "casava" / "clusters")
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.DEVNULL) as starting:
        cluster.wait_until("the second cluster's first node", lambda: network.namespaces_of(name)[1:] or None)
        starting.kill()
    assert not second.running()
    try:
        subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, timeout=120, stdout=subprocess.DEVNULL)
        assert second.running()
        assert second.nodes() == ["node-1"]
        layout = second.layout
        assert len(traces(layout)) >= 4  # so that finding none below means something
        uid = cluster.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
        other = Cluster(second).kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
        assert uid != other
    finally:
        second.down()
    assert not second.folder.exists()
    assert traces(layout) == []
    assert machine_settings() == before
    assert cluster.provider.running()


def traces(layout: Layout) -> list[str]:
    """What of a cluster is on the host: links, namespaces, control groups, mounts, packet rules."""
    interfaces = json.loads(subprocess.run(["ip", "-json", "link"], check=True, capture_output=True).stdout)
    rules = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    return [
        *(interface["ifname"] for interface in interfaces if interface["ifname"] == layout.host_link),
        *network.namespaces_of(layout.name),
        *(str(group) for tree in cgroups.trees() for group in tree.glob(layout.cgroup)),
        *(line for line in mounts.splitlines() if layout.name in line),
        *(line for line in rules.splitlines() if layout.host_link in line or str(layout.subnet[0])[:-1] in line),
    ]


def machine_settings() -> list[object]:
    """What belongs to the whole machine and the programs of a node like to change."""
    folders = ("/var/lib/kubelet", "/var/lib/cni", "/usr/libexec/kubernetes", "/opt/containerd", "/var/log/pods")
    settings = [Path("/proc/sys", name).read_text(encoding="ascii") for name in KUBELET_SYSCTLS]
    return [*settings, *(Path(folder).exists() for folder in folders)]


def test_bringing_up_what_is_up_changes_nothing(cluster: Cluster, local: Local) -> None:
    started = (local.folder / "cluster.json").stat().st_mtime_ns
    local.up(len(local.nodes()))
    assert (local.folder / "cluster.json").stat().st_mtime_ns == started
    assert cluster.kubectl("get", "--raw", "/readyz") == "ok"
