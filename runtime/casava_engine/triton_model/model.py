"""The Triton Python model: tensors in, pieces of text out."""

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from casava_engine.triton_model import llama
from casava_engine.triton_model.dispatcher import Dispatcher
from casava_engine.triton_model.request import Generation, RequestRefused, parse
from casava_engine.triton_model.settings import SETTINGS_FILE, read_settings
from casava_engine.triton_model.stream import Failure, Piece
from casava_engine.vitals import VitalsFile
from casava_wire import tensors as t

_WARM_UP = {
    t.TEXT_INPUT: np.array([b"\n"], dtype=np.object_),
    t.MAX_TOKENS: np.array([1], dtype=np.int32),
    t.GUIDE_TYPE: np.array([t.GUIDE_JSON.encode()], dtype=np.object_),
}
_FINAL = pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL


def _log(message: str) -> None:
    pb_utils.Logger.log_warn(f"casava: {message}")


def _text(name: str, value: str) -> Any:
    return pb_utils.Tensor(name, np.array([value.encode()], dtype=np.object_))


def _count(name: str, value: int) -> Any:
    return pb_utils.Tensor(name, np.array([value], dtype=np.int32))


class TritonClient:
    """A request of Triton's, as the dispatcher sees it."""

    def __init__(self, sender: Any, generation: Generation) -> None:
        self.generation = generation
        self._sender = sender

    def send(self, piece: Piece) -> None:
        wanted = self.generation
        last = piece.finish_reason is not None
        outputs = [_text(t.TEXT_OUTPUT, piece.text)]
        if wanted.output_tokens:
            outputs.append(_count(t.NUM_OUTPUT_TOKENS, piece.output_tokens))
        if last:
            if wanted.finish_reason:
                outputs.append(_text(t.FINISH_REASON, piece.finish_reason or ""))
            if wanted.stop_reason:
                outputs.append(_text(t.STOP_REASON, piece.stop_reason))
            if wanted.input_tokens:
                outputs.append(_count(t.NUM_INPUT_TOKENS, piece.input_tokens))
        self._sender.send(pb_utils.InferenceResponse(outputs), flags=_FINAL if last else 0)

    def fail(self, failure: Failure) -> None:
        code = pb_utils.TritonError.INVALID_ARG if failure.client_fault else pb_utils.TritonError.INTERNAL
        self._end(failure.message, code)

    def drop(self) -> None:
        self._end("cancelled by the client", pb_utils.TritonError.CANCELLED)

    def cancelled(self) -> bool:
        return bool(self._sender.is_cancelled())

    def _end(self, message: str, code: Any) -> None:
        error = pb_utils.TritonError(message, code)
        self._sender.send(pb_utils.InferenceResponse(error=error), flags=_FINAL)


class WarmUp:
    """A request of our own."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.failure: Failure | None = None
        self.ended = threading.Event()

    def send(self, piece: Piece) -> None:
        if piece.finish_reason is not None:
            self.ended.set()

    def fail(self, failure: Failure) -> None:
        self.failure = failure
        self.ended.set()

    def drop(self) -> None:
        self.ended.set()

    def cancelled(self) -> bool:
        return False


class TritonPythonModel:
    """Triton calls these three by name."""

    def initialize(self, args: dict[str, str]) -> None:
        settings = read_settings(Path(args["model_repository"]) / args["model_version"] / SETTINGS_FILE)
        self._vitals = VitalsFile(Path(settings.vitals))
        self._vitals.born(os.getpid())
        Path(settings.socket).unlink(missing_ok=True)
        try:
            self._server = llama.start(settings)
        except RuntimeError:
            self._vitals.refused()
            raise
        self._dispatcher = Dispatcher(settings, self._vitals, _log)
        self._thread = threading.Thread(target=self._run, name="casava-dispatch", daemon=True)
        self._thread.start()
        self._warm_up()
        self._vitals.loaded()

    def _warm_up(self) -> None:
        """Ready means that a token was made: it reads the weights, and builds the tables that guides need."""
        client = WarmUp(parse(_WARM_UP))
        self._dispatcher.submit(client)
        client.ended.wait()
        if client.failure is not None:
            raise RuntimeError(f"the first token failed: {client.failure.message}")

    def _run(self) -> None:
        try:
            self._dispatcher.run()
        except BaseException as error:  # noqa: BLE001 - the process ends
            # Without this thread nothing is answered any more: end the process, so that it is started anew at once.
            _log(f"the dispatcher failed: {type(error).__name__}")
            os._exit(1)

    def execute(self, requests: list[Any]) -> None:
        for request in requests:
            sender = request.get_response_sender()
            arrays = {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
            try:
                generation = parse(arrays)
            except RequestRefused as error:
                refusal = pb_utils.TritonError(f"{t.ERROR_INVALID}{error}", pb_utils.TritonError.INVALID_ARG)
                sender.send(pb_utils.InferenceResponse(error=refusal), flags=_FINAL)
            else:
                self._dispatcher.submit(TritonClient(sender, generation))

    def finalize(self) -> None:
        self._dispatcher.stop()
        self._thread.join(timeout=5)
        del self._server
