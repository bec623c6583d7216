"""Contracts while requests run: edited inline, and referred to as objects of their own."""

import json
import threading

import jsonschema
import openai

from e2e.support.manifests import Manifest, contract, model, output_contract
from e2e.support.models import Models

NAME = "bound"
OLD: Manifest = {
    "type": "object",
    "properties": {"old": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["old"],
    "additionalProperties": False,
}
NEW: Manifest = {
    "type": "object",
    "properties": {"new": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["new"],
    "additionalProperties": False,
}
# Takes long to write, so that a request is still running when the edit arrives.
LONG: Manifest = {
    "type": "array",
    "items": {"type": "integer", "minimum": 100, "maximum": 999},
    "minItems": 400,
    "maxItems": 400,
}


def _ask(client: openai.OpenAI, name: str, max_tokens: int = 60, *, of: str = NAME) -> tuple[str, Manifest]:
    raw = client.chat.completions.with_raw_response.create(
        model=of,
        messages=[{"role": "user", "content": "A number."}],
        max_tokens=max_tokens,
        extra_body={"response_format": {"type": "contract", "name": name}},
    )
    answer = json.loads(raw.parse().choices[0].message.content or "")
    return raw.headers["Casava-Contract"], answer


def test_a_contract_edit_takes_effect_with_no_pod_restarted(models: Models) -> None:
    manifest = model(NAME, models.image, contracts=[contract("number", OLD), contract("long", LONG)])
    manifest["spec"]["engine"]["maxSequenceLength"] = 4096
    models.apply(manifest)
    models.wait_ready(NAME)
    pod = models.pods(NAME)[0]
    with openai.OpenAI(base_url=f"{models.url(NAME)}/v1", api_key="unused", max_retries=0, timeout=110) as client:
        before, answer = _ask(client, "number")
        jsonschema.validate(answer, OLD)
        running: list[tuple[str, Manifest]] = []
        slow = threading.Thread(target=lambda: running.append(_ask(client, "long", 3000)))
        slow.start()
        models.patch(NAME, {"contracts": [contract("number", NEW), contract("long", OLD)]})
        models.cluster.wait_until("the new contract", lambda: _ask(client, "number")[0] != before, timeout=120)
        jsonschema.validate(_ask(client, "number")[1], NEW)
        slow.join()
    jsonschema.validate(running[0][1], LONG)
    after = models.pods(NAME)[0]
    assert after["metadata"]["uid"] == pod["metadata"]["uid"]
    assert _restarts(after) == _restarts(pod)


def _restarts(pod: Manifest) -> int:
    statuses = [*pod["status"]["containerStatuses"], *pod["status"]["initContainerStatuses"]]
    return sum(status["restartCount"] for status in statuses)


def _readings(models: Models, name: str) -> Manifest:
    found = models.cluster.get("outputcontract", name, namespace=models.namespace)
    assert found is not None
    status: Manifest = found.get("status", {})
    return status


def test_a_model_serves_the_version_that_it_refers_to_and_goes_on_when_the_object_is_deleted(models: Models) -> None:
    name = "referring"
    models.apply(model(name, models.image, contracts=[{"name": "number", "contractRef": "number@1"}]))
    refused = models.wait_condition(name, "Accepted", "False", "InvalidSpec")
    assert "there is no OutputContract number-v1" in refused["message"]

    models.apply(output_contract("number", 1, OLD))
    models.wait_ready(name)
    assert models.wait_condition(name, "ContractsReady", "True")["reason"] == "ContractsServed"
    models.cluster.wait_until("its user", lambda: _readings(models, "number-v1").get("usedBy") == [name])
    digest = _readings(models, "number-v1")["digest"]
    with openai.OpenAI(base_url=f"{models.url(name)}/v1", api_key="unused", max_retries=0, timeout=110) as client:
        for asked in ("number", "number@1"):
            header, answer = _ask(client, asked, of=name)
            assert header == f"number@1; digest={digest}"
            jsonschema.validate(answer, OLD)

        models.apply(output_contract("number", 2, NEW))
        models.patch(name, {"contracts": [{"name": "number", "contractRef": "number@2"}]})
        models.cluster.wait_until(
            "the new version", lambda: _ask(client, "number", of=name)[0].startswith("number@2;"), timeout=120
        )
        assert _readings(models, "number-v2")["compatibility"]["accepts"] == "no"
        models.wait_condition(name, "ContractsReady", "True")

        models.kubectl("delete", "contract", "number-v2")
        said = models.wait_condition(name, "Accepted", "True", "ContractDeleted")
        assert "number@2" in said["message"]
        header, answer = _ask(client, "number@2", of=name)
        jsonschema.validate(answer, NEW)
    assert models.condition(name, "Ready")["status"] == "True"
    assert _restarts(models.pods(name)[0]) == 0
