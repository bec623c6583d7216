"""Control groups of a local cluster, on hosts with cgroup v1 (one tree per controller) and v2 (one tree)."""

import contextlib
import time
from pathlib import Path
from typing import Final

from e2e.cluster.proc import ClusterError, run

ROOT: Final = Path("/sys/fs/cgroup")
WANTED: Final = ("cpu", "cpuset", "memory", "pids")


def is_v1() -> bool:
    """Whether the kubelet will find version 1: it looks at the file system that is mounted at the root."""
    return run("stat", "--file-system", "--format=%T", ROOT).strip() != "cgroup2fs"


def trees() -> list[Path]:
    """The root of every tree that holds processes: one for v2, one for each controller for v1."""
    if not is_v1():
        return [ROOT]
    # A symbolic link is a second name, such as cpu for cpu,cpuacct. runc makes groups in the `unified` tree too.
    return [path for path in sorted(ROOT.iterdir()) if not path.is_symlink() and (path / "cgroup.procs").exists()]


def make(group: str) -> None:
    """A group such as `cluster/node` in every tree, with all that the kubelet asks of the group above its own."""
    for tree in trees():
        path = tree
        for part in group.split("/"):
            parent, path = path, path / part
            if tree == ROOT:
                _hand_down(parent)
            path.mkdir(exist_ok=True)
            _inherit_cpuset(parent, path)
        if tree == ROOT:
            _hand_down(path)


def _hand_down(group: Path) -> None:
    """v2: a controller works in a group only when the group above hands it down."""
    available = (group / "cgroup.controllers").read_text(encoding="ascii").split()
    missing = [name for name in WANTED if name not in available]
    if missing:
        raise ClusterError(f"{group} lacks the cgroup controllers {', '.join(missing)}: the kernel has to offer them")
    handed = (group / "cgroup.subtree_control").read_text(encoding="ascii").split()
    for name in available:
        if name in {*WANTED, "hugetlb", "io"} and name not in handed:
            (group / "cgroup.subtree_control").write_text(f"+{name}", encoding="ascii")


def _inherit_cpuset(parent: Path, group: Path) -> None:
    """v1: a new group may use no CPU and no memory node until it is told which."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        own = group / name
        if own.exists() and (parent / "cpuset.cpus").exists() and not own.read_text(encoding="ascii").strip():
            with contextlib.suppress(OSError):  # v2 needs no value and may refuse one
                own.write_text((parent / name).read_text(encoding="ascii"), encoding="ascii")


def remove(group: str) -> None:
    """Remove a group and all below it from every tree. Its processes must have ended; a moment is left to them."""
    deadline = time.monotonic() + 10
    for tree in trees():
        while (tree / group).exists():
            try:
                _remove_empty(tree / group)
            except OSError as busy:
                if time.monotonic() > deadline:
                    raise ClusterError(f"{tree / group} still holds processes: {busy}") from busy
                time.sleep(0.05)


def _remove_empty(group: Path) -> None:
    for child in group.iterdir():
        if child.is_dir():
            _remove_empty(child)
    group.rmdir()
