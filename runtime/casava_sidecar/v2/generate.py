"""``generate`` and ``generate_stream``: Triton's generate extension, one flat JSON object each way. Pure."""

from collections.abc import Iterable
from typing import Any

import orjson
from tritonclient.grpc import service_pb2 as pb

from casava_sidecar.errors import bad_request
from casava_sidecar.v2.signature import Signature
from casava_sidecar.v2.tensors import pack, unpack


def parse(body: bytes, signature: Signature, model: str, version: str) -> pb.ModelInferRequest:
    """Every member is an input of the model, or ``id``. Raises ApiError 400."""
    try:
        members = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The body is not JSON: {error.msg}.", None) from None
    if not isinstance(members, dict):
        raise bad_request("The body must be a JSON object.", None)
    identity = members.pop("id", "")
    if not isinstance(identity, str):
        raise bad_request("'id' must be a string.", "id")
    request = pb.ModelInferRequest(model_name=model, model_version=version, id=identity[:128])
    for name, value in members.items():
        datatype = signature.datatype(name)
        values = value if isinstance(value, list) else [value]
        request.inputs.add(name=name, datatype=datatype, shape=[len(values)])
        request.raw_input_contents.append(pack(name, datatype, values))
    signature.check(request)
    return request


def render(outputs: Iterable[tuple[str, str, bytes]], model: str, version: str, identity: str) -> bytes:
    """``outputs``: name, datatype and raw contents of each. One value is a scalar, several are a list."""
    body: dict[str, Any] = {"id": identity} if identity else {}
    body |= {"model_name": model, "model_version": version}
    for name, datatype, raw in outputs:
        values = unpack(datatype, raw)
        body[name] = values[0] if len(values) == 1 else values
    return orjson.dumps(body)
