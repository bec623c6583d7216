"""A contract is edited while requests run."""

import json
import threading

import jsonschema
import openai

from e2e.support.manifests import Manifest, contract, model
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


def _ask(client: openai.OpenAI, name: str, max_tokens: int = 60) -> tuple[str, Manifest]:
    raw = client.chat.completions.with_raw_response.create(
        model=NAME,
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
