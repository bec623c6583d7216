"""The GGUF reader: exact on a real file, and never more than NotGguf on anything else."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_engine import gguf
from tests.component.engine_process import smollm2


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def small_file(*, alignment: int = 32, kind: int = 0, shape: tuple[int, ...] = (4, 2)) -> bytes:
    """A whole file with three metadata keys and one tensor of F32 zeros."""
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, 3)
    header += text("general.architecture") + struct.pack("<I", 8) + text("llama")
    header += text("general.alignment") + struct.pack("<II", 4, alignment)
    header += text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("<s>") + text("</s>")
    header += text("weight") + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", size) for size in shape)
    header += struct.pack("<IQ", kind, 0)
    header += b"\0" * (-len(header) % alignment)
    return header + b"\0" * 32


def test_a_real_file_is_as_long_as_its_header_says() -> None:
    header = gguf.read_header(smollm2())
    assert header.size == smollm2().stat().st_size
    assert header.parameters == 134_515_008
    assert header.metadata["llama.context_length"] == 8192
    assert header.tokens is not None
    assert [header.tokens[index] for index in (0, 1, 2)] == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def test_the_last_token_can_be_read_and_none_beyond_it() -> None:
    tokens = gguf.parse_header(small_file()).tokens
    assert tokens is not None
    assert (tokens.count, tokens[1]) == (2, "</s>")
    with pytest.raises(IndexError):
        tokens[2]


@pytest.mark.parametrize("alignment", [8, 32, 64])
def test_the_size_follows_from_alignment_and_tensors(alignment: int) -> None:
    data = small_file(alignment=alignment)
    assert gguf.parse_header(data).size == len(data)


@pytest.mark.parametrize(("kind", "size"), [(0, 4), (1, 2), (8, 34 / 32), (3, 20 / 32), (12, 144 / 256)])
def test_the_size_of_quantized_tensors_counts_blocks(kind: int, size: float) -> None:
    whole = gguf.parse_header(small_file(kind=kind, shape=(256, 3)))
    start = gguf.parse_header(small_file(kind=24, shape=(1, 1))).size - 1
    assert whole.size - start == 256 * 3 * size
    assert whole.parameters == 768


@pytest.mark.parametrize("length", range(4, 210, 7))
def test_a_header_that_is_cut_anywhere_is_truncated(length: int) -> None:
    with pytest.raises(gguf.Truncated):
        gguf.parse_header(small_file()[:length])


def test_an_empty_file_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with pytest.raises(gguf.Truncated):
        gguf.read_header(path)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04" + b"\0" * 100,
        b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("key") + struct.pack("<I", 77),
        small_file(alignment=32).replace(struct.pack("<II", 4, 32), struct.pack("<II", 4, 3)),
        small_file(shape=(2**40, 2**40)),
        small_file(shape=(0,)),
        small_file(shape=(1, 1, 1, 1, 1)),
    ],
)
def test_a_header_that_makes_no_sense_is_no_gguf(data: bytes) -> None:
    with pytest.raises(gguf.NotGguf):
        gguf.parse_header(data)


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    for candidate in (data, b"GGUF" + data, b"GGUF\3\0\0\0" + data):
        try:
            gguf.parse_header(candidate)
        except gguf.NotGguf:
            continue


@given(st.integers(min_value=4, max_value=len(small_file()) - 1), st.integers(min_value=0, max_value=255))
def test_one_wrong_byte_raises_nothing_else(position: int, value: int) -> None:
    data = bytearray(small_file())
    data[position] = value
    try:
        gguf.parse_header(bytes(data))
    except gguf.NotGguf:
        return
