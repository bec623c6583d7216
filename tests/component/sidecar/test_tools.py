"""Tool calls through OpenAI's own, unmodified client: whatever this small model writes, a call is well-formed."""

import json
from typing import Any

import jsonschema
import openai
import pytest
from pydantic import BaseModel, Field

from tests.component.engine_process import EngineProcess
from tests.component.sidecar import raw
from tests.component.sidecar.sidecar_process import SidecarProcess
from tests.component.sidecar.triton_counts import generations

CHAT = "/v1/chat/completions"
CITY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 20},
        "days": {"type": "integer", "minimum": 1, "maximum": 5},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather in a city.", "parameters": CITY},
}
TIME: dict[str, Any] = {"type": "function", "function": {"name": "get_time", "description": "The time now."}}
NAMED = {"type": "function", "function": {"name": "get_time"}}
# The decoder is told nothing of `not`, and no word that this model writes has no small letter.
SHOUT: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "shout",
        "parameters": {
            "type": "object",
            "properties": {"word": {"type": "string", "minLength": 3, "maxLength": 8, "not": {"pattern": "[a-z]"}}},
            "required": ["word"],
            "additionalProperties": False,
        },
    },
}
ASKED: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
    "tools": [WEATHER, TIME],
    "parallel_tool_calls": False,
    "temperature": 0,
    "max_tokens": 80,
}
# With a seed an engine leaves its cache of prompts alone, and what it was asked before does not touch its numbers: a
# second each, for answers that are compared.
EXACT: dict[str, Any] = {**ASKED, "tools": [WEATHER], "tool_choice": "required", "seed": 1}


class Person(BaseModel):
    """A person to remember."""

    name: str = Field(max_length=20)
    age: int = Field(ge=0, le=120)


@pytest.fixture(scope="module")
def weather(sidecar: SidecarProcess) -> Any:
    """The call that EXACT is answered with."""
    with sidecar.client() as client:
        return only(client.chat.completions.create(**EXACT).choices[0].message.tool_calls)


def only(calls: Any) -> Any:
    assert len(calls) == 1
    return calls[0]


def by_example() -> list[dict[str, Any]]:
    """A conversation that leads even a very small model to call a tool by its own choice."""
    messages: list[dict[str, Any]] = []
    for number, city in enumerate(("Bern", "Paris")):
        messages.append({"role": "user", "content": f"What is the weather in {city}?"})
        function = {"name": "get_weather", "arguments": json.dumps({"city": city, "days": 1})}
        call = {"id": f"call_{number}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
    return [*messages, {"role": "user", "content": "What is the weather in London?"}]


@pytest.mark.parametrize(("choice", "names"), [("required", {"get_weather", "get_time"}), (NAMED, {"get_time"})])
def test_a_call_that_must_be_made_is_well_formed(client: openai.OpenAI, choice: Any, names: set[str]) -> None:
    answer = client.chat.completions.with_raw_response.create(**ASKED, tool_choice=choice)
    (choice,) = answer.parse().choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert call.function.name in names
    arguments = json.loads(call.function.arguments)
    assert arguments == {} if call.function.name == "get_time" else 1 <= arguments["days"] <= 5
    assert answer.headers["casava-contract"].startswith("tools; digest=sha256:")
    assert answer.headers["casava-guarantee"] == "engine=full; sidecar=full; mode=validated"
    assert answer.headers["casava-verdict"].startswith("valid")


@pytest.mark.parametrize("seed", [1, 2])
def test_calls_are_well_formed_however_hot_the_sampling(client: openai.OpenAI, seed: int) -> None:
    hot = {**ASKED, "tools": [WEATHER], "temperature": 1.8, "seed": seed, "max_tokens": 150}
    (choice,) = client.chat.completions.create(**hot, tool_choice="required").choices
    assert choice.finish_reason == "tool_calls"
    jsonschema.validate(json.loads(only(choice.message.tool_calls).function.arguments), CITY)


def test_a_stream_of_a_call_says_what_the_whole_answer_says(client: openai.OpenAI, weather: Any) -> None:
    chunks = list(client.chat.completions.create(**EXACT, stream=True))
    parts = [part for chunk in chunks for part in chunk.choices[0].delta.tool_calls or ()]
    assert [part.index for part in parts] == [0] * len(parts)
    assert parts[0].id
    assert parts[0].type == "function"
    assert parts[0].function is not None
    assert parts[0].function.name == weather.function.name
    assert len(parts) > 3, "arguments come in pieces"
    assert "".join(part.function.arguments or "" for part in parts if part.function) == weather.function.arguments
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["casava"]["verdict"] == "valid"


def test_the_model_chooses_to_call_or_to_answer(client: openai.OpenAI) -> None:
    (called,) = client.chat.completions.create(**{**ASKED, "messages": by_example()}).choices
    assert called.finish_reason == "tool_calls"
    assert [call.function.name for call in called.message.tool_calls or ()] == ["get_weather"]
    hello = [{"role": "user", "content": "Say hello."}]
    (said,) = client.chat.completions.create(**{**ASKED, "messages": hello, "max_tokens": 8}).choices
    assert said.message.content
    assert said.message.tool_calls is None
    none_of_them = {**ASKED, "messages": by_example(), "tool_choice": "none", "max_tokens": 4}
    (none,) = client.chat.completions.create(**none_of_them).choices
    assert none.message.tool_calls is None
    assert none.finish_reason in {"stop", "length"}


def test_a_call_and_its_result_go_back_as_the_client_has_them(client: openai.OpenAI) -> None:
    asked = {**ASKED, "tools": [TIME], "tool_choice": "required"}
    message = client.chat.completions.create(**asked).choices[0].message
    call = only(message.tool_calls)
    result = {"role": "tool", "tool_call_id": call.id, "content": "22 degrees and sunny"}
    messages = [*ASKED["messages"], message, result]
    (after,) = client.chat.completions.create(
        **{**ASKED, "tools": [TIME], "messages": messages, "max_tokens": 4}
    ).choices
    assert after.message.content or after.message.tool_calls
    (again,) = client.chat.completions.create(**{**asked, "messages": messages}).choices
    assert again.finish_reason == "tool_calls"


def test_pydantic_models_are_tools_and_formats_of_the_client(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {
        "model": "demo",
        "messages": [{"role": "user", "content": "Remember Ada, who is 36."}],
        "temperature": 0,
        "max_tokens": 80,
    }
    called = client.chat.completions.parse(
        **asked,
        tools=[openai.pydantic_function_tool(Person, name="remember")],
        tool_choice="required",
        parallel_tool_calls=False,
    )
    call = only(called.choices[0].message.tool_calls)
    assert isinstance(call.function.parsed_arguments, Person)
    formatted = client.chat.completions.parse(**asked, response_format=Person)
    assert isinstance(formatted.choices[0].message.parsed, Person)
    with client.chat.completions.stream(
        **asked,
        tools=[openai.pydantic_function_tool(Person, name="remember")],
        tool_choice="required",
        parallel_tool_calls=False,
    ) as stream:
        final = stream.get_final_completion()
    streamed = only(final.choices[0].message.tool_calls)
    assert isinstance(streamed.function.parsed_arguments, Person)


def test_an_answer_with_tools_and_a_format_is_a_call_or_the_format(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"said": {"enum": ["yes", "no"]}},
        "required": ["said"],
        "additionalProperties": False,
    }
    shape: Any = {"type": "json_schema", "json_schema": {"name": "said", "schema": schema}}
    hello = [{"role": "user", "content": "Say yes."}]
    for messages in (hello, by_example()):
        (choice,) = client.chat.completions.create(**{**ASKED, "messages": messages}, response_format=shape).choices
        if choice.message.tool_calls:
            assert choice.finish_reason == "tool_calls"
            assert choice.message.content is None
        else:
            assert json.loads(choice.message.content or "")["said"] in {"yes", "no"}


def test_arguments_that_break_what_the_engine_cannot_hold_are_a_violation(
    engine: EngineProcess, client: openai.OpenAI
) -> None:
    asked = {**ASKED, "tools": [SHOUT], "tool_choice": "required"}
    before = generations(engine)
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**asked)
    assert caught.value.status_code == 502
    assert caught.value.code == "contract_violation"
    assert "engine=partial" in caught.value.response.headers["casava-guarantee"]
    body: Any = caught.value.body
    first = body["casava"]["violations"][0]
    assert first["code"] == "schema.not"
    assert first["pointer"] == "/0/arguments/word"
    assert first["schema_pointer"] == "/tools/0/function/parameters/properties/word/not"
    assert generations(engine) == before + 1, "the client does not ask again"
    with pytest.raises(openai.APIError, match="call 1, shout: /word"):
        list(client.chat.completions.create(**asked, stream=True))


def test_a_call_that_is_cut_is_cut_as_openai_cuts_it(client: openai.OpenAI, weather: Any) -> None:
    answer = client.chat.completions.with_raw_response.create(**{**ASKED, "tool_choice": NAMED, "max_tokens": 3})
    (choice,) = answer.parse().choices
    assert choice.finish_reason == "length"
    assert choice.message.content == ""
    assert answer.headers["casava-verdict"].startswith("incomplete")
    arguments = weather.function.arguments
    cut = client.chat.completions.create(**{**EXACT, "max_tokens": 26}).choices[0]
    assert cut.finish_reason == "length"
    begun = only(cut.message.tool_calls).function.arguments
    assert begun != arguments
    assert arguments.startswith(begun), "it is cut, and not closed"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "x": 1}}]}, "tools[0].function.x"),
        (
            {
                "tools": [
                    {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "required": 1}}}
                ]
            },
            "tools[0].function.parameters",
        ),
        ({"tools": [TIME, TIME]}, "tools[1].function.name"),
        ({"tools": [TIME] * 129}, "tools"),
        ({"tool_choice": "always"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice.function.name"),
        ({"tools": None, "tool_choice": "required"}, "tool_choice"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"response_format": {"type": "regex", "regex": "a"}}, "tools"),
        ({"casava": {"refusal": True}}, "casava.refusal"),
    ],
)
def test_a_declaration_that_is_wrong_is_named_and_not_generated_for(
    engine: EngineProcess, sidecar: SidecarProcess, change: dict[str, Any], param: str
) -> None:
    before = generations(engine)
    answer = raw.post(sidecar.port, CHAT, ASKED | change)
    assert answer.status == 400
    assert answer.json()["error"]["param"] == param
    assert generations(engine) == before


def test_parameters_that_nothing_satisfies_are_refused_with_422(sidecar: SidecarProcess) -> None:
    parameters = {"type": "object", "required": ["a"], "properties": {"a": False}}
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    answer = raw.post(sidecar.port, CHAT, ASKED | {"tools": [tool]})
    assert answer.status == 422
    assert answer.json()["error"]["param"] == "tools[0].function.parameters"
    assert answer.json()["error"]["code"] == "schema.unsatisfiable"


def test_who_only_observes_gets_what_the_model_wrote(client: openai.OpenAI) -> None:
    observed = client.chat.completions.with_raw_response.create(
        **{**ASKED, "tool_choice": "required", "max_tokens": 16},
        extra_body={"casava": {"mode": "observe"}, "stop": ["."]},
    )
    assert "mode=observe" in observed.headers["casava-guarantee"]
    (choice,) = observed.parse().choices
    assert choice.message.content or choice.message.tool_calls


def test_a_call_that_breaks_its_schema_is_asked_for_again(engine: EngineProcess, sidecar: SidecarProcess) -> None:
    asked = {**ASKED, "tools": [SHOUT], "tool_choice": "required", "casava": {"on_violation": ["retry", "abort"]}}
    before = generations(engine)
    answer = raw.post(sidecar.port, CHAT, asked)
    assert generations(engine) == before + 2
    assert answer.status in {200, 502}
    assert "attempts=2" in answer.headers["casava-verdict"]
    if answer.status == 200:
        arguments = json.loads(answer.json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"])
        assert not any("a" <= character <= "z" for character in arguments["word"])


def test_a_call_that_breaks_its_schema_is_delivered_where_that_is_asked_for(client: openai.OpenAI) -> None:
    answer = client.chat.completions.with_raw_response.create(
        **{**ASKED, "tools": [SHOUT], "tool_choice": "required"}, extra_body={"casava": {"on_violation": ["pass"]}}
    )
    (choice,) = answer.parse().choices
    assert choice.finish_reason == "tool_calls"
    assert json.loads(only(choice.message.tool_calls).function.arguments)["word"]
    assert answer.headers["casava-verdict"].startswith("invalid")
    assert "sidecar=none" in answer.headers["casava-guarantee"]


@pytest.mark.parametrize("release", ["element", "complete"])
def test_a_stream_of_a_call_shows_what_its_policy_releases(sidecar: SidecarProcess, release: str) -> None:
    asked = {**ASKED, "tools": [WEATHER], "tool_choice": "required", "casava": {"release": release, "events": True}}
    streamed = raw.post(sidecar.port, CHAT, {**asked, "stream": True}).body.decode()
    frames = [json.loads(line.removeprefix("data: ")) for line in streamed.split("\n\n") if line.startswith("data: {")]
    events = [frame["pointer"] for frame in frames if "pointer" in frame]
    calls = [frame["choices"][0]["delta"].get("tool_calls") for frame in frames if "choices" in frame]
    parts = [call[0]["function"].get("arguments", "") for call in calls if call]
    arguments = json.loads("".join(parts))
    jsonschema.validate(arguments, CITY)
    names = list(arguments)
    assert events[: len(names)] == [f"/0/arguments/{name}" for name in names]
    assert events[len(names) :] == ["/0/arguments", "/0"]
    assert len([part for part in parts if part]) <= len(names) + 1, "no part of a value is shown"
