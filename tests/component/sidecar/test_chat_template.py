"""The beginning-of-sequence token is there once, whether the template or the tokenizer puts it there."""

import json
from pathlib import Path
from urllib.request import Request, urlopen

from tests.component.engine_process import EngineProcess, smollm2
from tests.component.sidecar.sidecar_process import SidecarProcess

ADDS_BOS = b"tokenizer.ggml.add_bos_token\x07\x00\x00\x00"  # a GGUF key and its type, a one-byte boolean
CHAT = {
    "model": "demo",
    "messages": [{"role": "user", "content": "Hello"}],
    "temperature": 0,
    "seed": 1,  # without the cache of prompts: what an engine was asked before does not touch its numbers
    "max_tokens": 8,
}


def with_bos_added(folder: Path) -> Path:
    """SmolLM2 again, but its tokenizer puts BOS in front of every prompt, as Llama's and Gemma's do."""
    content = smollm2().read_bytes()
    assert content.count(ADDS_BOS + b"\x00") == 1
    path = folder / "bos.gguf"
    path.write_bytes(content.replace(ADDS_BOS + b"\x00", ADDS_BOS + b"\x01"))
    return path


def prompt_and_text(sidecar: SidecarProcess) -> tuple[int, str]:
    with sidecar.client() as client:
        answer = client.chat.completions.create(**CHAT)  # type: ignore[call-overload]
    return answer.usage.prompt_tokens, answer.choices[0].message.content


def raw_prompt_tokens(engine: EngineProcess, prompt: str) -> int:
    body = {"text_input": prompt, "sampling_param_max_tokens": 1, "return_num_input_tokens": True, "streaming": False}
    url = f"http://127.0.0.1:{engine.http_port}/v2/models/demo/generate"
    with urlopen(Request(url, json.dumps(body).encode()), timeout=30) as response:
        return int(json.load(response)["num_input_tokens"])


def test_bos_is_not_added_twice(engine: EngineProcess, sidecar: SidecarProcess, tmp_path: Path) -> None:
    """The template of this model begins with BOS: both tokenizers must come to the same prompt and the same answer."""
    adding = EngineProcess(tmp_path / "engine", source={"uri": with_bos_added(tmp_path).as_uri()})
    other = SidecarProcess(tmp_path / "sidecar", grpc_port=adding.grpc_port, shared_dir=adding.shared_dir)
    try:
        adding.wait_ready()
        assert adding.model_info().adds_bos
        assert not engine.model_info().adds_bos
        assert raw_prompt_tokens(adding, "Hello") == raw_prompt_tokens(engine, "Hello") + 1, "this tokenizer adds one"
        other.start().wait_ready()
        assert prompt_and_text(other) == prompt_and_text(sidecar)
    finally:
        other.stop()
        adding.stop()
