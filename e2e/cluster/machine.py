"""One node of a local cluster as a tree of processes: its files, its start, its end."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from e2e.cluster import cgroups, network, pki
from e2e.cluster.layout import Layout, Node
from e2e.cluster.proc import ClusterError, run
from e2e.cluster.settings import (
    CONTAINERD_SOCKET,
    KUBELET_SYSCTLS,
    containerd_config,
    kubelet_config,
    node_spec,
    pod_network,
    proxy_config,
    to_json,
)

INSIDE: Final = Path(__file__).parent / "inside.py"
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def write_files(layout: Layout, node: Node, tools: Path, images: list[Path], provider_id: str = "") -> Path:
    """Everything that a node reads; returns the description for `inside.py`. Images are copied into its folder."""
    folder = layout.node_folder(node)
    for name in ("cni", "kernel", "kubelet", "log", "programs", "images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    seen_images = []
    for image in images:
        _link_or_copy(image, folder / "images" / image.name)
        seen_images.append(str(node.seen_folder / "images" / image.name))
    for name, value in KUBELET_SYSCTLS.items():
        (folder / "kernel" / name.replace("/", ".")).write_text(f"{value}\n", encoding="ascii")
    (folder / "containerd.toml").write_text(containerd_config(node), encoding="utf-8")
    (folder / "cni" / "10-casava.conflist").write_text(to_json(pod_network(node)), encoding="utf-8")
    kubelet = kubelet_config(node, cgroup_v1=cgroups.is_v1(), provider_id=provider_id)
    (folder / "kubelet.json").write_text(to_json(kubelet), encoding="utf-8")
    (folder / "proxy.json").write_text(to_json(proxy_config(node)), encoding="utf-8")
    pki.make_node_certificate(layout.folder / "pki", node)
    pki.write_kubeconfig(layout, node.name)
    spec = node_spec(layout, node, folder=str(layout.folder), tools=str(tools), images=seen_images)
    (folder / "node.json").write_text(to_json(spec), encoding="utf-8")
    return folder / "node.json"


def _link_or_copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def start(layout: Layout, node: Node, spec: Path) -> None:
    """Start a node; it goes on when this process ends."""
    cgroups.make(node.cgroup)
    network.attach(layout, node)
    # nsenter and not `ip netns exec`, which mounts a fresh /sys, without the cgroup trees.
    enter = ["nsenter", f"--net={network.NAMESPACES / node.namespace}"]
    apart = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--mount-proc", "--kill-child"]
    first = [sys.executable, "-I", "-S", str(INSIDE), str(spec)]
    with (spec.parent / "programs" / "inside.log").open("ab") as log:
        # setsid forks and ends at once, so the node has no parent that could wait for it or take it along.
        subprocess.run(
            ["setsid", "--fork", *enter, *apart, *first],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={
                "PATH": PATH,
                "HOME": "/root",
                "LANG": "C.UTF-8",
            },  # nothing of the caller's: pods must not see secrets
        )


def stop(layout: Layout, node: Node) -> None:
    """End a node and all its pods, and remove what the kernel does not drop by itself."""
    network.detach(layout, node)
    cgroups.remove(node.cgroup)


def alive(node: Node) -> bool:
    """Whether a node's first process runs; all others end with it."""
    return _first_process(node) is not None


def _first_process(node: Node) -> int | None:
    """The process that is number 1 among the node's own; pods on the host's network are one level deeper."""
    for pid in network.members(node.namespace):
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            continue
        numbers = re.search(r"^NSpid:\s+\d+\s+(\d+)$", status, re.MULTILINE)
        if numbers and numbers[1] == "1":
            return pid
    return None


def running_from(layout: Layout) -> Path | None:
    """The folder that the cluster's first node has its state in; None when it does not run or the folder is gone."""
    pid = _first_process(layout.node(1))
    if pid is None:
        return None
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The first process is told the path of its description: FOLDER/nodes/NODE/node.json.
    spec = Path(command[-1].decode())
    return spec.parent.parent.parent.resolve() if spec.is_file() else None


def enter(node: Node) -> list[str]:
    """The beginning of a command line that runs a program among the node's mounts, processes and links."""
    pid = _first_process(node)
    if pid is None:
        raise ClusterError(f"{node.name} of cluster {node.cluster} does not run: bring the cluster up again")
    return ["nsenter", f"--target={pid}", "--mount", "--net", "--uts", "--"]


def import_image(node: Node, archive: Path) -> None:
    """Give an archive of an image to the node's container runtime."""
    address = f"--address={node.seen_folder / CONTAINERD_SOCKET}"
    command = [*enter(node), "ctr", address, "--namespace=k8s.io", "images", "import", "-"]
    with archive.open("rb") as file:
        done = subprocess.run(command, check=False, stdin=file, capture_output=True, timeout=600)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-1000:]
        raise ClusterError(f"{node.name} cannot import {archive}: {said}")


def loaded(layout: Layout, node: Node) -> dict[str, str]:
    """Which version of which image `load` has given to the node."""
    path = layout.node_folder(node) / "loaded.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def remember_loaded(layout: Layout, node: Node, images: dict[str, str]) -> None:
    path = layout.node_folder(node) / "loaded.json"
    path.write_text(to_json({**loaded(layout, node), **images}), encoding="utf-8")


def reaches(node: Node, address: str, port: int) -> bool:
    """Whether a TCP connection from the node succeeds."""
    attempt = f"import socket; socket.create_connection(({address!r}, {port}), 1).close()"
    try:
        run("nsenter", f"--net={network.NAMESPACES / node.namespace}", sys.executable, "-I", "-S", "-c", attempt)
    except ClusterError:
        return False
    return True


def complaints(layout: Layout, node: Node) -> str:
    """The end of each program's log, for an error that has no better explanation."""
    texts = []
    for log in sorted((layout.node_folder(node) / "programs").glob("*.log")):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        texts.append("\n".join([f"-- {node.name} {log.stem} ({log})", *lines]))
    return "\n".join(texts)
