"""What ``casava-engine serve`` works with: the configuration, and where everything is on this machine."""

from dataclasses import dataclass, field
from pathlib import Path

from casava_wire import net, paths


@dataclass(frozen=True)
class Ports:
    """Triton's, all on loopback."""

    http: int = net.TRITON_HTTP_PORT
    grpc: int = net.TRITON_GRPC_PORT
    metrics: int = net.TRITON_METRICS_PORT


@dataclass(frozen=True)
class Timing:
    """Seconds. ``hang``: no sign of life for so long ends Triton; ``exit``: running streams may go on for so long after
    SIGTERM; ``start``: time for the model to be loaded; ``retry_*``: pauses while the model's file is not right."""

    hang: float = 15
    exit: float = 8
    start: float = 900
    retry_first: float = 2
    retry_most: float = 30


@dataclass(frozen=True)
class Places:
    """Files and folders. All that is written to is an emptyDir."""

    config: Path = paths.ENGINE_CONFIG
    model_info: Path = paths.MODEL_INFO
    state: Path = paths.ENGINE_STATE
    work: Path = paths.REPOSITORY_DIR.parent
    cache: Path = paths.CACHE_DIR
    claim: Path = paths.MODEL_CLAIM_DIR
    termination_log: Path = paths.TERMINATION_LOG

    @property
    def repository(self) -> Path:
        return self.work / paths.REPOSITORY_DIR.name

    @property
    def backends(self) -> Path:
        return self.work / "backends"

    @property
    def socket(self) -> Path:
        return self.work / "llama.sock"  # llama.cpp takes a name that ends in .sock for a Unix socket

    @property
    def vitals(self) -> Path:
        return self.work / "vitals"


@dataclass(frozen=True)
class Settings:
    """Everything but the content of the configuration file."""

    places: Places = field(default_factory=Places)
    ports: Ports = field(default_factory=Ports)
    timing: Timing = field(default_factory=Timing)
