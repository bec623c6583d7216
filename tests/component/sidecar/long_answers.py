"""Answers that go on until somebody ends them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import openai
from openai.types.chat import ChatCompletionChunk

from casava_engine.vitals import VitalsFile
from tests.component.engine_process import EngineProcess, wait_for

# The decoder cannot stop before the 900th item: nothing but a cancellation ends it within a test.
LONG = json.dumps({"type": "array", "items": {"const": 7}, "minItems": 900, "maxItems": 900})
LONG_CHAT = {
    "model": "demo",
    "messages": [{"role": "user", "content": "Count."}],
    "temperature": 0,
    "extra_body": {"response_format": {"type": "contract", "name": "long"}},
}


@contextmanager
def held_slot(client: openai.OpenAI) -> Iterator[openai.Stream[ChatCompletionChunk]]:
    """A stream whose first text is there: its request runs until the block is left, when its client goes away."""
    stream: openai.Stream[ChatCompletionChunk] = client.chat.completions.create(stream=True, **LONG_CHAT)  # type: ignore[call-overload]
    try:
        next(iter(stream))
        yield stream
    finally:
        stream.close()


def read_all(stream: openai.Stream[ChatCompletionChunk]) -> list[str | None]:
    """The finish reasons of what is left of a stream."""
    return [chunk.choices[0].finish_reason for chunk in stream]


def sequences(engine: EngineProcess) -> int:
    """Sequences that the engine decodes now."""
    with VitalsFile(engine.work_dir / "vitals") as file:
        return file.read().running


def wait_engine_idle(engine: EngineProcess) -> None:
    wait_for(lambda: sequences(engine) == 0, "the engine decodes nothing", seconds=10)
