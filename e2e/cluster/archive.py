"""Container images written without a registry or an image builder: a few files, as a docker-archive."""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def write_image(path: Path, name: str, files: Mapping[str, Path | str], config: Mapping[str, Any]) -> None:
    """Write an image of one layer.

    `files` maps an absolute path in the image to a file on this machine (executable there) or, for a str, to the target
    of a symbolic link. `config` is the image's own, such as `{"Entrypoint": ["/pause"], "User": "65534"}`. The same
    content always gives the same archive.
    """
    layer_path = path.with_suffix(".layer")
    with layer_path.open("wb") as file:
        _write_layer(file, files)
    layer_digest = _digest(layer_path)
    image = {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created_by": "casava e2e"}],
    }
    image_json = json.dumps(image, sort_keys=True).encode()
    image_name = f"{hashlib.sha256(image_json).hexdigest()}.json"
    manifest = [{"Config": image_name, "RepoTags": [name], "Layers": [f"{layer_digest}.tar"]}]
    half_made = path.with_suffix(".making")
    with tarfile.open(half_made, "w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, image_name, image_json)
        with layer_path.open("rb") as layer:
            entry = tarfile.TarInfo(f"{layer_digest}.tar")
            entry.size = layer_path.stat().st_size
            archive.addfile(entry, layer)
        _add(archive, "manifest.json", json.dumps(manifest).encode())
    layer_path.unlink()
    half_made.rename(path)


def _write_layer(file: IO[bytes], files: Mapping[str, Path | str]) -> None:
    made: set[PurePosixPath] = set()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as layer:
        for where, what in sorted(files.items()):
            place = PurePosixPath(where.removeprefix("/"))
            for parent in reversed(place.parents[:-1]):
                if parent not in made:
                    made.add(parent)
                    folder = tarfile.TarInfo(str(parent))
                    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
                    layer.addfile(folder)
            entry = tarfile.TarInfo(str(place))
            if isinstance(what, str):
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, what, 0o777
                layer.addfile(entry)
                continue
            entry.mode, entry.size = 0o755, what.stat().st_size
            with what.open("rb") as content:
                layer.addfile(entry, content)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def names_in(path: Path) -> list[str]:
    """The names of the images in a docker-archive, sorted; none for an archive of another kind."""
    with tarfile.open(path) as archive:
        try:
            member = archive.extractfile("manifest.json")
        except KeyError:
            return []
        manifest = json.loads(member.read(1 << 20)) if member else []
    return sorted(str(name) for entry in manifest for name in entry.get("RepoTags") or ())
