"""Probes of Triton over its HTTP port. Each is bounded in time and in what it reads."""

import http.client
import json
import os
from pathlib import Path
from typing import Final

from casava_wire import tensors as t

PROBE_SECONDS: Final = 2.0
CANARY_SECONDS: Final = 4.0
_READ_LIMIT: Final = 64 * 1024


def ready(port: int, name: str, *, timeout: float = PROBE_SECONDS) -> bool:
    """Whether the server is live and the model ready."""
    return _get(port, "/v2/health/live", timeout) and _get(port, f"/v2/models/{name}/ready", timeout)


def canary(port: int, name: str, *, timeout: float = CANARY_SECONDS) -> bool:
    """Whether a generation of one token comes to its end."""
    body = json.dumps({t.TEXT_INPUT: "\n", t.STREAMING: True, t.MAX_TOKENS: 1, t.TEMPERATURE: 0.0})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", f"/v2/models/{name}/generate_stream", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status == http.HTTPStatus.OK and b'"text_output"' in response.read(_READ_LIMIT)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def cpu_seconds(pid: int, proc: Path = Path("/proc")) -> float:
    """CPU time that the process has used; 0 when it is gone."""
    try:
        text = (proc / str(pid) / "stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_gone(pid: int, proc: Path = Path("/proc")) -> bool:
    """Whether the process has ended, reaped by its parent or not."""
    try:
        text = (proc / str(pid) / "stat").read_text()
    except OSError:
        return True
    return text.rpartition(")")[2].split()[0] in {"Z", "X"}


def _get(port: int, path: str, timeout: float) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read(_READ_LIMIT)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return response.status == http.HTTPStatus.OK
