"""Processes of pods, found from outside: what a test kills or stops without the pod's help.

A pod's processes are visible to root on the node's machine, whatever namespaces they are in: the local cluster's nodes
and kind's run on this one.
"""

import os
import signal
from pathlib import Path

import pytest


def pids(pod: str, program: str) -> list[int]:
    """PIDs of the pod's processes whose command line holds ``program``; skips the test where they cannot be seen."""
    if os.geteuid() != 0 or not Path("/proc/self/environ").exists():
        pytest.skip("needs root on the Linux machine that runs the nodes, to signal a pod's processes")
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"HOSTNAME={pod}".encode() in environment and program in command:
            found.append(int(folder.name))
    return found


def send(pod: str, program: str, number: signal.Signals) -> None:
    """Signal the pod's processes of that program; there must be one."""
    found = pids(pod, program)
    assert found, f"no process {program} in pod {pod}"
    for pid in found:
        os.kill(pid, number)
