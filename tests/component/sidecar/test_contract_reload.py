"""Contracts change under a running sidecar, as the kubelet brings them."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.component.engine_process import EngineProcess, wait_for
from tests.component.sidecar.sidecar_process import SidecarProcess

CHAT: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "A colour?"}],
    "temperature": 0,
    "max_tokens": 200,
}
COLOUR = {"response_format": {"type": "contract", "name": "colour"}}
RED = json.dumps({"const": "red"})
GREEN = json.dumps({"const": "green"})
# Long enough that the contract changes while it is written.
MANY_RED = json.dumps({"type": "array", "items": {"const": "red"}, "minItems": 40, "maxItems": 40})


@pytest.fixture(scope="module")
def reloading(engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SidecarProcess]:
    process = SidecarProcess(
        tmp_path_factory.mktemp("reload"), grpc_port=engine.grpc_port, shared_dir=engine.shared_dir
    )
    process.write_contracts({"colour": RED})
    try:
        yield process.start().wait_ready()
    finally:
        process.stop()


def serve(sidecar: SidecarProcess, schema: str) -> None:
    before = sidecar.status().contracts_digest
    sidecar.write_contracts({"colour": schema})
    wait_for(lambda: sidecar.status().contracts_digest != before, "the new contract is served", seconds=20)


def ask(client: openai.OpenAI) -> Any:
    content = client.chat.completions.create(**CHAT, extra_body=COLOUR).choices[0].message.content
    return json.loads(content or "")


def test_an_edit_takes_effect_without_a_restart(reloading: SidecarProcess) -> None:
    with reloading.client() as client:
        serve(reloading, GREEN)
        assert ask(client) == "green"
        serve(reloading, RED)
        assert ask(client) == "red"


def test_a_request_in_flight_ends_under_the_contract_it_started_with(reloading: SidecarProcess) -> None:
    serve(reloading, MANY_RED)
    with reloading.client() as client:
        raw = client.chat.completions.with_raw_response.create(**CHAT, stream=True, extra_body=COLOUR)
        stream = iter(raw.parse())
        chunks = [next(stream)]
        serve(reloading, GREEN)
        chunks += stream
        assert ask(client) == "green"
    assert chunks[-1].model_extra is not None
    verdict = chunks[-1].model_extra["casava"]
    assert raw.headers["casava-contract"] == f"colour; digest={verdict['digest']}"
    assert verdict["digest"] != reloading.status().contracts[0].digest
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert verdict["verdict"] == "valid"
    assert json.loads(text) == ["red"] * 40


def test_a_set_with_one_broken_contract_changes_nothing_and_is_reported(reloading: SidecarProcess) -> None:
    serve(reloading, RED)
    served = reloading.status().contracts_digest
    for broken, told in (
        ('{"contracts": [{"name": "a", "schemaText": "{\\"type\\": \\"nothing\\"}"}]}', "contract 'a'"),
        ("{", "contracts.json"),
        (json.dumps({"contracts": [{"name": "a", "schemaText": "{}"}] * 2}), "twice"),
    ):
        reloading.write_contracts_file(broken)
        wait_for(lambda told=told: told in reloading.status().contracts_error, "it is reported", seconds=20)  # type: ignore[misc]
        status = reloading.status()
        assert status.contracts_digest == served
        assert status.ready
    with reloading.client() as client:
        assert ask(client) == "red"
    serve(reloading, GREEN)
    assert reloading.status().contracts_error == ""


def test_a_sidecar_that_starts_with_a_broken_set_is_not_ready_until_it_is_mended(
    engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    process = SidecarProcess(
        tmp_path_factory.mktemp("broken"), grpc_port=engine.grpc_port, shared_dir=engine.shared_dir
    )
    process.write_contracts({"colour": "{"})
    try:
        process.start()
        wait_for(lambda: process.status().contracts_error, "it is reported", seconds=20)
        assert process.status().reason == "ContractsInvalid"
        with process.client() as client, pytest.raises(openai.InternalServerError) as caught:
            ask(client)
        assert caught.value.status_code == 503
        process.write_contracts({"colour": RED})
        process.wait_ready()
    finally:
        process.stop()
