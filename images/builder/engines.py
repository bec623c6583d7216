"""What builds images: Docker where an engine answers, else buildah, which needs root but no daemon."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_QUESTION_S = 60
_BUILD_S = 1800
_LAYERS_KEPT = 400  # some 20 builds of everything, 5 GB
_SAID = 6000  # characters of a failed build that the error repeats

_CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


class BuildError(Exception):
    """An image cannot be built; the message says what to do."""


class Engine(Protocol):
    """The few things asked of a builder. Image names are full: registry, repository and tag."""

    @property
    def name(self) -> str: ...

    def has(self, image: str) -> bool: ...

    def pull(self, image: str) -> bool:
        """Fetch `image` from its registry; False where that cannot be reached."""
        ...

    def adopt(self, root: Path, image: str) -> None:
        """Make `image` of one layer out of the tar file `root`."""
        ...

    def layers(self, image: str) -> tuple[str, ...]:
        """The diff ids of a local image."""
        ...

    def build(self, context: Path, dockerfile: str, target: str | None, image: str) -> None: ...

    def save(self, image: str, archive: Path) -> None:
        """Write `image` as a docker-archive."""
        ...

    def tidy(self) -> None:
        """Keep what earlier builds left for later ones within bounds."""
        ...


@dataclass(frozen=True)
class Docker:
    name: str = "docker"

    def has(self, image: str) -> bool:
        return _succeeds("docker", "image", "inspect", image)

    def pull(self, image: str) -> bool:
        return _succeeds("docker", "pull", "--quiet", image, timeout=_BUILD_S)

    def adopt(self, root: Path, image: str) -> None:
        _run("docker", "import", "--change", 'CMD ["bash"]', str(root), image)

    def layers(self, image: str) -> tuple[str, ...]:
        described: Any = json.loads(_run("docker", "image", "inspect", image))
        return tuple(str(each) for each in described[0]["RootFS"]["Layers"])

    def build(self, context: Path, dockerfile: str, target: str | None, image: str) -> None:
        # Without --load some builders keep the image to themselves; provenance would make it an index of two.
        options = ("--load", "--provenance=false", "--quiet", *_build_options(dockerfile, target, image))
        _run("docker", "buildx", "build", *options, str(context), timeout=_BUILD_S)

    def save(self, image: str, archive: Path) -> None:
        _run("docker", "save", "--output", str(archive), image, timeout=_BUILD_S)

    def tidy(self) -> None:
        """Docker bounds its build cache by itself."""


@dataclass(frozen=True)
class Buildah:
    """buildah with a store of its own under `home`, so that nothing else on the host is touched."""

    home: Path
    name: str = "buildah"

    def has(self, image: str) -> bool:
        return _succeeds(*self._command("inspect", "--type", "image", image))

    def pull(self, image: str) -> bool:
        return _succeeds(*self._command("pull", "--quiet", image), timeout=_BUILD_S)

    def adopt(self, root: Path, image: str) -> None:
        container = self._run("from", "scratch").strip()
        try:
            self._run("add", "--quiet", container, str(root), "/")
            path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            self._run("config", "--cmd", "bash", "--env", path, container)
            self._run("commit", "--quiet", container, image)
        finally:
            self._run("rm", container)

    def layers(self, image: str) -> tuple[str, ...]:
        described: Any = json.loads(self._run("inspect", "--type", "image", image))
        return tuple(str(each) for each in described["OCIv1"]["rootfs"]["diff_ids"])

    def build(self, context: Path, dockerfile: str, target: str | None, image: str) -> None:
        options = ("--isolation", "chroot", "--layers", "--pull=false")
        self._run("bud", *options, *_build_options(dockerfile, target, image), str(context))

    def save(self, image: str, archive: Path) -> None:
        archive.unlink(missing_ok=True)  # buildah adds to an archive that is there
        self._run("push", "--quiet", image, f"docker-archive:{archive}:{image}")

    def tidy(self) -> None:
        """Past a number of layers, drop all that no tagged image is made of; the next build is a slow one."""
        if len(self._run("images", "--all", "--quiet").splitlines()) > _LAYERS_KEPT:
            self._run("rmi", "--prune")

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return ("buildah", "--root", str(self.home / "storage"), "--runroot", str(self.home / "run"), *arguments)

    def _run(self, *arguments: str) -> str:
        return _run(*self._command(*arguments), timeout=_BUILD_S)


def choose(home: Path) -> Engine:
    """Docker with buildx where its engine answers, else buildah as root on Linux. BuildError when there is neither."""
    if shutil.which("docker") and _succeeds("docker", "info") and _succeeds("docker", "buildx", "version"):
        return Docker()
    if sys.platform != "linux" or os.geteuid() != 0:
        raise BuildError(
            "no Docker engine with buildx answers, and buildah needs root on Linux: start one or be the other"
        )
    if not shutil.which("buildah"):
        install("buildah")
    home.mkdir(parents=True, exist_ok=True)
    return Buildah(home)


def install(*packages: str) -> None:
    """Install Debian packages. Raises BuildError where there is no apt-get."""
    if not shutil.which("apt-get"):
        raise BuildError(f"{' and '.join(packages)} missing: install with this system's package manager")
    print(f"== installing {', '.join(packages)}", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run("apt-get", "-qq", "update", timeout=_BUILD_S)
    _run("apt-get", "-qq", "install", "--no-install-recommends", *packages, timeout=_BUILD_S, environment=environment)


def _build_options(dockerfile: str, target: str | None, image: str) -> list[str]:
    options = ["--file", dockerfile, "--tag", image]
    if target is not None:
        options += ["--target", target]
    bundle = _ca_bundle()
    if bundle is not None:  # what the host trusts, lent to the build alone: a secret mount leaves nothing in a layer
        options += ["--secret", f"id=ca-bundle,src={bundle}"]
    return options


def _ca_bundle() -> str | None:
    candidates = (os.environ.get("SSL_CERT_FILE", ""), *_CA_BUNDLES)
    return next((path for path in candidates if path and Path(path).is_file()), None)


def _succeeds(*command: str, timeout: float = _QUESTION_S) -> bool:
    try:
        _run(*command, timeout=timeout)
    except BuildError:
        return False
    return True


def _run(*command: str, timeout: float = _QUESTION_S, environment: dict[str, str] | None = None) -> str:
    done = _started(command, timeout, environment or _environment())
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-_SAID:]
        raise BuildError(f"{command[0]} failed with {done.returncode}:\n{said}")
    return done.stdout


def _started(command: Sequence[str], timeout: float, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, check=False, capture_output=True, text=True, errors="replace", timeout=timeout, env=environment
        )
    except subprocess.TimeoutExpired as expired:
        raise BuildError(f"{command[0]} took more than {timeout:g} s") from expired


def _environment() -> dict[str, str]:
    return {"STORAGE_DRIVER": "overlay", "DOCKER_BUILDKIT": "1", **os.environ}
