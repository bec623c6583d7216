"""The Open Inference Protocol: what is allowed works with Triton's own client, and all else does not exist."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from casava_wire import tensors as t
from tests.component.engine_process import EngineProcess
from tests.component.sidecar import raw
from tests.component.sidecar.sidecar_process import SidecarProcess

MODEL = "/v2/models/demo"
GUARANTEE = "engine=none; sidecar=none; mode=off"


@pytest.fixture(scope="module")
def http(sidecar: SidecarProcess) -> Iterator[triton.InferenceServerClient]:
    client = triton.InferenceServerClient(f"127.0.0.1:{sidecar.port}")
    yield client
    client.close()


def inputs(*, streaming: bool, binary: bool, tokens: int = 6) -> list[triton.InferInput]:
    arrays = {
        t.TEXT_INPUT: ("BYTES", np.array([b"The capital of France is"], dtype=np.object_)),
        t.STREAMING: ("BOOL", np.array([streaming])),
        t.MAX_TOKENS: ("INT32", np.array([tokens], dtype=np.int32)),
        t.TEMPERATURE: ("FP32", np.array([0], dtype=np.float32)),
        t.RETURN_FINISH_REASON: ("BOOL", np.array([True])),
        t.RETURN_NUM_OUTPUT_TOKENS: ("BOOL", np.array([True])),
    }
    made = []
    for name, (datatype, array) in arrays.items():
        tensor = triton.InferInput(name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array, binary_data=binary)
        made.append(tensor)
    return made


def test_health_metadata_configuration_and_statistics_are_those_of_triton(
    http: triton.InferenceServerClient, engine: EngineProcess
) -> None:
    direct = triton.InferenceServerClient(f"127.0.0.1:{engine.http_port}")
    try:
        assert http.is_server_live()
        assert http.is_server_ready()
        assert http.is_model_ready("demo")
        assert http.get_server_metadata()["name"] == "triton"
        assert http.get_model_metadata("demo") == direct.get_model_metadata("demo")
        ours, theirs = http.get_model_config("demo"), direct.get_model_config("demo")
        for key in ("name", "backend", "max_batch_size", "input", "output", "model_transaction_policy"):
            assert ours[key] == theirs[key]
        ours, theirs = (
            client.get_inference_statistics("demo")["model_stats"][0]["inference_stats"] for client in (http, direct)
        )
        assert ours["success"]["count"] == theirs["success"]["count"]
    finally:
        direct.close()


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("streaming", [False, True])
def test_infer_gathers_a_stream_into_one_response(
    http: triton.InferenceServerClient, *, streaming: bool, binary: bool
) -> None:
    result = http.infer("demo", inputs(streaming=streaming, binary=binary), request_id="one")
    text = result.as_numpy(t.TEXT_OUTPUT)
    assert text.shape == (1,)
    assert len(text[0].split()) > 2
    assert result.as_numpy(t.NUM_OUTPUT_TOKENS)[0] == 6
    assert result.as_numpy(t.FINISH_REASON)[0] == b"length"
    assert result.get_response()["id"] == "one"
    whole = http.infer("demo", inputs(streaming=False, binary=True)).as_numpy(t.TEXT_OUTPUT)
    assert text[0] == whole[0]


def test_infer_answers_in_json_when_asked_and_only_with_the_outputs_asked_for(sidecar: SidecarProcess) -> None:
    body = {
        "inputs": [
            {"name": t.TEXT_INPUT, "datatype": "BYTES", "shape": [1], "data": ["Hello"]},
            {"name": t.MAX_TOKENS, "datatype": "INT32", "shape": [1], "data": [[2]]},
        ],
        "outputs": [{"name": t.TEXT_OUTPUT}],
    }
    answer = raw.post(sidecar.port, f"{MODEL}/versions/1/infer", body)
    assert answer.status == 200
    assert answer.headers["casava-guarantee"] == GUARANTEE
    value = answer.json()
    assert (value["model_name"], value["model_version"]) == ("demo", "1")
    assert [output["name"] for output in value["outputs"]] == [t.TEXT_OUTPUT]
    assert value["outputs"][0]["data"][0]


def test_generate_answers_once_and_generate_stream_in_pieces(sidecar: SidecarProcess) -> None:
    asked = {t.TEXT_INPUT: "The capital of France is", t.MAX_TOKENS: 5, t.TEMPERATURE: 0.0, t.STREAMING: True}
    once = raw.post(sidecar.port, f"{MODEL}/generate", asked)
    assert once.status == 200
    assert once.headers["casava-guarantee"] == GUARANTEE
    stream = raw.post(sidecar.port, f"{MODEL}/generate_stream", asked)
    assert stream.status == 200
    assert stream.headers["casava-guarantee"] == GUARANTEE
    assert stream.headers["content-type"].startswith("text/event-stream")
    frames = [json.loads(line[6:]) for line in stream.body.splitlines() if line.startswith(b"data: ")]
    assert len(frames) > 1
    assert "".join(frame[t.TEXT_OUTPUT] for frame in frames) == once.json()[t.TEXT_OUTPUT]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/repository/index"),
        ("POST", "/v2/repository/models/demo/load"),
        ("POST", "/v2/repository/models/demo/unload"),
        ("GET", "/v2/logging"),
        ("POST", "/v2/logging"),
        ("GET", "/v2/trace/setting"),
        ("POST", f"{MODEL}/trace/setting"),
        ("GET", "/v2/systemsharedmemory/status"),
        ("POST", "/v2/systemsharedmemory/region/x/register"),
        ("GET", "/v2/cudasharedmemory/status"),
        ("GET", "/v2/models/stats"),
        ("GET", "/v2/models/other"),
        ("POST", "/v2/models/other/infer"),
        ("GET", "/v2/models/demo%2f..%2fx"),
        ("GET", f"{MODEL}/versions/99"),
        ("POST", f"{MODEL}/versions/99/generate"),
        ("POST", f"{MODEL}/versions/latest/generate"),
        ("GET", "/v2/health/live/"),
        ("GET", "/v2/anything"),
    ],
)
def test_what_is_not_allowed_does_not_exist(sidecar: SidecarProcess, method: str, path: str) -> None:
    answer = raw.send(sidecar.port, raw.request(method, path, b"{}" if method == "POST" else b""))
    assert answer.status == 404
    assert set(answer.json()) == {"error"}


def infer_input(**change: Any) -> dict[str, Any]:
    return {"inputs": [{"name": t.TEXT_INPUT, "datatype": "BYTES", "shape": [1], "data": ["x"], **change}]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"inputs": []},
        infer_input(data=None),
        infer_input(data=[1]),
        infer_input(shape=[2]),
        infer_input(shape=[-1]),
        infer_input(datatype="STRING"),
        infer_input(data=[["x"], "y"]),
        infer_input(parameters={"shared_memory_region": "x", "shared_memory_byte_size": 1}),
        infer_input(parameters={"binary_data_size": 10}),
        infer_input() | {"parameters": {"sequence_id": 1}},
        infer_input() | {"parameters": {"timeout": 1}},
        infer_input() | {"outputs": [{"name": t.TEXT_OUTPUT, "parameters": {"classification": 1}}]},
        infer_input(name="no_such_input"),
        infer_input() | {"outputs": [{"name": "no_such_output"}]},
        {"inputs": infer_input()["inputs"] * 2},
        {"inputs": [{"name": t.MAX_TOKENS, "datatype": "INT32", "shape": [1], "data": [1]}]},
    ],
)
def test_an_inference_that_is_wrong_or_reaches_past_the_sidecar_is_refused(
    sidecar: SidecarProcess, body: dict[str, Any]
) -> None:
    answer = raw.post(sidecar.port, f"{MODEL}/infer", body)
    assert answer.status == 400
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("length", ["-1", "x", "1e2", "3", "9" * 5000])
def test_a_wrong_size_of_the_json_before_binary_tensors_is_refused(sidecar: SidecarProcess, length: str) -> None:
    header = f"Inference-Header-Content-Length: {length}"
    answer = raw.send(sidecar.port, raw.request("POST", f"{MODEL}/infer", b"{}", header))
    assert answer.status == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {t.TEXT_INPUT: 1},
        {t.TEXT_INPUT: "x", "prompt": "y"},
        {t.TEXT_INPUT: "x", t.MAX_TOKENS: "many"},
        {t.TEXT_INPUT: "x", t.MAX_TOKENS: 2**40},
        {t.TEXT_INPUT: "x", t.MAX_TOKENS: -1},
    ],
)
@pytest.mark.parametrize("how", ["generate", "generate_stream"])
def test_a_generate_request_that_is_wrong_is_refused(sidecar: SidecarProcess, how: str, body: dict[str, Any]) -> None:
    answer = raw.post(sidecar.port, f"{MODEL}/{how}", body)
    assert answer.status == 400
    assert isinstance(answer.json()["error"], str)


def test_tritons_client_sees_the_error_as_its_own(http: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="not served here"):
        http.infer("other", inputs(streaming=False, binary=True))


def test_raw_inference_is_counted_against_the_same_limits(sidecar: SidecarProcess) -> None:
    before = sidecar.metric("casava_requests_total", route="/v2/models/{model}/generate", code="413")
    answer = raw.send(sidecar.port, raw.request("POST", f"{MODEL}/generate", b"{", "Content-Length: 100000000"))
    assert answer.status == 413
    assert sidecar.metric("casava_requests_total", route="/v2/models/{model}/generate", code="413") == before + 1
