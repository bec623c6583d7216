"""A Triton model that emits tokens at a set pace: it measures what stands in front of Triton, not a language model.

Every stream emits ``sampling_param_max_tokens`` tokens, one response each. The parameter ``tokens_per_second`` of the
model's configuration is the pace of one stream; 0 means as fast as the backend can send.
"""

import heapq
import json
import threading
import time
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

TOKEN = np.array([b" token"], dtype=np.object_)
FINISH = np.array([b"length"], dtype=np.object_)


class TritonPythonModel:
    """One thread emits for all streams, the one whose next token is due first."""

    def initialize(self, args: dict[str, str]) -> None:
        parameters = json.loads(args["model_config"])["parameters"]
        rate = float(parameters["tokens_per_second"]["string_value"])
        self.interval = 1 / rate if rate else 0.0
        self.queue: list[tuple[float, int, int, int, Any]] = []  # due, order, sent, to send, sender
        self.order = 0
        self.wake = threading.Condition()
        self.running = True
        self.emitter = threading.Thread(target=self.emit, daemon=True)
        self.emitter.start()

    def execute(self, requests: list[Any]) -> None:
        due = time.monotonic() + self.interval
        for request in requests:
            tokens = int(pb_utils.get_input_tensor_by_name(request, "sampling_param_max_tokens").as_numpy()[0])
            self.push(due, 0, tokens, request.get_response_sender())

    def push(self, due: float, sent: int, tokens: int, sender: Any) -> None:
        with self.wake:
            self.order += 1
            heapq.heappush(self.queue, (due, self.order, sent, tokens, sender))
            self.wake.notify()

    def emit(self) -> None:
        while (entry := self.next()) is not None:
            due, _, sent, tokens, sender = entry
            time.sleep(max(0.0, due - time.monotonic()))
            if sender.is_cancelled():
                sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
            elif sent + 1 < tokens:
                sender.send(pb_utils.InferenceResponse(output_tensors=outputs(sent + 1)))
                self.push(due + self.interval, sent + 1, tokens, sender)
            else:
                last = [
                    *outputs(sent + 1),
                    pb_utils.Tensor("finish_reason", FINISH),
                    pb_utils.Tensor("num_input_tokens", np.array([1], dtype=np.int32)),
                ]
                response = pb_utils.InferenceResponse(output_tensors=last)
                sender.send(response, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def next(self) -> tuple[float, int, int, int, Any] | None:
        with self.wake:
            self.wake.wait_for(lambda: self.queue or not self.running)
            return heapq.heappop(self.queue) if self.running else None

    def finalize(self) -> None:
        with self.wake:
            self.running = False
            self.wake.notify()
        self.emitter.join()


def outputs(count: int) -> list[Any]:
    return [
        pb_utils.Tensor("text_output", TOKEN),
        pb_utils.Tensor("num_output_tokens", np.array([count], dtype=np.int32)),
    ]
