"""The Debian packages that the local cluster and the image builds use, installed when something is missing."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from e2e.cluster.proc import ClusterError, locked, run, say

# What has to be there -> the package that brings it.
CLUSTER: Final = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ipset": "ipset",
    "socat": "socat",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "sysctl": "procps",
    "mount": "mount",
}
MODULES: Final = {"modprobe": "kmod"}
IMAGES: Final = {"buildah": "buildah", "debootstrap": "debootstrap"}


def missing(wanted: dict[str, str]) -> list[str]:
    """The packages of which something is not on this machine."""
    lacking = {
        package
        for what, package in wanted.items()
        if not (Path(what).exists() if what.startswith("/") else shutil.which(what, path=_path()))
    }
    return sorted(lacking)


def ensure(wanted: dict[str, str]) -> None:
    """Install what is missing. Raises ClusterError, naming the packages, where that cannot be done."""
    packages = missing(wanted)
    if not packages:
        return
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise ClusterError(f"this machine has no apt-get: install what these Debian packages hold: {names}")
    if os.geteuid() != 0:
        raise ClusterError(f"missing packages, and only root may install them: run `apt-get install {names}`")
    with locked(Path("/run/casava-e2e/apt")):
        _install(missing(wanted))


def _install(packages: Sequence[str]) -> None:
    if not packages:  # another process was faster
        return
    say(f"installing {' '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    # The services that packages start would be another containerd on the host, in nobody's use.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        policy.chmod(0o755)
    install = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300")
    try:
        try:
            run(*install, *packages, env=quiet, timeout=600)
        except ClusterError:  # the package lists are old or were never fetched
            run("apt-get", "update", "--quiet", env=quiet, timeout=300)
            run(*install, *packages, env=quiet, timeout=600)
    finally:
        if ours:
            policy.unlink()


def _path() -> str:
    """Root's programs are not on everybody's PATH."""
    return os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
