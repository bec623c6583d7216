"""The programs that tests and the local cluster run, built from Go modules into the user's cache.

A build is kept under the hash of everything that it is made from, so an edit of a source is a new build and an old
one stays usable for whoever still runs it. `tool(name)` is all that callers need.
"""

import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from e2e.cluster.golang import Go, find_go, wanted_version
from e2e.cluster.places import cache_dir
from e2e.cluster.proc import ClusterError, locked, say

HERE: Final = Path(__file__).parent
KEPT_FOR: Final = 14 * 24 * 3600  # seconds that a build which nobody asks for stays in the cache
SAY_EVERY: Final = 5.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Build:
    """One `go build`: the packages of one module, and under which names their binaries are called."""

    name: str
    module: Path
    packages: Sequence[str]
    names: Mapping[str, Sequence[str]]  # binary -> the names that it answers to
    stamp: Callable[[str], Mapping[str, str]] = field(
        default=lambda _go_mod: {}
    )  # go.mod -> variables set by the linker
    effort: str = "seconds"


def module_version(go_mod: str, module: str) -> str:
    """The version of a required module in a go.mod, such as `v1.36.3`. Raises ClusterError when it is not there."""
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", go_mod, re.MULTILINE)
    if not found:
        raise ClusterError(f"the go.mod does not require {module}")
    return found[1]


def host_stamp(go_mod: str) -> dict[str, str]:
    """Without these the API server reports v0.0.0 and helm judges charts by that."""
    kubernetes = module_version(go_mod, "k8s.io/kubernetes")
    major, minor, _ = kubernetes.removeprefix("v").split(".", 2)
    return {
        "k8s.io/component-base/version.gitVersion": kubernetes,
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
        "k8s.io/component-base/version.gitTreeState": "clean",
        "helm.sh/helm/v4/internal/version.version": module_version(go_mod, "helm.sh/helm/v4"),
    }


HOST: Final = Build(
    name="host",
    module=HERE / "node",
    packages=("./host",),
    names={
        "host": (
            "etcd",
            "helm",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "kubectl",
            "kubelet",
        )
    },
    stamp=host_stamp,
    effort="4 minutes on 2 cores the first time",
)
POD: Final = Build(
    name="pod",
    module=HERE / "node",
    packages=("./pod", "./pause"),
    names={"pod": ("coredns", "gpu-plugin", "probe"), "pause": ("pause",)},
    effort="a minute the first time",
)
LINTERS: Final = Build(
    name="linters",
    module=HERE / "extras",
    packages=("github.com/rhysd/actionlint/cmd/actionlint", "github.com/yannh/kubeconform/cmd/kubeconform"),
    names={"actionlint": ("actionlint",), "kubeconform": ("kubeconform",)},
)
KIND: Final = Build(name="kind", module=HERE / "extras", packages=("sigs.k8s.io/kind",), names={"kind": ("kind",)})
BUILDS: Final = (HOST, POD, LINTERS, KIND)


@functools.cache
def tool(name: str) -> Path:
    """The program of that name, built now when the cache lacks it. Raises ClusterError when nothing builds it."""
    for build in BUILDS:
        for binary, names in build.names.items():
            if name in names:
                folder = built(build)
                return folder / ("bin" if name != binary else "") / name
    known = sorted(name for build in BUILDS for names in build.names.values() for name in names)
    raise ClusterError(f"there is no tool {name!r}: known are {', '.join(known)}")


def built(build: Build) -> Path:
    """The folder of a build: its binaries, and in `bin/` a link for each name that they are called by."""
    go_mod = (build.module / "go.mod").read_text(encoding="utf-8")
    go = find_go(wanted_version(go_mod))
    builds = cache_dir() / "builds"
    folder = builds / f"{build.name}-{content_hash(build, go.version)}"
    with locked(builds / f"{build.name}.lock"):
        if not folder.exists():
            _build(build, go, go_mod, folder)
            _forget_old(builds, build.name, keep=folder)
        os.utime(folder)
        _link_for_people(folder / "bin")
    return folder


def content_hash(build: Build, go_version: str) -> str:
    """What a build is made from, as 16 hexadecimal digits: sources, module versions, toolchain, machine, flags."""
    digest = hashlib.sha256()
    for part in (go_version, platform.machine(), *build.packages, *_flags(stamp={})):
        digest.update(part.encode() + b"\0")
    for path in _sources(build):
        digest.update(f"{path.relative_to(build.module)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _sources(build: Build) -> list[Path]:
    """The files that decide a build. An edit of one program's sources does not rebuild its neighbours."""
    own = [build.module / package for package in build.packages if package.startswith("./")]
    return sorted(
        [build.module / "go.mod", build.module / "go.sum", *(path for each in own for path in each.rglob("*.go"))]
    )


# Compiling is most of a first `make demo`. Nobody debugs these programs; and in what is large and seldom runs,
# generated clients above all, inlining costs the compiler a third of its time and gains nothing.
_PLAIN: Final = "-dwarf=false"
_COLD: Final = (
    *(f"k8s.io/client-go/{part}/..." for part in ("applyconfigurations", "informers", "kubernetes", "listers")),
    "k8s.io/kubernetes/pkg/apis/...",
    "k8s.io/kubectl/...",
    "helm.sh/helm/...",
)


def _flags(stamp: Mapping[str, str]) -> list[str]:
    linker = " ".join(["-s", "-w", *(f"-X {variable}={value}" for variable, value in stamp.items())])
    compiler = [f"-gcflags=all={_PLAIN}", *(f"-gcflags={pattern}={_PLAIN} -l" for pattern in _COLD)]
    return ["-trimpath", "-buildvcs=false", "-mod=readonly", *compiler, "-ldflags", linker]


def _build(build: Build, go: Go, go_mod: str, folder: Path) -> None:
    say(f"building {', '.join(build.names)} with {go.version}: {build.effort}")
    started = time.monotonic()
    half_made = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(half_made, ignore_errors=True)  # a former build that was killed
    (half_made / "bin").mkdir(parents=True)
    command = [
        str(go.program),
        "build",
        "-v",
        *_flags(build.stamp(go_mod)),
        "-o",
        f"{half_made}/",
        *build.packages,
    ]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": ""}
    environment.setdefault("GOGC", "400")  # the compiler collects garbage less: memory for a good deal of its time
    with subprocess.Popen(
        command, cwd=build.module, env=environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        tail = _follow(process.stderr, started)
    if process.returncode:
        raise ClusterError(f"go build failed in {build.module}:\n" + "\n".join(tail))
    for binary, names in build.names.items():
        for name in names:
            if name != binary:
                (half_made / "bin" / name).symlink_to(f"../{binary}")
    half_made.rename(folder)
    say(f"built {', '.join(build.names)} in {time.monotonic() - started:.0f} s")


def _follow(lines: IO[str], started: float) -> Sequence[str]:
    """Show how far the build is; return the last lines for an error."""
    tail: deque[str] = deque(maxlen=40)
    modules = packages = 0
    said = started
    for line in lines:
        tail.append(line.rstrip())
        if line.startswith("go: downloading"):
            modules += 1
        else:
            packages += 1
        if time.monotonic() - said >= SAY_EVERY:
            said = time.monotonic()
            say(f"  {said - started:4.0f} s: {modules} modules downloaded, {packages} packages compiled")
    return tail


def _forget_old(builds: Path, name: str, keep: Path) -> None:
    for folder in builds.glob(f"{name}-*"):
        if folder != keep and time.time() - folder.stat().st_mtime > KEPT_FOR:
            shutil.rmtree(folder, ignore_errors=True)


def _link_for_people(folder: Path) -> None:
    """`<cache>/bin` always shows the build asked for last, for use by hand."""
    links = cache_dir() / "bin"
    links.mkdir(parents=True, exist_ok=True)
    targets = [*folder.iterdir(), *(path for path in folder.parent.iterdir() if path.is_file() and path.name != "host")]
    for target in targets:
        link = links / target.name
        if link.is_symlink() and link.readlink() == target:
            continue
        fresh = links / f".{target.name}.{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        fresh.symlink_to(target)
        fresh.replace(link)


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        print(tool(asked))
