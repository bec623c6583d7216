"""The sides of the comparison. Each generates from one prompt, streaming, and gives the number of tokens."""

import json
import queue
import time
from http.client import HTTPConnection
from typing import Any, Protocol

import numpy as np
import tritonclient.grpc as triton
import xllamacpp as xl

from casava_engine import health
from casava_engine.vitals import VitalsFile
from casava_wire import tensors as t
from tests.component.engine_process import EngineProcess, smollm2
from tests.component.sidecar.sidecar_process import SidecarProcess


class Side(Protocol):
    def generate(self, prompt: str, tokens: int) -> int: ...
    def cpu_seconds(self) -> float: ...


class Alone:
    """xllamacpp in this process, through its own call: one thread per request, a callback per token."""

    def __init__(self, threads: int) -> None:
        params = xl.CommonParams()
        params.model.path = str(smollm2())
        params.n_parallel = 8
        params.n_ctx = 16384
        params.kv_unified = True
        params.kv_unified_per_slot = 4096
        params.n_batch = params.n_ubatch = 512
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.cache_ram_mib = 0
        params.cache_idle_slots = False
        params.fit_params = False
        params.verbosity = 0
        self._server = xl.Server(params)

    def generate(self, prompt: str, tokens: int) -> int:
        request = {
            "prompt": prompt,
            "max_tokens": tokens,
            "stream": True,
            "temperature": 0,
            "samplers": ["temperature"],
        }
        made = 0

        def take(text: str) -> bool:
            nonlocal made
            usage = json.loads(text).get("usage")
            if usage:
                made = usage["completion_tokens"]
            return False

        self._server.handle_completions(json.dumps(request), take)
        return made

    def cpu_seconds(self) -> float:
        return time.process_time()


class Through:
    """The same through casava-engine's tritonserver, with tritonclient's gRPC stream."""

    def __init__(self, engine: EngineProcess) -> None:
        self._engine = engine
        with VitalsFile(engine.work_dir / "vitals") as vitals:
            self._pids: tuple[int, ...] = (engine.triton_pid(), vitals.read().pid)

    def cpu_seconds(self) -> float:
        return time.process_time() + sum(health.cpu_seconds(pid) for pid in self._pids)

    def generate(self, prompt: str, tokens: int) -> int:
        results: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
        client = triton.InferenceServerClient(f"127.0.0.1:{self._engine.grpc_port}")
        try:
            client.start_stream(lambda result, error: results.put((result, error)))
            client.async_stream_infer(self._engine.model, _inputs(prompt, tokens), enable_empty_final_response=True)
            made = 0
            while True:
                result, error = results.get(timeout=120)
                if error is not None:
                    raise error
                count = result.as_numpy(t.NUM_OUTPUT_TOKENS)
                if count is not None:
                    made = int(count[0])
                if result.get_response().parameters["triton_final_response"].bool_param:
                    return made
        finally:
            client.stop_stream()
            client.close()


class Served(Through):
    """The same again through casava-sidecar in front: OpenAI's completions, read as a stream of server-sent events."""

    def __init__(self, engine: EngineProcess, sidecar: SidecarProcess) -> None:
        super().__init__(engine)
        assert sidecar.process is not None
        self._port = sidecar.port
        self._model = sidecar.model
        self._pids = (*self._pids, sidecar.process.pid)

    def generate(self, prompt: str, tokens: int) -> int:
        body = {"model": self._model, "prompt": prompt, "max_tokens": tokens, "temperature": 0, "stream": True}
        body["stream_options"] = {"include_usage": True}
        connection = HTTPConnection("127.0.0.1", self._port, timeout=120)
        try:
            connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
            made = 0
            for line in connection.getresponse():
                if line.startswith(b"data: {") and b'"usage"' in line:
                    usage = json.loads(line[6:]).get("usage")
                    made = usage["completion_tokens"] if usage else made
            return made
        finally:
            connection.close()


def _inputs(prompt: str, tokens: int) -> list[triton.InferInput]:
    values = [
        (t.TEXT_INPUT, "BYTES", np.array([prompt.encode()], dtype=np.object_)),
        (t.STREAMING, "BOOL", np.array([True])),
        (t.MAX_TOKENS, "INT32", np.array([tokens], dtype=np.int32)),
        (t.TEMPERATURE, "FP32", np.array([0], dtype=np.float32)),
        (t.RETURN_NUM_OUTPUT_TOKENS, "BOOL", np.array([True])),
    ]
    inputs = []
    for name, kind, array in values:
        tensor = triton.InferInput(name, list(array.shape), kind)
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    return inputs
