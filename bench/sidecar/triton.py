"""A real tritonserver with models that emit at a pace: 50 tokens per second, and as fast as they can."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from casava_engine.repository import config_pbtxt
from casava_engine.settings import Places, Ports, Settings
from casava_engine.triton import arguments, environment, link_backend, locate
from tests.component.engine_process import free_ports, wait_for

MODELS = {"paced": 50, "flood": 0, "document": 0}  # tokens per second and stream; 0: no pause
# One process of the Python backend emits some 3,300 tokens a second at most, hardly more than the paced streams ask for
# together: several of them keep the pace, so that it is not the source that is measured. A flood is one engine's.
PROCESSES = {"paced": 4, "flood": 1, "document": 1}
_MODEL_FILE = Path(__file__).with_name("paced_model.py")


@dataclass(frozen=True)
class Triton:
    pid: int
    http_port: int
    grpc_port: int


@contextmanager
def running(root: Path) -> Iterator[Triton]:
    """Serves MODELS from ``root`` until the block is left."""
    http, grpc, metrics = free_ports(3)
    settings = Settings(places=Places(work=root), ports=Ports(http, grpc, metrics))
    for name, rate in MODELS.items():
        folder = settings.places.repository / name
        (folder / "1").mkdir(parents=True)
        given = {"tokens_per_second": str(rate), "document": "yes" if name == "document" else "no"}
        parameters = "".join(
            f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n' for key, value in given.items()
        )
        config = config_pbtxt(name).replace("count: 1", f"count: {PROCESSES[name]}")
        (folder / "config.pbtxt").write_text(config + parameters)
        # The stub that runs the model embeds Python without this environment's packages.
        paths = f"import sys\n\nsys.path[:0] = {[entry for entry in sys.path if 'site-packages' in entry]!r}\n"
        (folder / "1" / "model.py").write_text(paths + _MODEL_FILE.read_text())
    distribution = locate()
    link_backend(distribution, settings.places.backends)
    with (root / "triton.log").open("wb") as log:
        process = subprocess.Popen(
            arguments(distribution, settings), env=environment(distribution, os.environ), stdout=log, stderr=log
        )
    try:
        wait_for(lambda: ready(http), f"Triton is ready, see {root}/triton.log", 60)
        yield Triton(process.pid, http, grpc)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(root, ignore_errors=True)


def ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its children's not counted."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
