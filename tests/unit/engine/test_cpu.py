"""Threads follow from the container's CPU limit."""

from pathlib import Path

import pytest

from casava_engine import cpu


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("50000 100000\n", 0.5),
        ("200000 100000\n", 2.0),
        ("max 100000\n", None),
        ("", None),
        ("1 2 3", None),
        ("9 0", None),
    ],
)
def test_version_2_of_cgroups(text: str, cpus: float | None) -> None:
    assert cpu.parse_v2(text) == cpus


@pytest.mark.parametrize(
    ("quota", "period", "cpus"), [("150000\n", "100000\n", 1.5), ("-1\n", "100000\n", None), ("", "", None)]
)
def test_version_1_of_cgroups(quota: str, period: str, cpus: float | None) -> None:
    assert cpu.parse_v1(quota, period) == cpus


def test_the_limit_is_read_from_either_version(tmp_path: Path) -> None:
    assert cpu.limit(tmp_path) is None
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("300000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu.limit(tmp_path) == 3
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert cpu.limit(tmp_path) == 1


@pytest.mark.parametrize(
    ("configured", "cpus", "available", "threads"),
    [("auto", None, 8, 8), ("auto", 0.3, 8, 1), ("auto", 1.5, 8, 2), ("auto", 16.0, 4, 4), (3, 1.0, 1, 3)],
)
def test_threads(configured: int | str, cpus: float | None, available: int, threads: int) -> None:
    assert cpu.threads(configured, cpus=cpus, available=available) == threads
