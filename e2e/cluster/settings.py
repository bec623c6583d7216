"""What each program of a local node is told: configuration files and command lines. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

from e2e.cluster.layout import API_PORT, DNS_ADDRESS, POD_RANGE, SEEN_FOLDER, SEEN_TOOLS, SERVICE_RANGE, Layout, Node

PAUSE_IMAGE: Final = "casava.local/pause:1"
CONTAINERD_SOCKET: Final = "containerd.sock"
PKI: Final = SEEN_FOLDER / "pki"
CONTROL_LABEL: Final = "e2e.casava.dev/control"
AUDIT_LOG: Final = "audit.log"

# Every request once, when it has been answered (a watch also when it begins), and no bodies: they hold secrets.
AUDIT_POLICY: Final[Mapping[str, Any]] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "omitManagedFields": True,
    "rules": [{"level": "Metadata"}],
}

# The kubelet writes these kernel settings, which belong to the whole machine. A node finds files in their place that
# hold what the kubelet wants, so it leaves the machine's alone.
KUBELET_SYSCTLS: Final[Mapping[str, str]] = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def containerd_config(node: Node) -> str:
    """TOML for containerd 1.6 and 1.7. Every path that it would share with another containerd is the node's own."""
    folder = node.seen_folder
    return f"""version = 2
root = "{folder}/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "{folder}/{CONTAINERD_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""


def pod_network(node: Node) -> dict[str, Any]:
    """The CNI configuration: one bridge per node, addresses from the node's own range."""
    bridge = {
        "type": "bridge",
        "bridge": "pods",
        "isGateway": True,
        "ipMasq": False,  # a pod is seen by other pods under its own address, on other nodes too
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni-addresses",  # gone with the node, so no address is lost to a run that was killed
            "ranges": [[{"subnet": str(node.pod_range)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "casava", "plugins": [bridge, ports]}


def kubelet_config(node: Node, *, cgroup_v1: bool, provider_id: str = "") -> dict[str, Any]:
    """The kubelet's configuration file."""
    config: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{PKI}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{PKI}/{node.name}.crt",
        "tlsPrivateKeyFile": f"{PKI}/{node.name}.key",
        "containerRuntimeEndpoint": f"unix://{node.seen_folder}/{CONTAINERD_SOCKET}",
        "volumePluginDir": f"{node.seen_folder}/volume-plugins",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{node.cgroup}",
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "clusterDomain": "cluster.local",
        "clusterDNS": [str(DNS_ADDRESS)],
        # The disk is the developer's own and may well be nearly full; images are loaded by hand and must stay.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        # A changed number of GPUs is told with the node's status: every second looked at, written only when it changed.
        "nodeStatusUpdateFrequency": "1s",
        "nodeStatusReportFrequency": "5m",
        "syncFrequency": "10s",  # how soon an edit of a mounted ConfigMap reaches a pod
    }
    if provider_id:
        config["providerID"] = provider_id
    if cgroup_v1:
        config["failCgroupV1"] = False
    return config


def proxy_config(node: Node) -> dict[str, Any]:
    """kube-proxy's configuration file. The zeros: it may not write the settings of connection tracking."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": str(POD_RANGE),
        "clientConnection": {"kubeconfig": f"{SEEN_FOLDER}/kube-proxy.kubeconfig"},
        "hostnameOverride": node.name,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "iptables": {"minSyncPeriod": "0s"},
    }


def etcd_command() -> list[str]:
    """Without fsync: the data of a test cluster need not outlive the machine's power."""
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return [
        f"{SEEN_TOOLS}/etcd",
        f"--data-dir={SEEN_FOLDER}/etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server_command(layout: Layout) -> list[str]:
    """The API server, with its audit log written before each answer, so that a test finds what it has just done."""
    return [
        f"{SEEN_TOOLS}/kube-apiserver",
        "--etcd-servers=http://127.0.0.1:2379",
        f"--secure-port={API_PORT}",
        f"--advertise-address={layout.node(1).address}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--client-ca-file={PKI}/ca.crt",
        f"--tls-cert-file={PKI}/apiserver.crt",
        f"--tls-private-key-file={PKI}/apiserver.key",
        f"--service-account-key-file={PKI}/service-account.pub",
        f"--service-account-signing-key-file={PKI}/service-account.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--kubelet-client-certificate={PKI}/kubelet-client.crt",
        f"--kubelet-client-key={PKI}/kubelet-client.key",
        f"--kubelet-certificate-authority={PKI}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",  # the names of nodes resolve nowhere
        "--allow-privileged=true",
        "--enable-aggregator-routing=true",
        "--profiling=false",
        f"--audit-policy-file={SEEN_FOLDER}/audit-policy.yaml",
        f"--audit-log-path={SEEN_FOLDER}/{AUDIT_LOG}",
        "--audit-log-mode=blocking",
        "--audit-log-maxsize=10240",  # MB: never rotated in a cluster's life
    ]


def controller_manager_command() -> list[str]:
    return [
        f"{SEEN_TOOLS}/kube-controller-manager",
        f"--kubeconfig={SEEN_FOLDER}/kube-controller-manager.kubeconfig",
        f"--service-account-private-key-file={PKI}/service-account.key",
        f"--root-ca-file={PKI}/ca.crt",
        f"--cluster-signing-cert-file={PKI}/ca.crt",
        f"--cluster-signing-key-file={PKI}/ca.key",
        "--use-service-account-credentials",
        f"--flex-volume-plugin-dir={SEEN_FOLDER}/volume-plugins",  # else it makes a folder on the host
        # The default of 20 a second keeps a fresh cluster waiting for its first pod.
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--leader-elect=false",
        "--profiling=false",
    ]


def scheduler_command() -> list[str]:
    return [
        f"{SEEN_TOOLS}/kube-scheduler",
        f"--kubeconfig={SEEN_FOLDER}/kube-scheduler.kubeconfig",
        "--leader-elect=false",
        "--profiling=false",
    ]


def kubelet_command(node: Node) -> list[str]:
    return [
        f"{SEEN_TOOLS}/kubelet",
        f"--config={node.seen_folder}/kubelet.json",
        f"--kubeconfig={SEEN_FOLDER}/{node.name}.kubeconfig",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        *([f"--node-labels={CONTROL_LABEL}=true"] if node.control else []),
    ]


def node_spec(layout: Layout, node: Node, *, folder: str, tools: str, images: list[str]) -> dict[str, Any]:
    """What `inside.py` makes of a bare set of namespaces: mounts, settings, and the programs in order of start.

    `folder` and `tools` are the cluster's folder and the programs' on the host; `images` are archives as the node sees
    them.
    """
    api_ready = {"host": str(layout.node(1).address), "port": str(API_PORT), "authority": f"{PKI}/ca.crt"}
    containerd = f"{node.seen_folder}/{CONTAINERD_SOCKET}"
    load = ["ctr", f"--address={containerd}", "--namespace=k8s.io", "images", "import"]
    programs: list[dict[str, Any]] = [
        {
            "name": "containerd",
            "command": ["containerd", f"--config={node.seen_folder}/containerd.toml"],
            "then": [[*load, image] for image in images],
            "then_socket": containerd,
        }
    ]
    if node.control:
        programs += [
            {"name": "etcd", "command": etcd_command()},
            {"name": "kube-apiserver", "command": api_server_command(layout)},
            {"name": "kube-controller-manager", "command": controller_manager_command(), "after": api_ready},
            {"name": "kube-scheduler", "command": scheduler_command(), "after": api_ready},
        ]
    proxy = [f"{SEEN_TOOLS}/kube-proxy", f"--config={node.seen_folder}/proxy.json"]
    programs += [
        {"name": "kubelet", "command": kubelet_command(node), "after": api_ready},
        {"name": "kube-proxy", "command": proxy, "after": api_ready},
    ]
    kernel = node.seen_folder / "kernel"
    leave_cluster = ["-s", str(POD_RANGE), "!", "-d", str(POD_RANGE), "-o", "eth0", "-j", "MASQUERADE"]
    return {
        "hostname": node.name,
        "empty": ["/run", "/var/lib", "/var/log"],
        "binds": [
            [folder, str(SEEN_FOLDER)],
            [tools, str(SEEN_TOOLS.parent)],
            [f"{folder}/nodes/{node.name}/kubelet", "/var/lib/kubelet"],
            [f"{folder}/nodes/{node.name}/log", "/var/log"],
        ],
        "folders": ["/run/netns", "/var/lib/cni", "/var/log/pods", "/var/log/containers"],
        "files": [[f"{kernel}/{name.replace('/', '.')}", f"/proc/sys/{name}"] for name in KUBELET_SYSCTLS],
        "settings": {"net/ipv4/ip_forward": "1", "net/bridge/bridge-nf-call-iptables": "1"},
        # Only what leaves the cluster gets the node's address: the host knows no way back to a pod.
        "commands": [["iptables", "-w", "-t", "nat", "-A", "POSTROUTING", *leave_cluster]],
        "programs": programs,
        "logs": str(node.seen_folder / "programs"),
    }


def to_json(value: Any) -> str:
    """JSON as a file holds it; Kubernetes' programs read it wherever they read YAML."""
    return json.dumps(value, indent=1) + "\n"
