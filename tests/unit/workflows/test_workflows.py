"""The GitHub workflows: well formed, and of few rights."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.cluster.tools import tool

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_actionlint_finds_nothing() -> None:
    # Without the programs that a machine may or may not have: the verdict must be the same everywhere.
    done = subprocess.run(
        [str(tool("actionlint")), "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


def test_there_are_workflows_for_everything_and_for_kind() -> None:
    assert {path.name for path in WORKFLOWS} >= {"ci.yml", "e2e-kind.yml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_with_its_version_beside(path: Path) -> None:
    used = re.findall(r"uses: *(.+)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_reads_the_repository_and_has_no_other_right(path: Path) -> None:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow[True]  # YAML 1.1 reads the key `on` as true
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert 0 < job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if "actions/checkout@" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
