"""One running sidecar in front of the session's engine, for all tests that only send requests."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.component.engine_process import EngineProcess
from tests.component.sidecar.sidecar_process import SidecarProcess

PERSON = """{
  "type": "object",
  "properties": {
    "name": {"type": "string", "maxLength": 20},
    "age": {"type": "integer", "minimum": 0, "maximum": 120}
  },
  "required": ["name", "age"],
  "additionalProperties": false
}"""
# The decoder cannot be held to uniqueItems, and among five items of two words there are always equal ones; that the
# schema can be satisfied shows only from the other branch, which the decoder's choice of the first token leaves behind.
TWINS = """{
  "type": "array", "items": {"enum": ["a", "b", "c", "d", "e", "f"]}, "minItems": 6, "maxItems": 6,
  "uniqueItems": true
}"""
CONTRACTS = {"person": PERSON, "twins": TWINS}


@pytest.fixture(scope="session")
def sidecar(engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SidecarProcess]:
    """Serving, with the contracts of CONTRACTS. Tests may send requests, never signals, to it."""
    root = tmp_path_factory.mktemp("sidecar")
    process = SidecarProcess(root, grpc_port=engine.grpc_port, shared_dir=engine.shared_dir)
    process.write_contracts(CONTRACTS)
    try:
        yield process.start().wait_ready()
    finally:
        process.stop()


@pytest.fixture
def client(sidecar: SidecarProcess) -> Iterator[openai.OpenAI]:
    with sidecar.client() as client:
        yield client


@pytest.fixture
def chat() -> dict[str, Any]:
    """A short, repeatable chat: what most tests ask."""
    return {
        "model": "demo",
        "messages": [{"role": "user", "content": "Invent a person. Answer in JSON."}],
        "temperature": 0,
        "max_tokens": 64,
    }
