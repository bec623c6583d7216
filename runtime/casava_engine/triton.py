"""The tritonserver of the package nvidia-pytriton: where it is, how it is started. Nothing runs here."""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from casava_engine.settings import Settings

SHM_DIR: Final = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory is
_BACKEND_FILES: Final = ("libtriton_python.so", "triton_python_backend_utils.py")
_STUB: Final = "triton_python_backend_stub"


@dataclass(frozen=True)
class Distribution:
    """Folders of the installed package."""

    server: Path  # holds bin/tritonserver, backends/, python_backend_stubs/
    libraries: Path  # shared libraries that the server is linked against

    @property
    def binary(self) -> Path:
        return self.server / "bin" / "tritonserver"


def locate() -> Distribution:
    """Find the package without importing it: the import would start threads and read GPUs."""
    spec = find_spec("pytriton")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package nvidia-pytriton is not installed: it holds tritonserver")
    package = Path(spec.submodule_search_locations[0])
    return Distribution(package / "tritonserver", package.parent / "nvidia_pytriton.libs")


def link_backend(found: Distribution, backends: Path) -> None:
    """Lay out the Python backend with links. Triton looks for the stub beside the backend's library, where the package
    does not have it, and the package's folder is read-only."""
    target = backends / "python"
    target.mkdir(parents=True, exist_ok=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    sources = [found.server / "backends" / "python" / name for name in _BACKEND_FILES]
    sources.append(found.server / "python_backend_stubs" / version / _STUB)
    for source in sources:
        link = target / source.name
        link.unlink(missing_ok=True)
        link.symlink_to(source)


def shm_prefix(work: Path) -> str:
    """A prefix for shared memory that a restarted container finds again and no other engine of the machine has."""
    return f"casava-{hashlib.sha256(str(work.resolve()).encode()).hexdigest()[:12]}-"


def arguments(found: Distribution, settings: Settings) -> list[str]:
    """The command line of tritonserver."""
    places, ports = settings.places, settings.ports
    return [
        str(found.binary),
        f"--model-repository={places.repository}",
        f"--backend-directory={places.backends}",
        f"--backend-config=python,shm-region-prefix-name={shm_prefix(places.work)}",
        "--disable-auto-complete-config",  # config.pbtxt says all; completing it would load the model twice
        f"--exit-timeout-secs={max(1, round(settings.timing.exit))}",
        "--log-info=false",
        "--log-verbose=0",
        "--allow-gpu-metrics=false",
        "--pinned-memory-pool-byte-size=0",
        "--http-address=127.0.0.1",
        f"--http-port={ports.http}",
        "--grpc-address=127.0.0.1",
        f"--grpc-port={ports.grpc}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={ports.metrics}",
    ]


def environment(found: Distribution, base: Mapping[str, str]) -> dict[str, str]:
    """Environment of tritonserver, of ``base``'s variables: where its libraries are and that of the embedded Python."""
    libraries = [str(found.libraries), sysconfig.get_config_var("LIBDIR") or "", base.get("LD_LIBRARY_PATH", "")]
    return {
        **base,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "LD_LIBRARY_PATH": os.pathsep.join(entry for entry in libraries if entry),
        "LLGUIDANCE_LOG_LEVEL": "0",  # it would quote schemas
    }


def remove_leftovers(work: Path, shm: Path = SHM_DIR) -> int:
    """Remove the shared memory of a server that died; it would count against the pod's memory. Gives the number."""
    removed = 0
    for entry in shm.glob(f"{shm_prefix(work)}*"):
        entry.unlink(missing_ok=True)
        removed += 1
    return removed
