"""Tensors between JSON and Triton's protobuf. Pure.

Raises ApiError 400 for what does not fit. Shared memory, sequences and other parameters of a request are refused: they
would reach into Triton past the sidecar.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tritonclient.grpc import service_pb2 as pb

from casava_sidecar.engine.tensors import text_tensor
from casava_sidecar.errors import bad_request

# Datatype to struct format: Triton's raw contents are little-endian.
_FORMATS: Final[Mapping[str, str]] = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
BYTES: Final = "BYTES"
_MAX_DIMENSIONS: Final = 8


def pack(name: str, datatype: str, values: Sequence[Any]) -> bytes:
    """A flat list of JSON values as raw contents."""
    if datatype == BYTES:
        if not all(isinstance(value, str) for value in values):
            raise bad_request(f"Input '{name}' takes strings.", name)
        return text_tensor([value.encode() for value in values])
    layout = _FORMATS.get(datatype)
    if layout is None:
        raise bad_request(f"Input '{name}': datatype '{datatype[:20]}' is not supported.", name)
    is_bool = datatype == "BOOL"
    if any(isinstance(value, bool) is not is_bool for value in values):
        raise bad_request(f"Input '{name}' takes {datatype} values.", name)
    try:
        return struct.pack(f"<{len(values)}{layout}", *values)
    except (struct.error, OverflowError, TypeError):
        raise bad_request(f"Input '{name}' takes {datatype} values within their range.", name) from None


def unpack(datatype: str, raw: bytes) -> list[Any]:
    """Raw contents as a flat list of JSON values. Bytes that are no UTF-8 come out replaced."""
    if datatype == BYTES:
        return [element.decode("utf-8", "replace") for element in elements(raw)]
    layout = _FORMATS[datatype]
    return list(struct.unpack(f"<{len(raw) // struct.calcsize(layout)}{layout}", raw))


def elements(raw: bytes) -> list[bytes]:
    """The byte strings in the raw contents of a BYTES tensor."""
    found = []
    offset = 0
    while offset + 4 <= len(raw):
        size = int.from_bytes(raw[offset : offset + 4], "little")
        found.append(raw[offset + 4 : offset + 4 + size])
        offset += 4 + size
    return found


def flat(name: str, data: Any) -> list[Any]:
    """Nested lists in row-major order."""
    if not isinstance(data, list):
        raise bad_request(f"Input '{name}': 'data' must be a list.", name)
    for _ in range(_MAX_DIMENSIONS):
        if not any(isinstance(value, list) for value in data):
            return list(data)
        if not all(isinstance(value, list) for value in data):
            break
        data = [value for row in data for value in row]
    raise bad_request(f"Input '{name}': 'data' is nested unevenly or too deeply.", name)


def item_count(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


class Gathered:
    """The outputs of a stream as those of one response: text is joined, of every other output the last value counts."""

    def __init__(self, text_output: str) -> None:
        self._text_output = text_output
        self._texts: list[bytes] = []
        self._outputs: dict[str, tuple[str, tuple[int, ...], bytes]] = {}

    def add(self, response: pb.ModelInferResponse) -> None:
        for output, raw in zip(response.outputs, response.raw_output_contents, strict=True):
            if output.name == self._text_output:
                self._texts.extend(elements(raw))
            self._outputs[output.name] = (output.datatype, tuple(output.shape), raw)

    def outputs(self) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
        """Name to datatype, shape and raw contents."""
        outputs = dict(self._outputs)
        if self._texts:
            outputs[self._text_output] = (BYTES, (1,), text_tensor([b"".join(self._texts)]))
        return outputs
