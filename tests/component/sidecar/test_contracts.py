"""What is promised for an answer, and what comes when the model does not keep it."""

import json
from typing import Any

import jsonschema
import openai
import pytest

from tests.component.engine_process import EngineProcess
from tests.component.sidecar.conftest import PERSON
from tests.component.sidecar.sidecar_process import SidecarProcess
from tests.component.sidecar.triton_counts import generations

# Words in which the decoder has to repeat itself: it knows no uniqueItems.
SAME = {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "maxItems": 2, "uniqueItems": True}


def contract(name: str) -> dict[str, Any]:
    return {"response_format": {"type": "contract", "name": name}}


def inline(schema: dict[str, Any], name: str = "mine") -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}}


def test_an_answer_under_a_named_contract_is_valid_and_says_who_saw_to_it(
    client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    raw = client.chat.completions.with_raw_response.create(**chat, extra_body=contract("person"))
    assert raw.headers["casava-contract"].startswith("person; digest=sha256:")
    assert raw.headers["casava-guarantee"] == "engine=full; sidecar=full; mode=validated"
    assert raw.headers["casava-verdict"] == "valid"
    jsonschema.validate(json.loads(raw.parse().choices[0].message.content or ""), json.loads(PERSON))


def test_a_schema_that_comes_with_the_request_is_kept_like_a_named_one(
    client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "green"]}},
        "required": ["colour"],
        "additionalProperties": False,
    }
    raw = client.chat.completions.with_raw_response.create(**chat, **inline(schema, "colours"))
    assert raw.headers["casava-contract"].startswith("colours; digest=sha256:")
    assert raw.headers["casava-verdict"] == "valid"
    jsonschema.validate(json.loads(raw.parse().choices[0].message.content or ""), schema)


def test_key_order_survives_to_the_decoder(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    schema = {
        "type": "object",
        "properties": {"z": {"const": 2}, "a": {"const": 1}},
        "required": ["a", "z"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(**chat, **inline(schema)).choices[0].message.content
    assert json.loads(answer or "", object_pairs_hook=list) == [("z", 2), ("a", 1)]


def test_a_number_of_23_digits_survives_to_the_validator(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    number = 12345678901234567890123
    schema = {"type": "array", "prefixItems": [{"type": "integer", "maximum": 3}, {"const": number}], "minItems": 2}
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**chat, **inline(schema))
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["casava"]["expected"] == [str(number)]


def test_any_json_object_can_be_asked_for(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    short = chat | {"messages": [{"role": "user", "content": "Say {} and nothing else."}]}
    for asked, finish_reason, verdict in ((short, "stop", "valid"), (chat | {"max_tokens": 8}, "length", "incomplete")):
        raw = client.chat.completions.with_raw_response.create(**asked, response_format={"type": "json_object"})
        choice = raw.parse().choices[0]
        assert (choice.finish_reason, raw.headers["casava-verdict"]) == (finish_reason, verdict)
        if verdict == "valid":
            assert isinstance(json.loads(choice.message.content or ""), dict)


def test_a_plain_loop_over_a_stream_works_and_the_last_chunk_has_the_verdict(
    client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    raw = client.chat.completions.with_raw_response.create(**chat, stream=True, extra_body=contract("person"))
    digest = raw.headers["casava-contract"].partition("digest=")[2]
    assert raw.headers["casava-guarantee"] == "engine=full; sidecar=full; mode=validated"
    text = ""
    verdicts = []
    for chunk in raw.parse():
        text += chunk.choices[0].delta.content or ""
        verdicts.append((chunk.choices[0].finish_reason, getattr(chunk, "casava", None)))
    jsonschema.validate(json.loads(text), json.loads(PERSON))
    assert verdicts[-1] == ("stop", {"verdict": "valid", "digest": digest})
    assert set(map(str, verdicts[:-1])) == {"(None, None)"}


def test_an_answer_cut_at_the_token_limit_is_never_valid(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    raw = client.chat.completions.with_raw_response.create(**chat | {"max_tokens": 3}, extra_body=contract("person"))
    assert raw.status_code == 200
    assert raw.headers["casava-verdict"] == "incomplete"
    assert raw.parse().choices[0].finish_reason == "length"
    chunks = list(
        client.chat.completions.create(**chat | {"max_tokens": 3}, stream=True, extra_body=contract("person"))
    )
    assert chunks[-1].choices[0].finish_reason == "length"
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["casava"]["verdict"] == "incomplete"


def invalid_seed(client: openai.OpenAI, chat: dict[str, Any]) -> dict[str, Any]:
    """A request whose answer repeats an item. Which seed does is the model's business, so look for one."""
    for seed in range(30):
        asked = chat | {"temperature": 1, "seed": seed, **inline(SAME)}
        try:
            client.chat.completions.create(**asked)
        except openai.InternalServerError:
            return asked
    pytest.fail("no answer in 30 repeats an item: the model is another one")


def test_what_the_decoder_cannot_enforce_is_found_by_validation_and_generated_only_once(
    engine: EngineProcess, sidecar: SidecarProcess, client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    asked = invalid_seed(client, chat)
    before = generations(engine)
    with sidecar.client(max_retries=2) as patient, pytest.raises(openai.InternalServerError) as caught:
        patient.chat.completions.create(**asked)
    assert generations(engine) == before + 1, "an invalid answer must not be paid for three times"
    assert caught.value.status_code == 502
    assert caught.value.code == "contract_violation"
    assert caught.value.type == "contract_violation"
    headers = caught.value.response.headers
    assert headers["x-should-retry"] == "false"
    assert headers["casava-verdict"] == "invalid"
    assert headers["casava-guarantee"] == "engine=partial; sidecar=full; mode=validated"
    assert isinstance(caught.value.body, dict)
    violation = caught.value.body["casava"]["violations"][0]
    assert violation["code"] == "schema.uniqueItems"


def test_a_stream_found_invalid_ends_with_an_error_in_place_of_the_last_chunk(
    client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    asked = invalid_seed(client, chat)
    stream = iter(client.chat.completions.create(**asked, stream=True))
    assert next(stream).choices[0].finish_reason is None, "the text is on its way before it can be judged"
    seen: list[str | None] = []
    with pytest.raises(openai.APIError) as caught:
        seen.extend(chunk.choices[0].finish_reason for chunk in stream)
    assert set(seen) <= {None}
    assert caught.value.code == "contract_violation"


def test_a_pattern_that_the_decoder_ignores_is_refused_or_never_called_full(
    client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    schema = {"type": "string", "pattern": "(?=a)b"}
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(**chat, **inline(schema))
    assert caught.value.status_code in (422, 502)


@pytest.mark.parametrize(
    ("schema", "status"),
    [
        ({"type": "nothing"}, 400),
        ({"type": "object", "required": "name"}, 400),
        ({"$ref": "https://example.com/schema.json"}, 422),
        ({"type": "integer", "minimum": 2, "maximum": 1}, 422),
        ({"description": "x" * 262_144}, 422),
    ],
)
def test_a_schema_that_cannot_be_enforced_is_refused_before_anything_is_generated(
    engine: EngineProcess, client: openai.OpenAI, chat: dict[str, Any], schema: dict[str, Any], status: int
) -> None:
    before = generations(engine)
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(**chat, **inline(schema))
    assert caught.value.status_code == status
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["param"] == "response_format.json_schema.schema"
    assert generations(engine) == before


def test_an_unknown_contract_names_the_known_ones(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError, match="'person'") as caught:
        client.chat.completions.create(**chat, extra_body=contract("invoice"))
    assert caught.value.param == "response_format.name"


def test_verdicts_are_counted_without_names_that_clients_choose(
    sidecar: SidecarProcess, client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    before = sidecar.metric("casava_contract_verdicts_total", contract="inline", verdict="valid", engine="full")
    client.chat.completions.create(**chat, **inline({"const": 1}, "chosen-by-a-client"))
    after = sidecar.metric("casava_contract_verdicts_total", contract="inline", verdict="valid", engine="full")
    assert after == before + 1
    assert "chosen-by-a-client" not in sidecar.get("/metrics")[1]
