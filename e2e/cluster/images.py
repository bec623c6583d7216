"""Images for a cluster: those that it runs itself, and those that somebody built and wants loaded."""

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from e2e.cluster.archive import write_image
from e2e.cluster.places import cache_dir
from e2e.cluster.proc import ClusterError, locked, run
from e2e.cluster.settings import PAUSE_IMAGE
from e2e.cluster.tools import POD, built

POD_IMAGE: Final = "casava.local/pod:1"  # coredns, gpu-plugin and probe
NOBODY: Final = "65532:65532"


def pause_archive() -> Path:
    """The image that holds a pod's namespaces open."""
    config = {"Entrypoint": ["/pause"], "User": "65535:65535"}
    folder = built(POD)
    return _archived(folder, "pause", PAUSE_IMAGE, {"/pause": folder / "pause"}, config)


def pod_archive() -> Path:
    """The image of the programs that the cluster runs in pods; tests run its `probe` in pods of their own."""
    folder = built(POD)
    links: dict[str, Path | str] = {f"/bin/{name}": "pod" for name in POD.names["pod"]}
    config = {"User": NOBODY, "Env": ["PATH=/bin"], "Entrypoint": ["/bin/probe"]}
    return _archived(folder, "pod", POD_IMAGE, {"/bin/pod": folder / "pod", **links}, config)


def _archived(
    build: Path, name: str, image: str, files: Mapping[str, Path | str], config: Mapping[str, object]
) -> Path:
    archive = build / f"{name}.tar"
    with locked(cache_dir() / "images.lock"):
        if not archive.exists():
            write_image(archive, image, files, config)
    return archive


def full_name(image: str) -> str:
    """An image's name as the container runtime knows it: `a/b` is `docker.io/a/b:latest`. Pure."""
    bare = image.removeprefix("localhost/")
    first, slash, _ = bare.partition("/")
    if not slash:
        bare = f"docker.io/library/{bare}"
    elif "." not in first and ":" not in first:
        bare = f"docker.io/{bare}"
    return bare if ":" in bare.rpartition("/")[2] or "@" in bare else f"{bare}:latest"


def write_archive(image: str, archive: Path) -> None:
    """Write an archive of an image: a copy when `image` is the path of one, else of what buildah or docker has.

    It holds the image under its full name, whichever builder made it. Raises ClusterError.
    """
    path = Path(image)
    if path.is_file():
        shutil.copyfile(path, archive)
    elif _buildah_id(image):
        run("buildah", "push", "--quiet", image, f"docker-archive:{archive}:{full_name(image)}", timeout=300)
    elif _docker_id(image):
        run("docker", "save", "--output", archive, image, timeout=300)
    else:
        raise ClusterError(f"{image} is neither a file nor an image of buildah or docker: build it first")


def image_id(image: str) -> str | None:
    """What tells two versions of an image of the same name apart; None when it cannot be told cheaply."""
    path = Path(image)
    if path.is_file():
        return f"{path.stat().st_mtime_ns}:{path.stat().st_size}"
    return _buildah_id(image) or _docker_id(image)


def _buildah_id(image: str) -> str | None:
    return _asked("buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", image)


def _docker_id(image: str) -> str | None:
    return _asked("docker", "image", "inspect", "--format", "{{.Id}}", image)


def _asked(program: str, *arguments: str) -> str | None:
    if not shutil.which(program):
        return None
    with contextlib.suppress(ClusterError):
        return run(program, *arguments).strip()
    return None
