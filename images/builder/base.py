"""The base image, where no registry can be reached: the same Debian, unpacked by debootstrap."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from images.builder.engines import BuildError, Engine, install

SUITE: Final = "bookworm"
_TIME_S: Final = 900
_SAID: Final = 2000

# As in Debian's own slim images: no manuals and no translations, now and in what is installed later.
_DPKG: Final = """\
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
"""
_EMPTIED: Final = ("usr/share/man", "usr/share/locale", "var/lib/apt/lists", "var/cache/apt", "var/log", "tmp")


def ensure(engine: Engine, image: str) -> None:
    """Have `image`: it is there, or its registry has it, or debootstrap makes it."""
    if engine.has(image) or engine.pull(image):
        return
    if not shutil.which("debootstrap"):
        install("debootstrap")
    with tempfile.TemporaryDirectory(prefix="casava-base-") as folder:
        root, packed = Path(folder, "root"), Path(folder, "root.tar")
        _run("debootstrap", "--variant=minbase", SUITE, str(root))
        _slim(root)
        _run("tar", "--directory", str(root), "--create", "--file", str(packed), "--numeric-owner", ".")
        engine.adopt(packed, image)


def sources(installed: str) -> str:
    """The sources.list that debootstrap wrote, each line followed by its mirror's updates and security fixes."""
    return "".join(f"{line}\n" for line in _with_updates(installed.splitlines()))


def _with_updates(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield line
        kind, mirror, suite, *components = line.split()
        rest = " ".join(components)
        yield f"{kind} {mirror} {suite}-updates {rest}"
        yield f"{kind} {mirror.rstrip('/')}-security {suite}-security {rest}"


def _slim(root: Path) -> None:
    for name in _EMPTIED:
        for entry in (root / name).iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(_DPKG, encoding="utf-8")
    apt = root / "etc/apt/sources.list"
    apt.write_text(sources(apt.read_text(encoding="utf-8")), encoding="utf-8")
    # What debootstrap copied from this host is of this host alone.
    (root / "etc/resolv.conf").write_text("", encoding="utf-8")
    (root / "etc/hostname").write_text("localhost\n", encoding="utf-8")


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", timeout=_TIME_S)
    except subprocess.TimeoutExpired as expired:
        raise BuildError(f"{command[0]} took more than {_TIME_S} s") from expired
    if done.returncode:
        raise BuildError(f"{command[0]} failed with {done.returncode}:\n{(done.stdout + done.stderr).strip()[-_SAID:]}")
