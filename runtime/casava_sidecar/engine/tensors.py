"""Triton's protobuf messages: one generation in, pieces of its text out. Pure."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tritonclient.grpc import service_pb2 as pb

from casava_sidecar.api.requests import Sampling
from casava_wire import tensors as names


@dataclass(frozen=True, slots=True)
class Guide:
    """What constrains the decoder. ``kind`` is one of casava_wire.tensors.GUIDE_TYPES."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """New text of an answer. The last one has ``finish_reason`` and the counts of tokens."""

    text: str
    finish_reason: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0


def text_tensor(values: Sequence[bytes]) -> bytes:
    """Triton's BYTES: each element after its length, 4 bytes little-endian."""
    return b"".join(struct.pack("<I", len(value)) + value for value in values)


def generation(
    model: str, request_id: str, prompt: str, sampling: Sampling, guide: Guide | None
) -> pb.ModelInferRequest:
    """The request for one streamed generation, with all the engine is asked for and nothing else."""
    request = pb.ModelInferRequest(model_name=model, id=request_id)
    add = _Adder(request)
    add.text(names.TEXT_INPUT, (prompt,))
    for name in (
        names.STREAMING,
        names.EXCLUDE_INPUT,
        names.RETURN_FINISH_REASON,
        names.RETURN_NUM_INPUT_TOKENS,
        names.RETURN_NUM_OUTPUT_TOKENS,
    ):
        add.raw(name, "BOOL", b"\x01")
    add.number(names.MAX_TOKENS, "INT32", "<i", sampling.max_tokens)
    add.number(names.TEMPERATURE, "FP32", "<f", sampling.temperature)
    add.number(names.TOP_P, "FP32", "<f", sampling.top_p)
    add.number(names.TOP_K, "INT32", "<i", sampling.top_k)
    add.number(names.FREQUENCY_PENALTY, "FP32", "<f", sampling.frequency_penalty)
    add.number(names.PRESENCE_PENALTY, "FP32", "<f", sampling.presence_penalty)
    add.number(names.SEED, "UINT64", "<Q", sampling.seed)
    if sampling.stop:
        add.text(names.STOP, sampling.stop)
    if guide is not None:
        add.text(names.GUIDE_TYPE, (guide.kind,))
        if guide.text:
            add.text(names.GUIDE, (guide.text,))
    return request


def piece(response: pb.ModelInferResponse) -> Piece:
    """One response of the stream. An output that is absent counts as empty."""
    text, finish = b"", b""
    prompt_tokens = completion_tokens = 0
    for output, raw in zip(response.outputs, response.raw_output_contents, strict=True):
        name = output.name
        if name == names.TEXT_OUTPUT:
            text = raw[4:]
        elif name == names.NUM_OUTPUT_TOKENS:
            completion_tokens = _int32(raw)
        elif name == names.FINISH_REASON:
            finish = raw[4:]
        elif name == names.NUM_INPUT_TOKENS:
            prompt_tokens = _int32(raw)
    return Piece(text.decode("utf-8", "replace"), finish.decode("utf-8", "replace"), prompt_tokens, completion_tokens)


def _int32(raw: bytes) -> int:
    return int.from_bytes(raw[:4], "little", signed=True)


class _Adder:
    def __init__(self, request: pb.ModelInferRequest) -> None:
        self._request = request

    def raw(self, name: str, datatype: str, content: bytes, count: int = 1) -> None:
        self._request.inputs.add(name=name, datatype=datatype, shape=[count])
        self._request.raw_input_contents.append(content)

    def number(self, name: str, datatype: str, layout: str, value: float | None) -> None:
        if value is not None:
            self.raw(name, datatype, struct.pack(layout, value))

    def text(self, name: str, values: Sequence[str]) -> None:
        self.raw(name, "BYTES", text_tensor([value.encode() for value in values]), len(values))
