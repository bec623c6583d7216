"""What runs as the first process of a container: there a signal without a handler is ignored, and not deadly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Stands in the way of an import, and is ended there as the kubelet ends a container.
_ENDED_WHILE_IMPORTED = """
import os, signal, time
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("program", "command", "imported"),
    [
        ("casava_sidecar", ["serve"], "uvloop"),
        ("casava_engine", ["serve"], "ctypes"),
        ("casava_operator", ["run", "--kubeconfig=kubeconfig"], "kopf"),
    ],
)
def test_it_ends_when_it_is_asked_to_while_it_imports(
    tmp_path: Path, program: str, command: list[str], imported: str
) -> None:
    (tmp_path / f"{imported}.py").write_text(_ENDED_WHILE_IMPORTED)
    (tmp_path / "kubeconfig").write_text(
        "{clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: a, user: {}}], "
        "contexts: [{name: a, context: {cluster: a, user: a}}], current-context: a}"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-m", program, *command],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        timeout=50,
    )
    assert ended.returncode == 0, ended.stderr.decode()[-1000:]
