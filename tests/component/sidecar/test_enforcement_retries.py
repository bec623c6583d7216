"""Answers that are asked for again, refusals, and what strict refuses: with the engine's guides."""

import json
from typing import Any

import openai
import pytest

from tests.component.engine_process import EngineProcess
from tests.component.sidecar.few_shots import asked, under
from tests.component.sidecar.sidecar_process import SidecarProcess
from tests.component.sidecar.triton_counts import generations

RECIPE = {
    "type": "object",
    "properties": {"recipe": {"type": "string", "maxLength": 40}},
    "required": ["recipe"],
    "additionalProperties": False,
}
UNWILLING: dict[str, Any] = {
    "model": "demo",
    "messages": [
        {"role": "user", "content": "Q: one"},
        {"role": "assistant", "content": '{"refusal": "I cannot answer that."}'},
        {"role": "user", "content": "Q: two"},
        {"role": "assistant", "content": '{"refusal": "I cannot answer that."}'},
        {"role": "user", "content": "Q: three"},
    ],
    "temperature": 0,
    "max_tokens": 60,
}

# Pairs in which the decoder repeats itself about every other time: it knows no uniqueItems.
PAIR = {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "maxItems": 2, "uniqueItems": True}
# Constrained by its keywords, but what a dynamic reference means is known when the answer is whole.
LATE = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["n"],
    "additionalProperties": False,
    "$dynamicRef": "#v",
    "$defs": {"v": {"$dynamicAnchor": "v", "not": {"type": "null"}}},
}


def retried(client: openai.OpenAI, chat: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """A request whose first answer is invalid and a later one valid, and its response."""
    wishes = under(PAIR, on_violation=["retry"], retry={"max_attempts": 5})
    for number in range(30):
        request = chat | {"temperature": 1, "extra_headers": {"x-request-id": f"retried-{number}"}, **wishes}
        try:
            raw = client.chat.completions.with_raw_response.create(**request)
        except openai.InternalServerError:
            continue
        if "attempts" in raw.headers["casava-verdict"]:
            return request, raw
    pytest.fail("no answer in 30 was retried: the model is another one")


def test_a_retry_is_told_why_is_counted_and_repeats_for_the_same_request(
    engine: EngineProcess, sidecar: SidecarProcess, client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    request, first = retried(client, chat)
    verdict, _, attempts = first.headers["casava-verdict"].partition("; attempts=")
    assert verdict == "valid"
    told: Any = first.parse()
    before, counted = generations(engine), sidecar.metric("casava_contract_retries_total")
    again = client.chat.completions.with_raw_response.create(**request)
    assert generations(engine) == before + int(attempts)
    assert sidecar.metric("casava_contract_retries_total") == counted + int(attempts) - 1
    assert again.headers["casava-verdict"] == first.headers["casava-verdict"]
    repeated: Any = again.parse()
    assert repeated.choices[0].message.content == told.choices[0].message.content
    assert repeated.casava == told.casava
    assert repeated.casava["attempts"] == int(attempts)
    assert repeated.casava["seed"] is not None
    assert repeated.casava["generated_tokens"] > repeated.usage.completion_tokens
    plain = client.chat.completions.create(**chat | {"max_tokens": 1})
    assert plain.usage is not None
    assert repeated.usage.prompt_tokens > plain.usage.prompt_tokens + 10, "the model was told why"


def test_a_stream_retries_what_it_has_not_released(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    request, whole = retried(client, chat)
    request = json.loads(json.dumps(request))
    request["extra_body"]["casava"]["release"] = "complete"
    chunks = list(client.chat.completions.create(**request, stream=True))
    content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert content == whole.parse().choices[0].message.content
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["casava"]["attempts"] > 1


@pytest.mark.parametrize("mode", ["strict", "validated"])
def test_strict_refuses_before_it_generates_what_validated_serves(
    engine: EngineProcess, client: openai.OpenAI, chat: dict[str, Any], mode: str
) -> None:
    before = generations(engine)
    if mode == "validated":
        raw = client.chat.completions.with_raw_response.create(**chat, **under(LATE, mode=mode))
        assert raw.headers["casava-verdict"] == "valid"
        assert raw.headers["casava-unenforced"] == ""
        return
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.chat.completions.create(**chat, **under(LATE, mode=mode))
    assert caught.value.code == "contract_not_strict"
    assert generations(engine) == before


def test_strict_serves_what_is_decided_while_the_answer_comes(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    schema = {key: value for key, value in LATE.items() if not key.startswith("$")}
    raw = client.chat.completions.with_raw_response.create(**chat, **under(schema, mode="strict"))
    assert raw.headers["casava-guarantee"] == "engine=full; sidecar=full; mode=strict"
    assert raw.headers["casava-verdict"] == "valid"


def test_a_refusal_that_the_request_allows_is_an_answer_of_its_own_and_never_asked_for_again(
    engine: EngineProcess, client: openai.OpenAI
) -> None:
    before = generations(engine)
    raw = client.chat.completions.with_raw_response.create(
        **UNWILLING, **under(RECIPE, refusal=True, on_violation=["retry"], retry={"max_attempts": 3})
    )
    assert (raw.status_code, raw.headers["casava-verdict"]) == (200, "refused")
    message = raw.parse().choices[0].message
    assert (message.content, message.refusal) == (None, "I cannot answer that.")
    assert generations(engine) == before + 1


@pytest.mark.parametrize("release", ["eager", "element", "complete"])
def test_a_streamed_refusal_is_never_shown_as_content(client: openai.OpenAI, release: str) -> None:
    wishes = under(RECIPE, refusal=True, release=release)
    chunks = list(client.chat.completions.create(**UNWILLING, stream=True, **wishes))
    assert not any(chunk.choices[0].delta.content for chunk in chunks)
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks) == "I cannot answer that."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["casava"]["verdict"] == "refused"


def test_a_model_that_may_not_refuse_answers(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(**UNWILLING, **under(RECIPE))
    assert raw.headers["casava-verdict"] == "valid"
    assert "recipe" in json.loads(raw.parse().choices[0].message.content or "")


def test_valid_answers_that_a_guide_would_not_have_allowed_are_counted_where_the_model_was_free(
    sidecar: SidecarProcess, client: openai.OpenAI
) -> None:
    before = sidecar.metric("casava_contract_overconstraints_total")
    # A guide writes one space after each colon.
    spaceless = asked('{"n":%d}', max_tokens=12) | under({"type": "object"}, mode="observe")
    for _ in range(16):  # one in 16 is tried
        assert client.completions.with_raw_response.create(**spaceless).headers["casava-verdict"] == "valid"
        if sidecar.metric("casava_contract_overconstraints_total") > before:
            return
    pytest.fail("no answer was tried")


def test_what_contracts_cost_is_measured(sidecar: SidecarProcess, client: openai.OpenAI, chat: dict[str, Any]) -> None:
    before = sidecar.metric("casava_contract_compile_seconds_count")
    assert before >= 2, "those of the model"
    client.chat.completions.create(**chat, **under({"const": "compiled for this test alone"}))
    assert sidecar.metric("casava_contract_compile_seconds_count") == before + 1
