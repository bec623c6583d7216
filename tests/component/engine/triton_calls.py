"""Generation with the unmodified tritonclient over gRPC, and with plain HTTP over ``generate_stream``."""

import http.client
import json
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from casava_wire import tensors as t
from tests.component.engine_process import EngineProcess

WAIT_SECONDS = 120.0

_TYPES: dict[str, tuple[str, Any]] = {
    t.TEXT_INPUT: ("BYTES", np.object_),
    t.STREAMING: ("BOOL", np.bool_),
    t.MAX_TOKENS: ("INT32", np.int32),
    t.TEMPERATURE: ("FP32", np.float32),
    t.TOP_P: ("FP32", np.float32),
    t.TOP_K: ("INT32", np.int32),
    t.FREQUENCY_PENALTY: ("FP32", np.float32),
    t.PRESENCE_PENALTY: ("FP32", np.float32),
    t.SEED: ("UINT64", np.uint64),
    t.STOP: ("BYTES", np.object_),
    t.EXCLUDE_INPUT: ("BOOL", np.bool_),
    t.RETURN_FINISH_REASON: ("BOOL", np.bool_),
    t.RETURN_STOP_REASON: ("BOOL", np.bool_),
    t.RETURN_NUM_INPUT_TOKENS: ("BOOL", np.bool_),
    t.RETURN_NUM_OUTPUT_TOKENS: ("BOOL", np.bool_),
    t.GUIDE_TYPE: ("BYTES", np.object_),
    t.GUIDE: ("BYTES", np.object_),
}
EVERYTHING = {
    t.RETURN_FINISH_REASON: True,
    t.RETURN_STOP_REASON: True,
    t.RETURN_NUM_INPUT_TOKENS: True,
    t.RETURN_NUM_OUTPUT_TOKENS: True,
}


@dataclass(frozen=True)
class Answer:
    """All of one generation."""

    pieces: tuple[str, ...]
    counts: tuple[int, ...]
    finish_reason: str
    stop_reason: str
    input_tokens: int

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def inputs(values: dict[str, Any]) -> list[triton.InferInput]:
    """Input tensors: a list gives a tensor of its length, anything else one of a single element."""
    made = []
    for name, value in values.items():
        kind, dtype = _TYPES[name]
        items = value if isinstance(value, list) else [value]
        array = np.array([item.encode() if isinstance(item, str) else item for item in items], dtype=dtype)
        tensor = triton.InferInput(name, list(array.shape), kind)
        tensor.set_data_from_numpy(array)
        made.append(tensor)
    return made


class Stream:
    """One request on a gRPC stream of its own."""

    def __init__(self, client: triton.InferenceServerClient, model: str, values: dict[str, Any]) -> None:
        self._client = client
        self._results: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
        client.start_stream(lambda result, error: self._results.put((result, error)))
        client.async_stream_infer(model, inputs(values), enable_empty_final_response=True)

    def __iter__(self) -> Iterator[Any]:
        """The responses until the final one. Raise InferenceServerException on an error."""
        while True:
            result, error = self._results.get(timeout=WAIT_SECONDS)
            if error is not None:
                raise error
            yield result
            if result.get_response().parameters["triton_final_response"].bool_param:
                return

    def cancel(self) -> None:
        self._client.stop_stream(cancel_requests=True)


@contextmanager
def streaming(engine: EngineProcess, values: dict[str, Any]) -> Iterator[Stream]:
    """A stream that is running; it is closed at the end."""
    client = triton.InferenceServerClient(f"127.0.0.1:{engine.grpc_port}")
    try:
        yield Stream(client, engine.model, values)
    finally:
        client.stop_stream(cancel_requests=True)
        client.close()


def generate(engine: EngineProcess, prompt: str, **values: Any) -> Answer:
    """One generation by its end, greedy unless told otherwise."""
    wanted = {t.TEXT_INPUT: prompt, t.STREAMING: True, t.TEMPERATURE: 0.0, **EVERYTHING, **values}
    with streaming(engine, wanted) as stream:
        results = list(stream)
    last = results[-1]
    return Answer(
        pieces=tuple(_text(result, t.TEXT_OUTPUT) for result in results),
        counts=tuple(int(result.as_numpy(t.NUM_OUTPUT_TOKENS)[0]) for result in results),
        finish_reason=_text(last, t.FINISH_REASON),
        stop_reason=_text(last, t.STOP_REASON),
        input_tokens=int(last.as_numpy(t.NUM_INPUT_TOKENS)[0]),
    )


def refusal(engine: EngineProcess, prompt: str, **values: Any) -> str:
    """The message of the error that the request must end with."""
    try:
        answer = generate(engine, prompt, **values)
    except InferenceServerException as error:
        return str(error.message())
    raise AssertionError(f"answered instead of refused: {answer.finish_reason}")


def _text(result: Any, name: str) -> str:
    return str(result.as_numpy(name)[0].decode())


def http_events(engine: EngineProcess, **values: Any) -> list[dict[str, Any]]:
    """Every event of ``generate_stream``."""
    connection = http.client.HTTPConnection("127.0.0.1", engine.http_port, timeout=WAIT_SECONDS)
    try:
        path = f"/v2/models/{engine.model}/generate_stream"
        connection.request("POST", path, json.dumps(values), {"Content-Type": "application/json"})
        text = connection.getresponse().read().decode()
        return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    finally:
        connection.close()
