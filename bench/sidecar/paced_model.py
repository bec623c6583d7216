"""A Triton model that emits tokens at a set pace: it measures what stands in front of Triton, not a language model.

Every stream emits ``sampling_param_max_tokens`` tokens, one response each. The parameter ``tokens_per_second`` of the
model's configuration is the pace of one stream; 0 means as fast as the backend can send. With ``document`` "yes" the
tokens are a list of objects as JSON, whole after any multiple of 8 tokens.
"""

import heapq
import json
import threading
import time
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

TOKEN = np.array([b" token"], dtype=np.object_)
# One object of a list, in pieces of the size of tokens; each holds the client's mark once.
OBJECT = (b'{"name": " token', *[b" token"] * 3, b'", "text": " token', *[b" token"] * 2, b' token", "number": 12}')
LENGTH = np.array([b"length"], dtype=np.object_)
STOP = np.array([b"stop"], dtype=np.object_)


class TritonPythonModel:
    """One thread emits for all streams, the one whose next token is due first."""

    def initialize(self, args: dict[str, str]) -> None:
        parameters = json.loads(args["model_config"])["parameters"]
        rate = float(parameters["tokens_per_second"]["string_value"])
        self.interval = 1 / rate if rate else 0.0
        self.document = parameters["document"]["string_value"] == "yes"
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
                sender.send(pb_utils.InferenceResponse(output_tensors=self.outputs(sent + 1, tokens)))
                self.push(due + self.interval, sent + 1, tokens, sender)
            else:
                last = [
                    *self.outputs(sent + 1, tokens),
                    pb_utils.Tensor("finish_reason", STOP if self.document else LENGTH),
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

    def outputs(self, count: int, tokens: int) -> list[Any]:
        text = np.array([self.piece(count, tokens)], dtype=np.object_) if self.document else TOKEN
        return [
            pb_utils.Tensor("text_output", text),
            pb_utils.Tensor("num_output_tokens", np.array([count], dtype=np.int32)),
        ]

    def piece(self, count: int, tokens: int) -> bytes:
        """The ``count``-th of ``tokens`` pieces of a list."""
        piece = OBJECT[(count - 1) % len(OBJECT)]
        if count % len(OBJECT) == 0:
            piece += b"]" if count == tokens else b", "
        return b"[" + piece if count == 1 else piece
