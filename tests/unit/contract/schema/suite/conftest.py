"""The official test suite of JSON Schema, from the source package of a pinned version of `jsonschema`."""

import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

_VERSION = "4.26.0"
_SHA256 = "0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326"
_CACHE = Path(__file__).parents[5] / ".cache" / "json-schema-test-suite"
_REQUIREMENT = f"jsonschema=={_VERSION} --hash=sha256:{_SHA256}\n"


@pytest.fixture(scope="session")
def suite() -> Path:
    """The suite's folder: ``tests`` by draft, and ``remotes``."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    package = _CACHE / f"jsonschema-{_VERSION}.tar.gz"
    if not package.exists():
        _fetch()
    assert hashlib.sha256(package.read_bytes()).hexdigest() == _SHA256
    unpacked = _CACHE / f"jsonschema-{_VERSION}"
    if not unpacked.exists():
        partly = _CACHE / f"unpacking-{os.getpid()}"
        with tarfile.open(package) as archive:
            archive.extractall(partly, filter="data")
        (partly / unpacked.name).rename(unpacked)
        partly.rmdir()
    return unpacked / "json"


def _fetch() -> None:
    """pip compares the checksum too."""
    wanted = _CACHE / "requirements.txt"
    wanted.write_text(_REQUIREMENT)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-binary", "jsonschema", "--require-hashes", "-r", wanted, "-d", _CACHE], check=True)
