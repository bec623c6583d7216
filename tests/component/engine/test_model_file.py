"""A model file that is not right: said in a sentence, no Triton, no crash loop, and well again by itself."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from casava_wire import tensors as t
from casava_wire.reasons import EngineReason
from casava_wire.state import EngineState, Stage
from tests.component.engine.triton_calls import generate
from tests.component.engine_process import EngineProcess, smollm2

Start = Callable[..., EngineProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    engines: list[EngineProcess] = []

    def make(uri: str, **source: str) -> EngineProcess:
        engines.append(EngineProcess(tmp_path / "engine", maxConcurrent=1, source={"uri": uri, **source}))
        return engines[-1]

    yield make
    for engine in engines:
        engine.stop()


def cut(path: Path, size: int) -> None:
    path.write_bytes(smollm2().read_bytes()[:size])


def patched(path: Path, old: bytes, new: bytes) -> None:
    """A copy of the model with ``old`` replaced once by ``new``, of the same length."""
    assert len(old) == len(new)
    data = smollm2().read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def broken_ways() -> dict[str, tuple[EngineReason, str, Callable[[Path], object]]]:
    return {
        "missing": (EngineReason.MODEL_NOT_FOUND, "There is no file", lambda _path: None),
        "a folder": (EngineReason.MODEL_NOT_FOUND, "There is no file", Path.mkdir),
        "empty": (EngineReason.MODEL_TRUNCATED, "is cut short", Path.touch),
        "cut in the header": (EngineReason.MODEL_TRUNCATED, "is cut short", lambda path: cut(path, 100_000)),
        "cut in the data": (EngineReason.MODEL_TRUNCATED, "of 98362432 bytes", lambda path: cut(path, 98_362_431)),
        "no GGUF": (
            EngineReason.MODEL_CORRUPT,
            "is not a GGUF file",
            lambda path: path.write_bytes(b"PK\x03\x04" * 64),
        ),
        "of an architecture that llama.cpp does not know": (
            EngineReason.MODEL_CORRUPT,
            "llama.cpp cannot load",
            lambda path: patched(path, b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0llxma"),
        ),
    }


def wait_failed(engine: EngineProcess, reason: EngineReason) -> EngineState:
    state = engine.wait_stage(Stage.FAILED)
    assert state.reason == reason
    assert not state.model_cached
    return state


@pytest.mark.parametrize("how", broken_ways())
def test_a_broken_file_is_said_and_never_served_and_the_right_one_heals_it(
    start: Start, tmp_path: Path, how: str
) -> None:
    reason, sentence, break_it = broken_ways()[how]
    path = tmp_path / "model.gguf"
    break_it(path)
    engine = start(path.as_uri())
    state = wait_failed(engine, reason)
    assert sentence in state.message
    assert str(path) in state.message
    assert engine.process.poll() is None
    if path.is_dir():
        path.rmdir()
    whole = tmp_path / "whole.gguf"
    shutil.copyfile(smollm2(), whole)
    whole.replace(path)
    assert engine.wait_stage(Stage.SERVING).model_cached
    assert generate(engine, "now", **{t.MAX_TOKENS: 1}).counts[-1] == 1


def test_a_wrong_checksum_is_never_served(start: Start) -> None:
    engine = start(smollm2().as_uri(), sha256="0" * 64)
    state = wait_failed(engine, EngineReason.CHECKSUM_MISMATCH)
    assert hashlib.sha256(smollm2().read_bytes()).hexdigest() in state.message
    with pytest.raises(StopIteration):
        engine.triton_pid()


def test_the_right_checksum_is_served_and_told_as_digest(start: Start) -> None:
    sha256 = hashlib.sha256(smollm2().read_bytes()).hexdigest()
    engine = start(smollm2().as_uri(), sha256=sha256).wait_ready()
    assert engine.model_info().digest == f"sha256:{sha256}"


def test_a_claim_is_looked_up_where_it_is_mounted(start: Start, tmp_path: Path) -> None:
    claim = tmp_path / "engine" / "claim" / "models"
    claim.mkdir(parents=True)
    shutil.copyfile(smollm2(), claim / "small.gguf")
    assert start("pvc://my-claim/models/small.gguf").wait_ready().model_info().architecture == "llama"


def test_a_model_that_adds_bos_says_so_and_adds_it_once(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    key = b"tokenizer.ggml.add_bos_token\x07\0\0\0"
    patched(path, key + b"\0", key + b"\1")
    engine = start(path.as_uri()).wait_ready()
    info = engine.model_info()
    assert (info.adds_bos, info.bos_token) == (True, "<|im_start|>")
    bare = generate(engine, "user", **{t.MAX_TOKENS: 1}).input_tokens
    assert bare == 2


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"options": {"nGpuLayers": 3}}, "engine.options.nGpuLayers: is not known"),
        ({"options": {"kvCacheTokens": "many"}}, "engine.options.kvCacheTokens: "),
        ({"options": {"kvCacheTokens": 512}}, "is less than one sequence of 4096 tokens"),
        ({"maxSequenceLength": 8193}, "more than the model's own limit of 8192 tokens"),
        ({"source": {"uri": "ftp://host/model.gguf"}}, "the scheme 'ftp' is not known"),
        ({"source": {"uri": "https://host/model.gguf"}}, "needs model.source.sha256"),
        ({"source": {"uri": "pvc://claim/../../etc/passwd"}}, "without '..'"),
        ({"maxConcurrent": 0}, "engine.json cannot be used: maxConcurrent: Input should be greater than or equal to 1"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_said_with_its_field(
    tmp_path: Path, config: dict[str, object], sentence: str
) -> None:
    engine = EngineProcess(tmp_path, **config)
    try:
        state = wait_failed(engine, EngineReason.INVALID_OPTIONS)
        assert sentence in state.message
        assert engine.process.poll() is None
    finally:
        assert engine.stop() == 0
