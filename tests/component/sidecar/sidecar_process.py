"""A real casava-sidecar for tests: own folder, ports chosen by the kernel, in front of a real Triton."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import openai

from casava_wire.state import SidecarStatus
from tests.component.engine_process import MODEL_NAME, wait_for


class SidecarProcess:
    """``casava-sidecar serve`` in ``root``. ``config`` overrides members of sidecar.json."""

    def __init__(self, root: Path, *, grpc_port: int, shared_dir: Path, **config: Any) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.contracts_dir = root / "contracts"
        self.contracts_dir.mkdir(exist_ok=True)
        self.drain_socket = root / "drain.sock"
        self.log_file = root / "log"
        settings = {
            "modelName": MODEL_NAME,
            "maxConcurrent": 8,
            "timeoutSeconds": 60,
            "drainTimeoutSeconds": 20,
            "propagationSeconds": 0.5,
            **config,
        }
        self.model = str(settings["modelName"])
        (root / "sidecar.json").write_text(json.dumps(settings))
        self._arguments = [
            f"--config={root / 'sidecar.json'}",
            f"--contracts={self.contracts_dir / 'contracts.json'}",
            f"--model-info={shared_dir / 'model.json'}",
            f"--engine-state={shared_dir / 'engine-state.json'}",
            f"--triton=127.0.0.1:{grpc_port}",
            "--host=127.0.0.1",
            "--port=0",
            "--admin-port=0",
            f"--drain-socket={self.drain_socket}",
        ]
        self.process: subprocess.Popen[bytes] | None = None
        self.port = self.admin_port = 0

    def start(self) -> "SidecarProcess":
        """Start it and wait until it listens; the engine may not be ready."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "casava_sidecar", "serve", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        listening = wait_for(lambda: self.events("listening"), "the sidecar listens", 30)[-1]
        self.port, self.admin_port = listening["api"], listening["admin"]
        return self

    def wait_ready(self) -> "SidecarProcess":
        wait_for(self.ready, f"the sidecar is ready\n{self.log}", 30)
        return self

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's lines with this event. A line that is being written is left out."""
        mark = f'"event": "{name}"'
        lines = self.log.splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n") and mark in line]

    def write_contracts(self, contracts: Mapping[str, str]) -> None:
        """As the kubelet does: the whole set, by one atomic rename."""
        text = json.dumps({"contracts": [{"name": name, "schemaText": schema} for name, schema in contracts.items()]})
        self.write_contracts_file(text)

    def write_contracts_file(self, text: str) -> None:
        fresh = self.contracts_dir / ".fresh"
        fresh.write_text(text)
        fresh.rename(self.contracts_dir / "contracts.json")

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of an admin path."""
        try:
            with urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def status(self) -> SidecarStatus:
        return SidecarStatus.model_validate_json(self.get("/status")[1])

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples of ``name`` whose labels include ``labels``; 0 when there is none."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            head, _, value = line.rpartition(" ")
            if head.partition("{")[0] == name and all(f'{key}="{text}"' in head for key, text in labels.items()):
                total += float(value)
        return total

    def client(self, *, max_retries: int = 0) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"http://127.0.0.1:{self.port}/v1", api_key="none", max_retries=max_retries)

    def async_client(self, *, max_retries: int = 0) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{self.port}/v1", api_key="none", max_retries=max_retries)

    def drain(self) -> "subprocess.Popen[bytes]":
        """Start the preStop hook as the kubelet does."""
        return subprocess.Popen(
            [sys.executable, "-m", "casava_sidecar", "drain", f"--drain-socket={self.drain_socket}"]
        )

    def terminate(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def stop(self, seconds: float = 30) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
