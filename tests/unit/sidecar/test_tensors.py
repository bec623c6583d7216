import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2 as pb

from casava_sidecar.api.requests import Sampling
from casava_sidecar.engine.client import call_error, engine_error
from casava_sidecar.engine.tensors import Guide, generation, piece, text_tensor
from casava_sidecar.errors import ApiError
from casava_sidecar.v2.tensors import Gathered, elements, flat, pack, unpack
from casava_wire import tensors as names


def test_only_what_was_asked_for_is_sent() -> None:
    request = generation("m", "id", "hello", Sampling(), None)
    sent = {tensor.name for tensor in request.inputs}
    assert names.TEXT_INPUT in sent
    assert not sent & {names.MAX_TOKENS, names.TEMPERATURE, names.SEED, names.STOP, names.GUIDE, names.GUIDE_TYPE}
    assert len(request.inputs) == len(request.raw_input_contents)


def test_every_parameter_has_its_tensor() -> None:
    sampling = Sampling(5, 0.5, 0.25, 3, 1.0, -1.0, 2**64 - 1, ("a", "bc"))
    request = generation("m", "id", "hello", sampling, Guide("json_schema", "{}"))
    raw = {tensor.name: content for tensor, content in zip(request.inputs, request.raw_input_contents, strict=True)}
    assert raw[names.MAX_TOKENS] == struct.pack("<i", 5)
    assert raw[names.TEMPERATURE] == struct.pack("<f", 0.5)
    assert raw[names.SEED] == b"\xff" * 8
    assert raw[names.STOP] == text_tensor([b"a", b"bc"])
    assert raw[names.GUIDE_TYPE] == text_tensor([b"json_schema"])
    assert raw[names.GUIDE] == text_tensor([b"{}"])
    shapes = {tensor.name: list(tensor.shape) for tensor in request.inputs}
    assert shapes[names.STOP] == [2]


def test_a_guide_without_text_sends_its_kind_alone() -> None:
    sent = {tensor.name for tensor in generation("m", "id", "x", Sampling(), Guide("json", "")).inputs}
    assert names.GUIDE_TYPE in sent
    assert names.GUIDE not in sent


def response(**outputs: bytes) -> pb.ModelInferResponse:
    made = pb.ModelInferResponse()
    for name, raw in outputs.items():
        made.outputs.add(name=name, datatype="BYTES", shape=[1])
        made.raw_output_contents.append(raw)
    return made


def test_a_piece_reads_its_outputs_in_any_order_and_any_number() -> None:
    whole = response(
        num_input_tokens=struct.pack("<i", 9),
        finish_reason=text_tensor([b"stop"]),
        num_output_tokens=struct.pack("<i", 4),
        text_output=text_tensor(["ü".encode()]),
    )
    made = piece(whole)
    assert (made.text, made.finish_reason, made.prompt_tokens, made.completion_tokens) == ("ü", "stop", 9, 4)
    assert piece(response()).text == ""


@given(st.lists(st.text()))
def test_byte_tensors_come_back_as_they_were(values: list[str]) -> None:
    encoded = [value.encode("utf-8", "replace") for value in values]
    assert elements(text_tensor(encoded)) == encoded


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_numbers_come_back_as_they_were(values: list[int]) -> None:
    assert unpack("INT32", pack("n", "INT32", values)) == values


@pytest.mark.parametrize(
    ("datatype", "values"),
    [("INT32", [2**31]), ("UINT8", [-1]), ("INT32", [1.5]), ("INT32", [True]), ("BOOL", [1]), ("BYTES", [1])],
)
def test_a_value_that_does_not_fit_its_datatype_names_the_input(datatype: str, values: list[object]) -> None:
    with pytest.raises(ApiError, match="'n'") as caught:
        pack("n", datatype, values)
    assert caught.value.status == 400


def test_uneven_nesting_is_refused() -> None:
    assert flat("n", [[1, 2], [3, 4]]) == [1, 2, 3, 4]
    for data in ([1, [2]], None, [[[[[[[[[[1]]]]]]]]]]):
        with pytest.raises(ApiError):
            flat("n", data)


def test_a_stream_is_gathered_into_text_joined_and_the_last_of_everything_else() -> None:
    gathered = Gathered("text_output")
    gathered.add(response(text_output=text_tensor([b"a"]), num_output_tokens=b"1111"))
    gathered.add(response(text_output=text_tensor([b"b"]), num_output_tokens=b"2222", finish_reason=b"stop"))
    outputs = gathered.outputs()
    assert outputs["text_output"] == ("BYTES", (1,), text_tensor([b"ab"]))
    assert outputs["num_output_tokens"][2] == b"2222"
    assert outputs["finish_reason"][2] == b"stop"


def test_an_error_inside_a_stream_tells_whose_fault_it_is() -> None:
    too_long = engine_error(f"[request id: 1] {names.ERROR_CONTEXT}5000 of 4096 tokens")
    assert (too_long.status, too_long.code) == (400, "context_length_exceeded")
    assert "5000 of 4096" in too_long.message
    wrong = engine_error(f"{names.ERROR_INVALID}bad guide")
    assert (wrong.status, wrong.code) == (400, "invalid_value")
    failed = engine_error("assertion failed: the prompt was SECRET")
    assert failed.status == 502
    assert failed.headers["x-should-retry"] == "false"
    assert "SECRET" not in failed.message


def test_an_engine_that_is_gone_may_be_tried_again() -> None:
    gone = call_error(None)
    assert gone.status == 503
    assert "x-should-retry" not in gone.headers
