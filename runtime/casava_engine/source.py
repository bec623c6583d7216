"""Where the model's file is: ``file:///path``, ``pvc://claim/path`` or ``https://...``."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from casava_engine.problems import ModelProblem
from casava_wire.config import SourceConfig
from casava_wire.reasons import EngineReason

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class LocalFile:
    """A file that is there already: in the image or in a claim that is mounted."""

    path: Path
    sha256: str | None


@dataclass(frozen=True)
class Download:
    """A file to fetch over TLS. The checksum is its name in the cache."""

    url: str
    sha256: str


def parse_source(config: SourceConfig, *, claim_dir: Path) -> LocalFile | Download:
    """Raise ModelProblem (InvalidOptions, final) that names the field when the source cannot be meant."""
    sha256 = _checksum(config.sha256)
    parts = urlsplit(config.uri)
    match parts.scheme:
        case "file":
            if parts.netloc not in {"", "localhost"}:
                raise _invalid(f"{config.uri!r} names the host {parts.netloc!r}: write file:///path with three slashes")
            return LocalFile(_inside(Path("/"), parts.path, config.uri), sha256)
        case "pvc":
            if not parts.netloc:
                raise _invalid(f"{config.uri!r} names no claim: write pvc://claim/path/model.gguf")
            return LocalFile(_inside(claim_dir, parts.path, config.uri), sha256)
        case "https":
            if sha256 is None:
                raise _invalid("an https source needs model.source.sha256, the file's SHA-256 in 64 hex digits")
            if not parts.hostname:
                raise _invalid("an https source needs a host name")
            if parts.username or parts.password:
                raise _invalid("an https source must not hold a user name or a password")
            return Download(config.uri, sha256)
        case other:
            raise _invalid(f"the scheme {other!r} is not known: use file://, pvc:// or https://")


def _checksum(text: str | None) -> str | None:
    if text is None:
        return None
    match = _SHA256.fullmatch(text)
    if match is None:
        raise _invalid("sha256 must be 64 hex digits")
    return match[1].lower()


def _inside(root: Path, path: str, uri: str) -> Path:
    parts = [part for part in unquote(path).split("/") if part not in {"", "."}]
    if not parts or ".." in parts or any("\0" in part for part in parts):
        raise _invalid(f"{uri!r} must name a file, without '..'")
    return root.joinpath(*parts)


def _invalid(message: str) -> ModelProblem:
    return ModelProblem(EngineReason.INVALID_OPTIONS, f"model.source: {message}", final=True)
