"""``infer``: the JSON of the Open Inference Protocol, with Triton's extension for binary tensors. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tritonclient.grpc import service_pb2 as pb

from casava_sidecar.api.checking import invalid_member
from casava_sidecar.errors import bad_request
from casava_sidecar.v2.tensors import flat, item_count, pack, unpack

LENGTH_HEADER: Final = "Inference-Header-Content-Length"

_STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)
_LENGTH: Final = re.compile("[0-9]{1,10}")
_Size = Annotated[int, Field(ge=0, le=2**31)]


class _InputParameters(BaseModel):
    model_config = _STRICT
    binary_data_size: _Size | None = None


class _OutputParameters(BaseModel):
    model_config = _STRICT
    binary_data: bool | None = None


class _RequestParameters(BaseModel):
    model_config = _STRICT
    binary_data_output: bool = False


class _Input(BaseModel):
    model_config = _STRICT
    name: str
    shape: Annotated[list[_Size], Field(max_length=8)]
    datatype: str
    parameters: _InputParameters = _InputParameters()
    data: list[Any] | None = None


class _Output(BaseModel):
    model_config = _STRICT
    name: str
    parameters: _OutputParameters = _OutputParameters()


class _Request(BaseModel):
    model_config = _STRICT
    id: Annotated[str, Field(max_length=128)] = ""
    parameters: _RequestParameters = _RequestParameters()
    inputs: Annotated[list[_Input], Field(min_length=1, max_length=64)]
    outputs: Annotated[list[_Output], Field(max_length=64)] = []


@dataclass(frozen=True, slots=True)
class Inference:
    """A parsed request, and which outputs are wanted in which form."""

    request: pb.ModelInferRequest
    binary: Mapping[str, bool]  # by output; empty: all outputs
    all_binary: bool


def parse(body: bytes, header_length: str | None, model: str, version: str) -> Inference:
    """``header_length``: the value of LENGTH_HEADER, the size of the JSON before binary tensors. ApiError 400."""
    asked, tail = _split(body, header_length)
    request = pb.ModelInferRequest(model_name=model, model_version=version, id=asked.id)
    for tensor in asked.inputs:
        raw, tail = _contents(tensor, tail)
        request.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        request.raw_input_contents.append(raw)
    if tail:
        raise bad_request(f"{len(tail)} bytes follow the last binary tensor.", "inputs")
    for output in asked.outputs:
        request.outputs.add(name=output.name)
    binary = {
        output.name: asked.parameters.binary_data_output
        if output.parameters.binary_data is None
        else output.parameters.binary_data
        for output in asked.outputs
    }
    return Inference(request, binary, asked.parameters.binary_data_output)


def render(
    inference: Inference, outputs: Mapping[str, tuple[str, tuple[int, ...], bytes]], model: str, version: str
) -> tuple[bytes, int | None]:
    """The body, and the size of the JSON at its start where binary tensors follow."""
    described: list[dict[str, Any]] = []
    tail: list[bytes] = []
    for name, (datatype, shape, raw) in outputs.items():
        entry: dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
        if inference.binary.get(name, inference.all_binary):
            entry["parameters"] = {"binary_data_size": len(raw)}
            tail.append(raw)
        else:
            entry["data"] = unpack(datatype, raw)
        described.append(entry)
    head: dict[str, Any] = {"id": inference.request.id} if inference.request.id else {}
    text = orjson.dumps({**head, "model_name": model, "model_version": version, "outputs": described})
    return (text + b"".join(tail), len(text)) if tail else (text, None)


def _split(body: bytes, header_length: str | None) -> tuple[_Request, bytes]:
    length = len(body)
    if header_length is not None:
        if not _LENGTH.fullmatch(header_length) or int(header_length) > len(body):
            raise bad_request(f"'{LENGTH_HEADER}' must be the size of the JSON, at most that of the body.", None)
        length = int(header_length)
    try:
        return _Request.model_validate(orjson.loads(body[:length])), body[length:]
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The body is not JSON: {error.msg}.", None) from None
    except ValidationError as error:
        raise invalid_member(error) from None


def _contents(tensor: _Input, tail: bytes) -> tuple[bytes, bytes]:
    size = tensor.parameters.binary_data_size
    if size is None:
        values = flat(tensor.name, tensor.data)
        if len(values) != item_count(tensor.shape):
            raise bad_request(
                f"Input '{tensor.name}' has {len(values)} values, its shape says {item_count(tensor.shape)}.",
                tensor.name,
            )
        return pack(tensor.name, tensor.datatype, values), tail
    if tensor.data is not None or size > len(tail):
        raise bad_request(f"Input '{tensor.name}' must have either 'data' or {size} bytes after the JSON.", tensor.name)
    return tail[:size], tail[size:]
