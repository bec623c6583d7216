"""One request on its way through llama.cpp: what has come, what goes to the client next. No sockets."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from casava_engine.triton_model.request import Generation
from casava_wire import tensors as t

_CONTEXT_ERROR: Final = "exceed_context_size_error"
_CLIENT_ERRORS: Final = frozenset({"invalid_request_error"})


@dataclass(frozen=True)
class Piece:
    """New text for the client. ``finish_reason`` is set on the last piece only."""

    text: str
    output_tokens: int
    input_tokens: int = 0
    finish_reason: str | None = None
    stop_reason: str = ""


@dataclass(frozen=True)
class Failure:
    """The request ended without an answer. ``message`` is for the client and holds no prompt."""

    message: str
    client_fault: bool


class Client(Protocol):
    """Who asked. Every request ends with exactly one of: a last piece, fail, drop."""

    generation: Generation

    def send(self, piece: Piece) -> None: ...
    def fail(self, failure: Failure) -> None: ...
    def drop(self) -> None:
        """Tell Triton that nothing more comes, after a cancellation."""

    def cancelled(self) -> bool: ...


class Progress:
    """Gathers llama.cpp's events of one request into pieces."""

    def __init__(self, *, streaming: bool, prefix: str = "") -> None:
        self.prompt_tokens: int | None = None
        self.generated = 0
        self.started = False
        self.done = False
        self._streaming = streaming
        self._text = [prefix] if prefix else []
        self._finish_reason: str | None = None
        self._stop_reason = ""
        self.failure: Failure | None = None

    def take(self, event: dict[str, Any]) -> None:
        """Read one event of the server's native completion stream."""
        if "error" in event:
            self.failure, self.done = _failure(event["error"]), True
            return
        self.started = True
        self.prompt_tokens = int(event["tokens_evaluated"])
        self.generated = int(event["tokens_predicted"])
        if event["content"]:
            self._text.append(event["content"])
        if event["stop"]:
            self.done = True
            self._finish_reason = "length" if event["stop_type"] == "limit" else "stop"
            self._stop_reason = event.get("stopping_word", "")

    def piece(self) -> Piece | None:
        """What the client should get now; None when nothing is due."""
        if not self.done and not (self._streaming and self._text):
            return None
        text = "".join(self._text)
        self._text.clear()
        return Piece(text, self.generated, self.prompt_tokens or 0, self._finish_reason, self._stop_reason)


def _failure(error: Any) -> Failure:
    """A sentence of our own for each kind of error: llama.cpp's may quote the request."""
    if not isinstance(error, dict):
        error = {}
    kind = error.get("type")
    if kind == _CONTEXT_ERROR:
        return Failure(
            f"{t.ERROR_CONTEXT}the prompt has {error.get('n_prompt_tokens')} tokens, "
            f"the context {error.get('n_ctx')} for prompt and answer together",
            client_fault=True,
        )
    if kind in _CLIENT_ERRORS:
        return Failure(
            f"{t.ERROR_INVALID}the engine does not take it{_hint(str(error.get('message', '')))}", client_fault=True
        )
    return Failure("the engine failed to compute the answer", client_fault=False)


def _hint(message: str) -> str:
    return f": {t.GUIDE} is not a grammar that it can read" if "grammar" in message else ""
