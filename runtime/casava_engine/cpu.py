"""How many CPUs this container may use, from the files of cgroup v2 or v1."""

import math
import os
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")


def parse_v2(cpu_max: str) -> float | None:
    """CPUs from ``cpu.max`` ("50000 100000" is 0.5); None for "max" or for text that is not understood."""
    fields = cpu_max.split()
    if len(fields) != 2:  # noqa: PLR2004 - quota and period
        return None
    return _ratio(*fields)


def parse_v1(quota: str, period: str) -> float | None:
    """CPUs from ``cpu.cfs_quota_us`` and ``cpu.cfs_period_us``; None for a quota of -1."""
    return _ratio(quota.strip(), period.strip())


def _ratio(quota: str, period: str) -> float | None:
    try:
        micros, per = int(quota), int(period)
    except ValueError:
        return None
    return micros / per if micros > 0 and per > 0 else None


def limit(root: Path = CGROUP_ROOT) -> float | None:
    """The CPU limit of this container's cgroup; None when there is none."""
    if (root / "cpu.max").exists():
        return parse_v2(_read(root / "cpu.max"))
    v1 = root / "cpu"
    return parse_v1(_read(v1 / "cpu.cfs_quota_us"), _read(v1 / "cpu.cfs_period_us"))


def threads(configured: int | str, *, cpus: float | None, available: int) -> int:
    """Threads that compute. A limit of 1.5 CPUs gives 2: one thread less would leave half a CPU idle."""
    if isinstance(configured, int):
        return configured
    return max(1, min(available, math.ceil(cpus) if cpus else available))


def available() -> int:
    """CPUs that the kernel lets this process run on."""
    return len(os.sched_getaffinity(0))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
