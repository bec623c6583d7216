"""One manifest, a real model, answers through the unmodified clients of OpenAI and Triton."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import numpy as np
import openai
import pytest
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from e2e.cluster.policy import probe_pod
from e2e.cluster.proc import ClusterError
from e2e.support.manifests import PERSON, contract, model
from e2e.support.models import Models

NAME = "asked"
QUESTION = [{"role": "user", "content": "Alice is 30 years old. Extract the person as JSON."}]


@pytest.fixture(scope="module")
def url(models: Models) -> str:
    models.apply(model(NAME, models.image, contracts=[contract("person", PERSON)]))
    models.wait_ready(NAME)
    return models.url(NAME)


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=60) as client:
        yield client


@pytest.mark.usefixtures("url")
def test_a_model_that_is_ready_says_so_in_every_column(models: Models) -> None:
    table = models.kubectl("get", "casava", NAME).splitlines()
    row = dict(zip(table[0].split(), table[1].split(), strict=False))
    assert (row["NAME"], row["READY"], row["GPU"]) == (NAME, "True", "none")
    assert row["URL"].endswith(f"{NAME}.{models.namespace}.svc/v1")
    status = models.status(NAME)
    assert status["replicas"] == status["readyReplicas"] == 1
    assert status["engine"]["backend"] == "llama-cpp"


def _ask(client: openai.OpenAI, **parameters: Any) -> Any:
    """The raw response. Untyped: half of what is asked here is outside of what the client's types allow."""
    create: Any = client.chat.completions.with_raw_response.create
    return create(**{"model": NAME, "messages": QUESTION, "max_tokens": 120, **parameters})


def test_chat(client: openai.OpenAI) -> None:
    answer = _ask(client, max_tokens=16).parse()
    assert answer.choices[0].message.content
    assert 1 <= answer.usage.completion_tokens <= 16


def test_stream(client: openai.OpenAI) -> None:
    chunks = list(_ask(client, max_tokens=16, stream=True).parse())
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) > 1
    assert chunks[-1].choices[0].finish_reason in {"stop", "length"}


def test_an_inline_schema_is_answered_within_the_schema(client: openai.OpenAI) -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
    raw = _ask(client, response_format=shape)
    jsonschema.validate(json.loads(raw.parse().choices[0].message.content), PERSON)
    assert raw.headers["Casava-Guarantee"] == "engine=full; sidecar=full; mode=validated"
    assert raw.headers["Casava-Verdict"].split(";")[0] == "valid"


def test_a_named_contract_is_answered_within_its_schema(client: openai.OpenAI) -> None:
    raw = _ask(client, extra_body={"response_format": {"type": "contract", "name": "person"}})
    jsonschema.validate(json.loads(raw.parse().choices[0].message.content), PERSON)
    assert raw.headers["Casava-Contract"].startswith("person; digest=sha256:")
    assert raw.headers["Casava-Verdict"].split(";")[0] == "valid"


def test_a_tool_is_called_with_arguments_of_its_schema(client: openai.OpenAI) -> None:
    tool = {"type": "function", "function": {"name": "remember", "parameters": PERSON}}
    raw = _ask(client, tools=[tool], tool_choice="required", parallel_tool_calls=False)
    choice = raw.parse().choices[0]
    assert choice.finish_reason == "tool_calls"
    jsonschema.validate(json.loads(choice.message.tool_calls[0].function.arguments), PERSON)
    assert raw.headers["Casava-Guarantee"] == "engine=full; sidecar=full; mode=validated"


def test_what_is_not_supported_is_refused_by_name(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        _ask(client, logprobs=True)
    assert refused.value.param == "logprobs"


def test_another_model_s_name_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        _ask(client, model="nobody")


def test_infer_through_tritons_own_client(url: str) -> None:
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        assert client.is_model_ready(NAME)
        prompt = triton.InferInput("text_input", [1], "BYTES")
        prompt.set_data_from_numpy(np.array([b"One, two, three,"], dtype=np.object_))
        limit = triton.InferInput("sampling_param_max_tokens", [1], "INT32")
        limit.set_data_from_numpy(np.array([8], dtype=np.int32))
        result = client.infer(NAME, [prompt, limit])
    text = result.as_numpy("text_output")
    assert text is not None
    assert text[0]


def test_tritons_control_of_its_repository_is_out_of_reach(url: str) -> None:
    with (
        triton.InferenceServerClient(url.removeprefix("http://")) as client,
        pytest.raises(InferenceServerException, match="404"),
    ):
        client.get_model_repository_index()


@pytest.mark.usefixtures("url")
def test_the_policy_lets_nobody_to_the_metrics_port(models: Models) -> None:
    cluster = models.cluster
    if not cluster.enforces_network_policy():
        pytest.skip("this cluster stores NetworkPolicies and does not enforce them")
    models.apply(probe_pod("stranger", cluster.probe_image))
    models.kubectl("wait", "pod/stranger", "--for=condition=Ready", "--timeout=30s")
    address = models.pods(NAME)[0]["status"]["podIP"]
    allowed = models.kubectl("exec", "stranger", "--", "/bin/probe", "get", f"http://{address}:8080/v1/models")
    assert NAME in allowed
    with pytest.raises(ClusterError):
        models.kubectl("exec", "stranger", "--", "/bin/probe", "get", f"http://{address}:9090/metrics")
