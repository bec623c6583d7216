"""Bring images up to date: build what changed, check its size, save it under build/images."""

import fcntl
import json
import os
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from images.builder import archive, base, catalog, engines

ROOT: Final = Path(__file__).resolve().parents[2]
OUTPUT: Final = ROOT / "build" / "images"


@dataclass(frozen=True)
class Record:
    """Written beside a saved image as NAME.json: enough to know later whether it is still what the sources say."""

    image: str  # its full name
    id: str  # sha256:... of its configuration
    inputs: str  # catalog.digest of everything that went in
    added_bytes: int  # over the base, unpacked


@dataclass(frozen=True)
class Saved:
    """An image that is up to date, and the docker-archive that holds it."""

    record: Record
    archive: Path


def bring(names: Sequence[str] = (), tag: str | None = None) -> dict[str, Saved]:
    """Build and save the images `names` (all by default) that are not what their sources say; by name.

    Says on stderr what it does. One process at a time: another waits. Raises engines.BuildError.
    """
    version = _version()
    with _alone():
        engine = engines.choose(_cache())
        _prepare(engine)
        chosen = [catalog.IMAGES[name] for name in names or catalog.IMAGES]
        saved = {image.name: _bring(engine, image, tag or version, version) for image in chosen}
        engine.tidy()
        return saved


def _prepare(engine: engines.Engine) -> None:
    if not engine.has(catalog.BASE):
        started = time.monotonic()
        base.ensure(engine, catalog.BASE)
        _say(f"base {catalog.BASE} with {engine.name}, {time.monotonic() - started:.1f} s")


def _bring(engine: engines.Engine, image: catalog.Image, tag: str, version: str) -> Saved:
    started = time.monotonic()
    reference = image.reference(tag)
    base_layers = engine.layers(catalog.BASE)
    inputs = catalog.digest((engine.name, reference, str(image.target), *base_layers), _files(image.inputs))
    stem = image.name if tag == version else f"{image.name}-{tag}"
    saved, note = OUTPUT / f"{stem}.tar", OUTPUT / f"{stem}.json"
    record = _recorded(note) if saved.exists() else None
    fresh = record is not None and record.inputs == inputs
    if record is None or not fresh:
        note.unlink(missing_ok=True)  # a build that is cut off here leaves nothing that looks finished
        engine.build(ROOT, str(ROOT / image.dockerfile), image.target, reference)
        part = saved.with_suffix(".part")
        engine.save(reference, part)
        read = archive.read(part)
        part.replace(saved)  # whoever loads the former one at this moment reads it to its end
        record = Record(reference, read.id, inputs, read.added_to(base_layers))
        note.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    allowed = "" if image.budget is None else f" (at most {image.budget / catalog.MEGABYTE:.0f})"
    how = "unchanged" if fresh else f"built with {engine.name} in {time.monotonic() - started:.1f} s"
    _say(f"{reference}: {how}, {record.added_bytes / catalog.MEGABYTE:.0f} MB over the base{allowed}")
    complaint = catalog.over_budget(image, record.added_bytes)
    if complaint is not None:
        raise engines.BuildError(complaint)
    return Saved(record, saved)


def _recorded(note: Path) -> Record | None:
    try:
        return Record(**json.loads(note.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None  # never built, or written by another version: build


def _files(inputs: Sequence[str]) -> Iterator[tuple[str, bool, bytes]]:
    for name in inputs:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else (path,):
            if file.is_file() and "__pycache__" not in file.parts:
                yield str(file.relative_to(ROOT)), os.access(file, os.X_OK), file.read_bytes()


@contextmanager
def _alone() -> Iterator[None]:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with (OUTPUT / ".lock").open("w", encoding="utf-8") as lock:  # the lock ends with the process
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _version() -> str:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(pyproject["project"]["version"])


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "casava" / "buildah"


def _say(text: str) -> None:
    print(f"== {text}", file=sys.stderr, flush=True)
