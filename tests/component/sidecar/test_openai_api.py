"""The API as OpenAI's own, unmodified client sees it."""

import asyncio
from typing import Any

import openai
import pytest

from tests.component.sidecar.sidecar_process import SidecarProcess


def test_a_chat_is_answered_with_usage_and_a_finish_reason(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    answer = client.chat.completions.create(**chat | {"max_tokens": 5})
    assert answer.object == "chat.completion"
    assert answer.model == "demo"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 5
    assert answer.usage.prompt_tokens > 10
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 5


def test_a_stream_says_what_the_whole_answer_says(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    whole = client.chat.completions.create(**chat)
    chunks = list(client.chat.completions.create(**chat, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert len({chunk.id for chunk in chunks}) == 1


async def test_an_asynchronous_client_streams_several_answers_at_once(
    sidecar: SidecarProcess, chat: dict[str, Any]
) -> None:
    async with sidecar.async_client() as client:

        async def read(limit: int) -> tuple[str, int]:
            ask = chat | {"max_tokens": limit, "stream_options": {"include_usage": True}}
            chunks = [chunk async for chunk in await client.chat.completions.create(**ask, stream=True)]
            assert chunks[-1].usage is not None
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
            return text, chunks[-1].usage.completion_tokens

        answers = await asyncio.gather(*(read(limit) for limit in (4, 8, 12, 16)))
    # The texts themselves may differ: what is decoded beside a sequence changes the rounding of its numbers.
    assert all(text for text, _ in answers)
    assert [tokens for _, tokens in answers] == [4, 8, 12, 16]


def test_usage_comes_in_a_chunk_of_its_own_only_when_asked_for(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    without = list(client.chat.completions.create(**chat | {"max_tokens": 3}, stream=True))
    assert all(chunk.choices for chunk in without)
    assert all(chunk.usage is None for chunk in without)
    with_usage = list(
        client.chat.completions.create(**chat | {"max_tokens": 3}, stream=True, stream_options={"include_usage": True})
    )
    assert [chunk.choices for chunk in with_usage].count([]) == 1
    assert with_usage[-1].choices == []
    assert with_usage[-1].usage is not None
    assert with_usage[-1].usage.completion_tokens == 3


def test_a_completion_continues_its_prompt_as_it_is(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": "demo", "prompt": "The capital of France is", "max_tokens": 8, "temperature": 0}
    answer = client.completions.create(**asked)
    assert answer.object == "text_completion"
    assert answer.choices[0].text
    streamed = "".join(chunk.choices[0].text for chunk in client.completions.create(**asked, stream=True))
    assert streamed == answer.choices[0].text


def test_a_seed_repeats_an_answer_and_another_one_gives_another(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    def text(seed: int) -> Any:
        asked = chat | {"temperature": 1.5, "max_tokens": 12, "seed": seed}
        return client.chat.completions.create(**asked).choices[0].message.content

    assert text(1) == text(1)
    assert len({text(seed) for seed in range(3)}) > 1


def test_a_stop_word_ends_the_answer_and_is_not_in_it(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    whole = client.chat.completions.create(**chat).choices[0].message.content
    assert whole
    word = whole.split()[2]
    cut = client.chat.completions.create(**chat, stop=[word]).choices[0]
    assert cut.finish_reason == "stop"
    assert cut.message.content == whole[: whole.index(word)]


def test_the_model_is_listed_and_no_other(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["demo"]
    assert client.models.retrieve("demo").owned_by == "casava"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5")


def test_the_answer_names_its_request_with_the_id_that_the_client_chose(
    client: openai.OpenAI, chat: dict[str, Any]
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        **chat | {"max_tokens": 1}, extra_headers={"x-request-id": "order-7:try-1"}
    )
    assert raw.headers["x-request-id"] == "order-7:try-1"
    forged = client.chat.completions.with_raw_response.create(
        **chat | {"max_tokens": 1}, extra_headers={"x-request-id": 'a"b{}'}
    )
    assert forged.headers["x-request-id"] not in ("", 'a"b{}')


def test_an_answer_without_a_contract_promises_nothing(client: openai.OpenAI, chat: dict[str, Any]) -> None:
    raw = client.chat.completions.with_raw_response.create(**chat | {"max_tokens": 1})
    assert raw.headers["casava-guarantee"] == "engine=none; sidecar=none; mode=off"
    assert "casava-contract" not in raw.headers
    assert "casava-verdict" not in raw.headers


def test_prompts_and_answers_are_in_no_log(sidecar: SidecarProcess, client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="demo", messages=[{"role": "user", "content": "Say xylophone-secret-42"}], max_tokens=12
    )
    wrong: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": 7}]}
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**wrong, extra_body={"xylophone-secret-42": 1})
    text = answer.choices[0].message.content
    assert text
    assert "xylophone" not in sidecar.log
    assert text[:12] not in sidecar.log
