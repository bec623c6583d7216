"""Render the chart as helm does, without a cluster."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from e2e.cluster.tools import tool

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "charts" / "casava"
NAMESPACE: Final = "casava-system"

Manifest = dict[str, Any]


def helm(*arguments: str, home: str, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
    """Run helm; its configuration, plugins and cache are those in `home` and none of the user's."""
    folders = {f"HELM_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA")}
    return subprocess.run(
        [str(tool("helm")), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **folders},
    )


@lru_cache
def template(*flags: str, release: str = "casava", namespace: str = NAMESPACE) -> "subprocess.CompletedProcess[str]":
    """`helm template` with further flags."""
    with tempfile.TemporaryDirectory() as home:
        return helm("template", release, str(CHART), "--namespace", namespace, *flags, home=home)


def sets(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Values as flags: {"image.pullPolicy": "Never"} becomes --set-json image.pullPolicy="Never"."""
    return tuple(f"--set-json={path}={json.dumps(value)}" for path, value in values.items())


def text(values: Mapping[str, Any] | None = None, **where: str) -> str:
    """What is rendered with `values`, as one YAML stream."""
    done = template(*sets(values or {}), **where)
    assert done.returncode == 0, done.stderr
    return done.stdout


def render(values: Mapping[str, Any] | None = None, **where: str) -> dict[tuple[str, str], Manifest]:
    """The objects rendered with `values`, by kind and name (and namespace, where it is another than the release's)."""
    rendered: dict[tuple[str, str], Manifest] = {}
    home = where.get("namespace", NAMESPACE)
    for manifest in yaml.safe_load_all(text(values, **where)):
        meta = manifest["metadata"]
        other = meta.get("namespace", home) != home
        key = manifest["kind"], f"{meta['namespace']}/{meta['name']}" if other else str(meta["name"])
        assert key not in rendered, f"{key} twice"
        rendered[key] = manifest
    return rendered


def refusal(values: Mapping[str, Any]) -> str:
    """What helm says when it refuses `values`."""
    done = template(*sets(values))
    assert done.returncode != 0, f"{values} was taken"
    return done.stderr
