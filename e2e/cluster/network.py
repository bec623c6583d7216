"""The links of a local cluster: a switch in a network namespace of its own, one link to the host, one to each node."""

import json
import os
import signal
import time
from ipaddress import IPv4Network
from pathlib import Path

from e2e.cluster.layout import SWITCH_HARDWARE_ADDRESS, Layout, Node
from e2e.cluster.proc import ClusterError, run

NAMESPACES = Path("/run/netns")
BRIDGE = "nodes"


def host_networks() -> list[IPv4Network]:
    """Every IPv4 network that the host has an address in or a route to, but for the default route."""
    links = json.loads(run("ip", "-json", "-4", "address", "show") or "[]")
    routes = json.loads(run("ip", "-json", "-4", "route", "show", "table", "all", "type", "unicast") or "[]")
    texts = [f"{address['local']}/{address['prefixlen']}" for link in links for address in link.get("addr_info", [])]
    texts += [route["dst"] for route in routes if route["dst"] != "default"]
    return [IPv4Network(text, strict=False) for text in texts]


def make_switch(layout: Layout) -> None:
    """The switch and the host's link to it. What a former run left of either is removed first."""
    remove_switch(layout)
    run("ip", "netns", "add", layout.switch)
    inside = ("ip", "-netns", layout.switch)
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "link", "add", BRIDGE, "address", SWITCH_HARDWARE_ADDRESS, "type", "bridge")
    run(*inside, "address", "add", f"{layout.router_address}/{layout.subnet.prefixlen}", "dev", BRIDGE)
    run(*inside, "link", "set", BRIDGE, "up")
    run("ip", "link", "add", layout.host_link, "type", "veth", "peer", "name", "host", "netns", layout.switch)
    run(*inside, "link", "set", "host", "master", BRIDGE, "up")
    run("ip", "address", "add", f"{layout.host_address}/{layout.subnet.prefixlen}", "dev", layout.host_link)
    run("ip", "link", "set", layout.host_link, "up")
    # The switch hands on what goes from a node to a pod of another node. As the setting belongs to the namespace, a
    # process has to be in it to write it.
    run("nsenter", f"--net={NAMESPACES / layout.switch}", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    # Else it tells the nodes of shorter ways, past itself, that they then keep when a node has gone.
    for which in ("all", BRIDGE):
        run(
            "nsenter", f"--net={NAMESPACES / layout.switch}", "sysctl", "-qw", f"net.ipv4.conf.{which}.send_redirects=0"
        )


def remove_switch(layout: Layout) -> None:
    remove_namespace(layout.switch)
    # The other end has gone with the namespace, but a moment later, and this name is wanted again.
    if (Path("/sys/class/net") / layout.host_link).exists():
        try:
            run("ip", "link", "delete", layout.host_link)
        except ClusterError:
            if (Path("/sys/class/net") / layout.host_link).exists():
                raise


def attach(layout: Layout, node: Node) -> None:
    """A network namespace for a node, linked to the switch, which learns the way to the node's pods."""
    remove_namespace(node.namespace)
    run("ip", "netns", "add", node.namespace)
    port = f"port{node.index}"
    peer = ("peer", "name", "eth0", "address", node.hardware_address, "netns", node.namespace)
    run("ip", "-netns", layout.switch, "link", "add", port, "type", "veth", *peer)
    run("ip", "-netns", layout.switch, "link", "set", port, "master", BRIDGE, "up")
    inside = ("ip", "-netns", node.namespace)
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "address", "add", f"{node.address}/{layout.subnet.prefixlen}", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")
    run(*inside, "route", "add", "default", "via", str(layout.router_address))
    run(
        *("ip", "-netns", layout.switch, "route", "replace", str(node.pod_range)),
        *("via", str(node.address), "dev", BRIDGE),
    )


def detach(layout: Layout, node: Node) -> None:
    """Forget a node: its namespace and the way to its pods."""
    remove_namespace(node.namespace)
    if (NAMESPACES / layout.switch).exists():
        routes = run("ip", "-netns", layout.switch, "route", "show", str(node.pod_range))
        if routes.strip():
            run("ip", "-netns", layout.switch, "route", "delete", str(node.pod_range))


def remove_namespace(name: str) -> None:
    """End every process in a network namespace and remove it; nothing happens when there is none."""
    if not (NAMESPACES / name).exists():
        return
    deadline = time.monotonic() + 20
    while pids := members(name):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise ClusterError(f"processes {pids} of {name} do not end, though killed: look at them with ps")
        time.sleep(0.05)
    run("ip", "netns", "delete", name)


def members(name: str) -> list[int]:
    """The processes in a network namespace; pods have their own and end with the node's first process."""
    if not (NAMESPACES / name).exists():
        return []
    return [int(pid) for pid in run("ip", "netns", "pids", name).split()]


def namespaces_of(cluster: str) -> list[str]:
    """The names of all network namespaces that belong to a cluster, whatever its state folder says."""
    return sorted(path.name for path in NAMESPACES.glob(f"casava.{cluster}.*"))
