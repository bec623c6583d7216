"""How a local cluster is named and addressed. Pure: everything follows from its name, its folder and its slot."""

import hashlib
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Final

# Ranges that are set aside for documentation (RFC 5737): no network that a machine really talks to uses them.
RANGES: Final = (IPv4Network("198.51.100.0/24"), IPv4Network("203.0.113.0/24"), IPv4Network("192.0.2.0/24"))
SLOTS: Final = tuple(subnet for each in RANGES for subnet in each.subnets(new_prefix=26))
MOST_NODES: Final = 50
# The switch's. Left to itself a bridge takes the lowest of its ports' and changes it as nodes come and go; for seconds
# after each change the nodes' traffic would go nowhere.
SWITCH_HARDWARE_ADDRESS: Final = "02:ca:5a:00:00:ff"

# Pods and Services live inside the nodes' own network namespaces, so every cluster may use the same ranges.
POD_RANGE: Final = IPv4Network("10.244.0.0/16")
SERVICE_RANGE: Final = IPv4Network("10.96.0.0/16")
DNS_ADDRESS: Final = SERVICE_RANGE[10]
API_SERVICE_ADDRESS: Final = SERVICE_RANGE[1]
API_PORT: Final = 6443

# Where a node sees the cluster's folder and the programs. Short, whatever the state folder is called: the address of
# a Unix socket has to fit in 108 bytes.
SEEN_FOLDER: Final = Path("/run/cluster")
SEEN_TOOLS: Final = Path("/run/tools/bin")

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?")


def valid_name(name: str) -> bool:
    """Whether a cluster may be called so: a DNS label of at most 30 characters."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True)
class Node:
    """One node of a local cluster; the first is the control plane too."""

    cluster: str
    index: int  # from 1
    subnet: IPv4Network

    @property
    def name(self) -> str:
        return f"node-{self.index}"

    @property
    def control(self) -> bool:
        return self.index == 1

    @property
    def address(self) -> IPv4Address:
        return self.subnet[self.index + 1]

    @property
    def hardware_address(self) -> str:
        """Fixed, so that a node which comes back is not looked for where its predecessor was."""
        return f"02:ca:5a:00:00:{self.index:02x}"

    @property
    def pod_range(self) -> IPv4Network:
        return IPv4Network((int(POD_RANGE.network_address) + (self.index << 8), 24))

    @property
    def namespace(self) -> str:
        """The network namespace. The dot, which no cluster's name holds, keeps names of two clusters apart."""
        return f"casava.{self.cluster}.{self.name}"

    @property
    def cgroup(self) -> str:
        return f"casava.{self.cluster}/{self.name}"

    @property
    def seen_folder(self) -> Path:
        """The node's own folder, as the node sees it."""
        return SEEN_FOLDER / "nodes" / self.name


@dataclass(frozen=True)
class Layout:
    """The names and addresses of one cluster."""

    name: str
    folder: Path
    slot: int  # which of SLOTS

    @property
    def subnet(self) -> IPv4Network:
        return SLOTS[self.slot]

    @property
    def host_address(self) -> IPv4Address:
        """The host's address towards the nodes; pods reach a server that a test runs on the host here."""
        return self.subnet[1]

    @property
    def router_address(self) -> IPv4Address:
        """The switch's own address: it knows on which node each range of pods is."""
        return self.subnet[-2]

    @property
    def switch(self) -> str:
        """The network namespace of the switch that joins the nodes. It is not the host's own: the host's packet
        filters see no traffic between nodes, and all links go when this namespace goes."""
        return f"casava.{self.name}.switch"

    @property
    def host_link(self) -> str:
        """The one network interface that the host gets; interface names are at most 15 bytes."""
        return f"casava{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"

    @property
    def cgroup(self) -> str:
        return f"casava.{self.name}"

    @property
    def server(self) -> str:
        return f"https://{self.node(1).address}:{API_PORT}"

    def node(self, index: int) -> Node:
        return Node(cluster=self.name, index=index, subnet=self.subnet)

    def node_folder(self, node: Node) -> Path:
        return self.folder / "nodes" / node.name


def free_slot(taken: set[int], networks: list[IPv4Network]) -> int | None:
    """The first slot that no cluster has and that overlaps no network of the host; None when all are in use."""
    for slot, subnet in enumerate(SLOTS):
        if slot not in taken and not any(subnet.overlaps(network) for network in networks):
            return slot
    return None
