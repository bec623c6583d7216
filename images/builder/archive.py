"""Read a saved image (a docker-archive): its identity, and what its layers weigh unpacked."""

import gzip
import json
import tarfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Layer:
    diff_id: str  # sha256:... of the unpacked layer
    size: int  # bytes, unpacked


@dataclass(frozen=True)
class Archive:
    id: str  # sha256:... of the image's configuration
    layers: tuple[Layer, ...]

    def added_to(self, base: Collection[str]) -> int:
        """Bytes of the layers that are not among `base`, the diff ids of the base image."""
        return sum(layer.size for layer in self.layers if layer.diff_id not in base)


def read(path: Path) -> Archive:
    """The one image in the docker-archive at `path`. Raises ValueError when there is not exactly one."""
    with tarfile.open(path) as tar:
        manifest = json.loads(_member(tar, "manifest.json").read())
        if len(manifest) != 1:
            raise ValueError(f"{path} holds {len(manifest)} images: save one image in one file")
        (image,) = manifest
        config = json.loads(_member(tar, image["Config"]).read())
        sizes = [_unpacked(_member(tar, name)) for name in image["Layers"]]
    identity = Path(image["Config"]).name.removesuffix(".json")
    layers = zip(config["rootfs"]["diff_ids"], sizes, strict=True)
    return Archive(id=f"sha256:{identity}", layers=tuple(Layer(diff_id, size) for diff_id, size in layers))


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise ValueError(f"{name} in the archive is not a file")
    return file


def _unpacked(layer: IO[bytes]) -> int:
    packed = layer.read(2) == b"\x1f\x8b"  # Docker's newer image store saves layers compressed
    if not packed:
        return layer.seek(0, 2)
    layer.seek(0)
    with gzip.open(layer) as unpacked:
        return sum(len(chunk) for chunk in iter(lambda: unpacked.read(_CHUNK), b""))
