"""What the model takes, checked before anything is sent: an error in Triton's stream would not say whose fault it is.

Pure. Raises ApiError 400 that names the input.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tritonclient.grpc import model_config_pb2 as config_pb
from tritonclient.grpc import service_pb2 as pb

from casava_sidecar.errors import bad_request
from casava_sidecar.v2.tensors import BYTES

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the model. A dimension of -1 takes any size."""

    datatype: str
    dims: tuple[int, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Signature:
    inputs: Mapping[str, Input]
    outputs: frozenset[str]

    def datatype(self, name: str) -> str:
        known = self.inputs.get(name)
        if known is None:
            raise bad_request(f"Unknown input: '{name[:_SHOWN]}'.", name[:_SHOWN], "unknown_parameter")
        return known.datatype

    def check(self, request: pb.ModelInferRequest) -> None:
        for tensor in request.inputs:
            expected = self.datatype(tensor.name)
            if tensor.datatype != expected:
                raise bad_request(f"Input '{tensor.name}' has the datatype {expected}.", tensor.name)
            dims = self.inputs[tensor.name].dims
            fits = len(dims) == len(tensor.shape) and all(
                dim in (-1, size) for dim, size in zip(dims, tensor.shape, strict=True)
            )
            if not fits:
                raise bad_request(f"Input '{tensor.name}' has the shape {list(dims)}.", tensor.name)
        given = [tensor.name for tensor in request.inputs]
        if len(set(given)) != len(given):
            raise bad_request("An input is there twice.", "inputs")
        for name, known in self.inputs.items():
            if not known.optional and name not in given:
                raise bad_request(f"Missing required input: '{name}'.", name, "missing_required_parameter")
        for output in request.outputs:
            if output.name not in self.outputs:
                raise bad_request(f"Unknown output: '{output.name[:_SHOWN]}'.", "outputs", "unknown_parameter")


def signature(config: config_pb.ModelConfig) -> Signature:
    """Of Triton's configuration of the model, which has no batch dimension."""
    return Signature(
        inputs={
            tensor.name: Input(_datatype(tensor.data_type), tuple(tensor.dims), tensor.optional)
            for tensor in config.input
        },
        outputs=frozenset(tensor.name for tensor in config.output),
    )


def _datatype(number: int) -> str:
    name = str(config_pb.DataType.Name(number)).removeprefix("TYPE_")
    return BYTES if name == "STRING" else name
