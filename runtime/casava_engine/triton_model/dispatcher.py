"""The one thread that owns every request inside the Triton model: admit, send to llama.cpp, read, answer, cancel.

One thread, because Triton's Python backend does not bear metric and response calls from many, and because a token then
costs no lock and no thread switch: what waits in several sockets is read in one round, and what waits in one socket
goes out as one response.
"""

import hashlib
import os
import selectors
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from casava_engine.triton_model import llama_http
from casava_engine.triton_model.guide import is_lark
from casava_engine.triton_model.settings import LlamaSettings
from casava_engine.triton_model.stream import Client, Failure, Progress
from casava_engine.vitals import VitalsFile
from casava_wire import tensors as t

HEARTBEAT_SECONDS: Final = 0.5
CANCEL_CHECK_SECONDS: Final = (
    0.02  # a check asks the server process, some 50 us; a token of the smallest model takes 10 ms
)
KNOWN_GUIDES: Final = 1024
_READ: Final = 1 << 16
_ENGINE_GONE: Final = Failure("the engine ended the generation", client_fault=False)
_GUIDE_REFUSED: Final = Failure(
    f"{t.ERROR_INVALID}{t.GUIDE} holds what the engine cannot enforce; nothing was generated", client_fault=True
)


class _Stream:
    """A connection to llama.cpp and the request that it serves; for a probe, the request waits for its outcome."""

    def __init__(self, client: Client, sock: socket.socket, request: bytes, *, reserved: int, probe: bool) -> None:
        generation = client.generation
        self.client = client
        self.sock = sock
        self.unsent = request
        self.reserved = reserved
        self.probe = probe
        self.parser = llama_http.ResponseParser()
        self.progress = Progress(streaming=generation.streaming, prefix=generation.prompt if generation.echo else "")
        self.tokens_seen: list[int] = []
        self.checked = time.monotonic()


class Dispatcher:
    """``submit`` may be called from any thread; all else happens in ``run``."""

    def __init__(self, settings: LlamaSettings, vitals: VitalsFile, log: Callable[[str], None]) -> None:
        self._settings = settings
        self._vitals = vitals
        self._log = log
        self._inbox: deque[Client] = deque()
        self._waiting: deque[Client] = deque()
        self._streams: set[_Stream] = set()
        self._reserved = 0
        self._guides: OrderedDict[bytes, bool] = OrderedDict()  # by hash: a guide has up to a megabyte
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._stopping = False
        self._swept = time.monotonic()

    def submit(self, client: Client) -> None:
        self._inbox.append(client)
        self._wake()

    def stop(self) -> None:
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._wake_write, b"\0")

    def run(self) -> None:
        while not self._stopping:
            self._turn()
        for stream in tuple(self._streams):
            self._close(stream)
            stream.client.fail(_ENGINE_GONE)
        for client in (*self._waiting, *self._inbox):
            client.fail(_ENGINE_GONE)

    def _turn(self) -> None:
        busy = self._streams or self._waiting
        for key, events in self._selector.select(CANCEL_CHECK_SECONDS if busy else HEARTBEAT_SECONDS):
            if key.data is None:
                with suppress(BlockingIOError):
                    os.read(self._wake_read, _READ)
            elif key.data in self._streams:
                self._serve(key.data, events)
        while self._inbox:
            self._waiting.append(self._inbox.popleft())
        self._sweep()
        self._admit()
        self._vitals.beat(time.monotonic_ns())
        self._vitals.load(running=len(self._streams), waiting=len(self._waiting))

    def _sweep(self) -> None:
        """Look for clients that left; streams that produce tokens are looked at as they do."""
        now = time.monotonic()
        if now - self._swept < CANCEL_CHECK_SECONDS:
            return
        self._swept = now
        for client in tuple(self._waiting):
            if client.cancelled():
                self._waiting.remove(client)
                client.drop()
        for stream in tuple(self._streams):
            self._drop_if_cancelled(stream, now)

    def _drop_if_cancelled(self, stream: _Stream, now: float) -> bool:
        if now - stream.checked < CANCEL_CHECK_SECONDS:
            return False
        stream.checked = now
        if not stream.client.cancelled():
            return False
        self._close(stream)  # llama.cpp sees the closed connection and frees the sequence
        stream.client.drop()
        return True

    def _admit(self) -> None:
        """Start what fits, in order of arrival: a place among the sequences and, at worst, in the KV cache.

        llama.cpp ends every running sequence when its cache is full, so it must never become full.
        """
        while self._waiting and len(self._streams) < self._settings.sequences:
            client = self._waiting[0]
            need = self._worst_case(client)
            if self._reserved + need > self._settings.kv_tokens:
                return
            self._waiting.popleft()
            self._start(client, need)

    def _worst_case(self, client: Client, prompt_tokens: int | None = None) -> int:
        """Tokens that the request may come to hold. Until llama.cpp has counted: a token has a byte at least."""
        generation = client.generation
        context = self._settings.context_length
        prompt = len(generation.prompt.encode()) + 2 if prompt_tokens is None else prompt_tokens
        return min(context, prompt + (generation.max_tokens or context))

    def _start(self, client: Client, reserved: int) -> None:
        grammar = client.generation.grammar
        token = self._settings.forbidden_token
        probe = False
        if grammar is not None and token is not None and is_lark(grammar):
            known = self._guides.get(_identity(grammar))
            if known is False:
                client.fail(_GUIDE_REFUSED)
                return
            probe = known is None
        if probe and grammar is not None and token is not None:
            request = llama_http.probe(grammar, token)
        else:
            request = llama_http.completion(client.generation, context=self._settings.context_length)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            sock.connect(self._settings.socket)
        except OSError:
            sock.close()
            self._log("llama.cpp's socket cannot be reached")
            client.fail(_ENGINE_GONE)
            return
        stream = _Stream(client, sock, request, reserved=reserved, probe=probe)
        self._streams.add(stream)
        self._reserved += reserved
        self._selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, stream)
        self._vitals.act(time.monotonic_ns())

    def _serve(self, stream: _Stream, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._write(stream)
            if events & selectors.EVENT_READ:
                self._read(stream)
        except BlockingIOError:
            pass
        except (OSError, llama_http.ProtocolError, KeyError, TypeError, ValueError) as error:
            self._log(f"a stream of llama.cpp failed: {type(error).__name__}")
            self._close(stream)
            stream.client.fail(_ENGINE_GONE)

    def _write(self, stream: _Stream) -> None:
        stream.unsent = stream.unsent[stream.sock.send(stream.unsent) :]
        if not stream.unsent:
            self._selector.modify(stream.sock, selectors.EVENT_READ, stream)

    def _read(self, stream: _Stream) -> None:
        data = stream.sock.recv(_READ)
        progress, before = stream.progress, stream.progress.generated
        for event in stream.parser.feed(data):
            if stream.probe:
                stream.tokens_seen.extend(event.get("tokens", ()))
            progress.take(event)
        self._vitals.act(time.monotonic_ns())
        self._vitals.count(progress.generated - before)
        if progress.done:
            self._close(stream)
            self._finish(stream)
            return
        if not data:
            raise llama_http.ProtocolError("the stream ended in the middle")
        if not stream.probe and progress.prompt_tokens is not None:
            self._shrink(stream, self._worst_case(stream.client, progress.prompt_tokens))
        if self._drop_if_cancelled(stream, time.monotonic()) or stream.probe:
            return
        piece = progress.piece()
        if piece is not None:
            stream.client.send(piece)

    def _finish(self, stream: _Stream) -> None:
        client, progress = stream.client, stream.progress
        if stream.probe:
            self._learn(stream)
        elif progress.failure is not None:
            client.fail(progress.failure)
        else:
            piece = progress.piece()
            if piece is not None:
                client.send(piece)

    def _learn(self, stream: _Stream) -> None:
        """Remember whether the guide was obeyed, then run the request or refuse it."""
        client, failure = stream.client, stream.progress.failure
        if failure is not None:
            client.fail(failure)
            return
        obeyed = self._settings.forbidden_token not in stream.tokens_seen
        self._guides[_identity(client.generation.grammar or "")] = obeyed
        while len(self._guides) > KNOWN_GUIDES:
            self._guides.popitem(last=False)
        if obeyed:
            self._start(client, stream.reserved)
        else:
            client.fail(_GUIDE_REFUSED)

    def _shrink(self, stream: _Stream, need: int) -> None:
        if need < stream.reserved:
            self._reserved -= stream.reserved - need
            stream.reserved = need

    def _close(self, stream: _Stream) -> None:
        self._streams.discard(stream)
        self._reserved -= stream.reserved
        self._selector.unregister(stream.sock)
        stream.sock.close()


def _identity(grammar: str) -> bytes:
    return hashlib.sha256(grammar.encode()).digest()
