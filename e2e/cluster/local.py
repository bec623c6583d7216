"""A cluster on this machine: every node a tree of processes in namespaces of its own. Needs root on Linux, no Docker.

Everything that a cluster leaves on the disk is in its folder, everything else has a name that follows from the
cluster's. So what a run that was killed has left is found, and removed, by the name alone.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from e2e.cluster import cgroups, images, machine, network, packages, pki
from e2e.cluster.archive import names_in
from e2e.cluster.layout import DNS_ADDRESS, MOST_NODES, Layout, Node, free_slot, valid_name
from e2e.cluster.places import state_dir
from e2e.cluster.proc import ClusterError, locked, run, say, succeeds
from e2e.cluster.settings import AUDIT_LOG, AUDIT_POLICY, to_json
from e2e.cluster.tools import HOST, built, tool

HERE: Final = Path(__file__).parent
MODULES: Final = ("overlay", "br_netfilter", "veth")
START_TIMEOUT: Final = 120.0  # seconds until a cluster must be up; 3 to 10 are usual
SETTLED: Final = 10.0  # seconds after which a node that does not run will not come any more
PARALLEL: Final = 4
# The sources that decide what a running cluster is: an edit of one of them means a new cluster.
MADE_BY: Final = (
    *("archive.py", "cgroups.py", "images.py", "inside.py", "layout.py", "machine.py", "network.py", "pki.py"),
    *("settings.py", "manifests/dns.yaml"),
)
# Clusters have names that hold for the whole machine, so their locks do too, wherever the state is kept.
LOCKS: Final = Path("/run/casava-e2e")


@dataclass(frozen=True)
class State:
    """What a cluster's folder says of it."""

    slot: int
    recipe: str
    nodes: tuple[int, ...]  # indexes
    complete: bool = False  # False while it is being brought up


def why_not() -> str | None:
    """Why this machine cannot run a local cluster; None when it can."""
    if sys.platform != "linux":
        return "a local cluster needs Linux"
    return None if os.geteuid() == 0 else "a local cluster needs root"


class Local:
    """The provider `local`: brings a cluster up and down, changes its nodes, loads images."""

    kind = "local"

    def __init__(self, name: str, root: Path | None = None) -> None:
        if not valid_name(name):
            raise ClusterError(f"{name!r} cannot name a cluster: use at most 30 of a-z, 0-9 and '-'")
        self.name = name
        self.root = root or state_dir()
        self.folder = self.root / name

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "admin.kubeconfig"

    @property
    def audit_log(self) -> Path:
        return self.folder / AUDIT_LOG

    @property
    def host_address(self) -> str:
        """Where pods reach a server that listens on this machine (on all addresses, or on this one)."""
        return str(self.layout.host_address)

    @property
    def layout(self) -> Layout:
        """The cluster's names and addresses. Raises ClusterError when it is not up."""
        return Layout(self.name, self.folder, self._state().slot)

    def up(self, nodes: int) -> None:
        """Bring the cluster up with that many nodes. One that is up already is only given more or fewer nodes."""
        if not 1 <= nodes <= MOST_NODES:
            raise ClusterError(f"a local cluster has 1 to {MOST_NODES} nodes, not {nodes}")
        if reason := why_not():
            raise ClusterError(f"{reason}: set CASAVA_E2E_CLUSTER to kind or existing")
        packages.ensure(packages.CLUSTER)
        self._load_modules()
        tools, archives = built(HOST), [images.pause_archive(), images.pod_archive()]
        with self._lock():
            recipe = _recipe([tools.name, *(archive.parent.name for archive in archives)])
            if self._usable(recipe):
                self._resize(nodes)
                return
            if self.folder.exists():
                say(f"cluster {self.name} is broken or was made by other sources: making it anew")
            self._remove()
            self._create(recipe, nodes, tools, archives)

    def down(self) -> None:
        """Remove the cluster and everything of it, also when a former run has left only half of it."""
        with self._lock():
            self._remove()

    def nodes(self) -> list[str]:
        """The names of its nodes; empty when it is not up."""
        with contextlib.suppress(ClusterError):
            return [self.layout.node(index).name for index in self._state().nodes]
        return []

    def running(self) -> bool:
        """Whether all of its nodes run and the API server is ready."""
        try:
            state = self._state()
        except ClusterError:
            return False
        every = all(machine.alive(self.layout.node(index)) for index in state.nodes)
        return state.complete and every and self._api_ready()

    def add_node(self, provider_id: str = "") -> str:
        """One more node, Ready when this returns its name; with the images that the others were given."""
        with self._lock():
            return self._add_node(provider_id).name

    def _add_node(self, provider_id: str = "") -> Node:
        state, layout = self._state(), self.layout
        index = next(number for number in range(1, MOST_NODES + 2) if number not in state.nodes)
        if index > MOST_NODES:
            raise ClusterError(f"a local cluster has at most {MOST_NODES} nodes")
        node = layout.node(index)
        archives = [images.pause_archive(), images.pod_archive()]
        archives += sorted((self.folder / "images").glob("*.tar"))
        machine.stop(layout, node)  # what a removal that was killed has left
        shutil.rmtree(layout.node_folder(node), ignore_errors=True)
        spec = machine.write_files(layout, node, built(HOST), archives, provider_id)
        self._write_state(State(state.slot, state.recipe, (*state.nodes, index), state.complete))
        machine.start(layout, node, spec)
        self._wait_for_nodes([node])
        return node

    def remove_node(self, name: str, *, drain: bool = True) -> None:
        """Take a node away: in good order, or (`drain=False`) as when its machine dies and the cloud forgets it."""
        with self._lock():
            self._remove_node(name, drain=drain)

    def _remove_node(self, name: str, *, drain: bool) -> None:
        state, layout = self._state(), self.layout
        found = [layout.node(index) for index in state.nodes if layout.node(index).name == name]
        if not found or found[0].control:
            removable = ", ".join(layout.node(index).name for index in state.nodes if index != 1) or "none"
            raise ClusterError(f"{name} cannot be removed; nodes that can: {removable}")
        if drain:
            options = ("--force", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")
            self._kubectl("drain", name, *options, timeout=90)
        machine.stop(layout, found[0])
        self._kubectl("delete", "node", name, "--ignore-not-found")
        left = tuple(index for index in state.nodes if index != found[0].index)
        self._write_state(State(state.slot, state.recipe, left, state.complete))
        shutil.rmtree(layout.node_folder(found[0]), ignore_errors=True)

    def load(self, names: Sequence[str]) -> None:
        """Give images (archives, or names that buildah or docker knows) to every node, and to nodes added later."""
        with self._lock():
            layout, state = self.layout, self._state()
            nodes = [layout.node(index) for index in state.nodes]
            for name in names:
                version = images.image_id(name)
                lacking = [node for node in nodes if not version or machine.loaded(layout, node).get(name) != version]
                if lacking:
                    self._load_one(layout, lacking, name, version or "")

    def image(self, name: str) -> str:
        """How a pod writes the name of a loaded image."""
        return name

    def _load_one(self, layout: Layout, nodes: Sequence[Node], name: str, version: str) -> None:
        folder = self.folder / "images"
        folder.mkdir(exist_ok=True)
        half_made = folder / "image.making"
        half_made.unlink(missing_ok=True)
        images.write_archive(name, half_made)
        # By what is in it: a file loaded from one folder today and from another tomorrow is kept once.
        content = ",".join(names_in(half_made)) or name
        kept = half_made.with_name(f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.tar")
        half_made.rename(kept)
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(lambda node: machine.import_image(node, kept), nodes))
        for node in nodes:
            machine.remember_loaded(layout, node, {name: version})

    def _create(self, recipe: str, nodes: int, tools: Path, archives: list[Path]) -> None:
        started = time.monotonic()
        say(f"bringing up cluster {self.name}: {nodes} node{'s'[: nodes != 1]} in {self.folder}")
        state = self._claim(recipe, nodes)
        layout = self.layout
        try:
            self._write_common_files(layout)
            for index in state.nodes:
                node = layout.node(index)
                machine.start(layout, node, machine.write_files(layout, node, tools, archives))
            self._wait_until("the API server", self._api_ready)
            self._kubectl("apply", "--server-side", "-f", str(HERE / "manifests" / "dns.yaml"))
            self._wait_for_nodes([layout.node(index) for index in state.nodes])
        except BaseException:
            # The processes would go on in the dark; the folder stays, for its logs.
            self._stop()
            raise
        self._write_state(State(state.slot, state.recipe, state.nodes, complete=True))
        say(f"cluster {self.name} is up after {time.monotonic() - started:.1f} s: KUBECONFIG={self.kubeconfig}")

    def _refuse_a_namesake(self) -> None:
        """Raises ClusterError when a cluster of this name runs from another folder: it would be taken for our ruins."""
        where = machine.running_from(Layout(self.name, self.folder, slot=0))
        if where is not None and where != self.folder.resolve():
            raise ClusterError(f"a cluster {self.name} runs from {where}: give this one another name")

    def _claim(self, recipe: str, nodes: int) -> State:
        """Take the first subnet that nobody has, and write it down before another cluster can look."""
        with locked(LOCKS / "slots"):
            taken = {slot for path in self.root.glob("*/cluster.json") if (slot := _slot_in(path)) is not None}
            slot = free_slot(taken, network.host_networks())
            if slot is None:
                raise ClusterError(f"no free subnet: take a cluster down, see {self.root}")
            state = State(slot, recipe, tuple(range(1, nodes + 1)))
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write_state(state)
            # Before the lock is given up: a cluster whose state is kept elsewhere sees the subnet only on the host.
            network.make_switch(self.layout)
            return state

    def _write_common_files(self, layout: Layout) -> None:
        authority = self.folder / "pki"
        pki.make_authority(authority)
        pki.make_api_server_certificate(authority, layout)
        for name, subject in pki.CLIENTS.items():
            pki.make_certificate(authority, name, subject)
            pki.write_kubeconfig(layout, name)
        (self.folder / "audit-policy.yaml").write_text(to_json(AUDIT_POLICY), encoding="utf-8")

    def _resize(self, nodes: int) -> None:
        names = [self.layout.node(index).name for index in self._state().nodes]
        for name in reversed(names[nodes:]):
            say(f"removing {name}")
            self._remove_node(name, drain=False)
        for _ in range(nodes - len(names)):
            say(f"adding {self._add_node().name}")

    def _usable(self, recipe: str) -> bool:
        with contextlib.suppress(ClusterError):
            return self._state().recipe == recipe and self.running()
        return False

    def _wait_for_nodes(self, nodes: Sequence[Node]) -> None:
        names = [f"node/{node.name}" for node in nodes]
        self._wait_until("the nodes", lambda: succeeds(*self._command("get", *names)))
        self._wait_until(
            "the nodes", lambda: succeeds(*self._command("wait", "--for=condition=Ready", "--timeout=5s", *names))
        )
        # Ready means that pods are taken. They also want names: DNS has to answer behind its Service's address.
        dns = str(DNS_ADDRESS)
        self._wait_until("cluster DNS", lambda: all(machine.reaches(node, dns, 53) for node in nodes))

    def _wait_until(self, what: str, done: Callable[[], bool]) -> None:
        layout, started = self.layout, time.monotonic()
        while not done():
            nodes = [layout.node(index) for index in self._state().nodes]
            dead = [node.name for node in nodes if not machine.alive(node)]
            waited = time.monotonic() - started
            if waited > (SETTLED if dead else START_TIMEOUT):
                texts = "\n".join(machine.complaints(layout, node) for node in nodes)
                raise ClusterError(f"{what} did not come up in {waited:.0f} s (ended: {dead or 'none'})\n{texts}")
            time.sleep(0.1)

    def _api_ready(self) -> bool:
        return succeeds(*self._command("get", "--raw", "/readyz"), timeout=5)

    def _kubectl(self, *arguments: str, timeout: float = 60) -> str:
        return run(*self._command(*arguments), timeout=timeout)

    def _command(self, *arguments: str) -> list[str]:
        return [str(tool("kubectl")), f"--kubeconfig={self.kubeconfig}", "--request-timeout=20s", *arguments]

    def _remove(self) -> None:
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():
            raise ClusterError(f"{self.folder} cannot be removed: see what holds it")

    def _stop(self) -> None:
        """End all processes and drop all links and control groups, found by the cluster's name and not by its state."""
        for name in network.namespaces_of(self.name):
            network.remove_namespace(name)
        # The slot does not matter here: only names that do not depend on it are used.
        network.remove_switch(Layout(self.name, self.folder, slot=0))
        cgroups.remove(f"casava.{self.name}")

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with locked(LOCKS / f"cluster.{self.name}"):
            self._refuse_a_namesake()
            yield

    def _state(self) -> State:
        path = self.folder / "cluster.json"
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return State(stored["slot"], stored["recipe"], tuple(stored["nodes"]), stored["complete"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ClusterError(
                f"cluster {self.name} is not up: run `python -m e2e.cluster up --name {self.name}`"
            ) from error

    def _write_state(self, state: State) -> None:
        half_made = self.folder / "cluster.json.making"
        half_made.write_text(
            to_json({"slot": state.slot, "recipe": state.recipe, "nodes": state.nodes, "complete": state.complete}),
            encoding="utf-8",
        )
        half_made.rename(self.folder / "cluster.json")

    @staticmethod
    def _load_modules() -> None:
        """Where the kernel has them as modules; where they are built in there is nothing to do, and nothing to ask."""
        if Path("/proc/sys/net/bridge").exists() and "overlay" in Path("/proc/filesystems").read_text(encoding="ascii"):
            return
        packages.ensure(packages.MODULES)
        for module in MODULES:
            if not succeeds("modprobe", module):
                raise ClusterError(f"the kernel module {module} cannot be loaded; a local cluster needs it")


def _slot_in(path: Path) -> int | None:
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["slot"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _recipe(builds: Sequence[str]) -> str:
    """What a running cluster was made by; another recipe means a new cluster."""
    digest = hashlib.sha256("\0".join(builds).encode())
    for name in MADE_BY:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:16]
