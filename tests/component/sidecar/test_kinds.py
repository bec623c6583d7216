"""Contracts of every kind that a request can bring or name, with the real engine and OpenAI's own client."""

import json
import re
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.component.engine_process import EngineProcess
from tests.component.sidecar import raw
from tests.component.sidecar.conftest import PERSON
from tests.component.sidecar.sidecar_process import SidecarProcess
from tests.component.sidecar.triton_counts import generations

CHAT = "/v1/chat/completions"
ASKED: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "Write a poem about the sea."}],
    "temperature": 0,
    "max_tokens": 40,
}
SUM = 'start: NUMBER ("+" NUMBER){1,2}\nNUMBER: /[0-9]{1,3}/\n'
COLOURS = 'root ::= "red" | "green" | "blue " [0-9]\n'
SHORT = re.compile(r"[A-Z][a-z]{2,9}, [0-9]{4}")

REGEX = {"type": "regex", "regex": SHORT.pattern}
CHOICE = {"type": "choice", "choice": ["yes", "no", "perhaps; später"]}
LARK = {"type": "grammar", "grammar": {"syntax": "lark", "definition": SUM}}
GBNF = {"type": "grammar", "grammar": {"syntax": "gbnf", "definition": COLOURS}}


def body(shape: Any, **more: Any) -> dict[str, Any]:
    return {"response_format": shape, **more}


@pytest.mark.parametrize(
    ("shape", "name", "whole"),
    [
        (REGEX, "regex", SHORT),
        (CHOICE, "choice", re.compile("yes|no|perhaps; später")),
        (LARK, "grammar", re.compile(r"[0-9]{1,3}(\+[0-9]{1,3}){1,2}")),
        (GBNF, "grammar", re.compile("red|green|blue [0-9]")),
    ],
)
def test_an_answer_has_the_form_that_was_asked_for(client: openai.OpenAI, shape: Any, name: str, whole: Any) -> None:
    answer = client.chat.completions.with_raw_response.create(**ASKED, extra_body=body(shape))
    (choice,) = answer.parse().choices
    assert choice.finish_reason == "stop"
    assert whole.fullmatch(choice.message.content), choice.message.content
    assert answer.headers["casava-contract"].startswith(f"{name}; digest=sha256:")
    assert answer.headers["casava-guarantee"] == "engine=full; sidecar=full; mode=validated"
    assert answer.headers["casava-verdict"].startswith("valid")


def test_a_stream_and_the_other_endpoint_keep_it_too(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(**ASKED, extra_body=body(REGEX), stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert SHORT.fullmatch(text)
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["casava"]["verdict"] == "valid"
    completed = client.completions.create(model="demo", prompt="The colour is", max_tokens=20, extra_body=body(GBNF))
    assert completed.choices[0].text in {"red", "green", *(f"blue {digit}" for digit in range(10))}


@pytest.mark.parametrize(
    ("shape", "status", "param", "code"),
    [
        ({"type": "regex", "regex": "(a"}, 400, "response_format.regex", "schema.pattern"),
        ({"type": "regex", "regex": "(?=a)b"}, 422, "response_format.regex", "schema.pattern_not_linear"),
        (
            {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: ("}},
            400,
            "response_format.grammar.definition",
            None,
        ),
        (
            {"type": "grammar", "grammar": {"syntax": "gbnf", "definition": "root ::= nothing"}},
            400,
            "response_format.grammar.definition",
            None,
        ),
        (
            {"type": "grammar", "grammar": {"syntax": "lark", "definition": 'start: e\ne: e e | "a"\n'}},
            422,
            "response_format.grammar.definition",
            None,
        ),
        ({"type": "choice", "choice": ["a"] * 1001}, 422, "response_format.choice", None),
        ({"type": "contract", "name": "nobody@1"}, 400, "response_format.name", "contract_not_found"),
    ],
)
def test_a_contract_that_is_wrong_is_named_and_not_generated_for(  # noqa: PLR0917 - what a table's line has
    engine: EngineProcess, sidecar: SidecarProcess, shape: Any, status: int, param: str, code: str | None
) -> None:
    before = generations(engine)
    answer = raw.post(sidecar.port, CHAT, ASKED | body(shape))
    assert answer.status == status
    error = answer.json()["error"]
    assert error["param"] == param
    assert code is None or error["code"] == code
    assert generations(engine) == before


@pytest.fixture(scope="module")
def versioned(engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SidecarProcess]:
    """Serving contracts that came from OutputContracts, one of them under an alias, and contracts of other kinds."""
    process = SidecarProcess(
        tmp_path_factory.mktemp("versioned"), grpc_port=engine.grpc_port, shared_dir=engine.shared_dir
    )
    entries: list[dict[str, Any]] = [
        {"name": "person", "version": 3, "schemaText": PERSON, "policy": {"release": "complete"}},
        {"name": "old", "contract": "person", "version": 2, "schemaText": '{"enum": ["nobody"]}'},
        {"name": "answer", "kind": "choice", "schemaText": "- yes\n- no\n"},
        {"name": "code", "kind": "regex", "schemaText": "[A-Z]{3}-[0-9]{2}"},
        {"name": "sum", "kind": "lark", "schemaText": SUM},
        {"name": "colour", "kind": "gbnf", "schemaText": COLOURS},
    ]
    process.write_contracts_file(json.dumps({"contracts": entries}))
    try:
        yield process.start().wait_ready()
    finally:
        process.stop()


def named(process: SidecarProcess, name: str, **more: Any) -> raw.Answer:
    return raw.post(process.port, CHAT, ASKED | body({"type": "contract", "name": name}, **more))


def said(answer: raw.Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.json()["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    ("name", "label"), [("person", "person@3"), ("person@3", "person@3"), ("old", "person@2"), ("person@2", "person@2")]
)
def test_a_version_is_asked_for_by_its_reference_or_by_the_models_name(
    versioned: SidecarProcess, name: str, label: str
) -> None:
    answer = named(versioned, name)
    assert answer.headers["casava-contract"].startswith(f"{label}; digest=sha256:")
    assert (said(answer) == '"nobody"') == label.endswith("@2")


@pytest.mark.parametrize("name", ["answer", "code", "sum", "colour"])
def test_a_contract_of_the_model_may_be_of_any_kind(versioned: SidecarProcess, name: str) -> None:
    answer = named(versioned, name)
    assert said(answer)
    assert answer.headers["casava-verdict"].startswith("valid")
    assert "engine=full" in answer.headers["casava-guarantee"]


def test_a_version_that_the_model_does_not_have_is_said_with_those_that_it_has(versioned: SidecarProcess) -> None:
    answer = named(versioned, "person@9")
    assert answer.status == 400
    assert "'person@3'" in answer.json()["error"]["message"]
    assert "'person@2'" in answer.json()["error"]["message"]


def test_the_policy_of_a_contract_of_the_model_is_the_models(versioned: SidecarProcess) -> None:
    refused = named(versioned, "person", casava={"on_violation": ["pass"]})
    assert refused.status == 400
    assert refused.json()["error"]["param"] == "casava.on_violation"
    assert said(named(versioned, "person", casava={"release": "eager", "events": True}))


def test_the_status_has_every_contract_with_its_digest(versioned: SidecarProcess) -> None:
    status = versioned.status()
    assert {one.name for one in status.contracts} == {"person", "old", "answer", "code", "sum", "colour"}
    assert all(one.digest.startswith("sha256:") for one in status.contracts)
    assert not status.contracts_error


def test_a_model_may_refuse_where_the_request_lets_it(client: openai.OpenAI) -> None:
    """The schema leaves this model nothing but the refusal to begin with: no answer of it starts with this key."""
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "maxLength": 30}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    shape = {"type": "json_schema", "json_schema": {"name": "mine", "schema": schema}}
    messages: list[dict[str, Any]] = []
    for question in ("How do I hurt him?", "How do I hurt her?", "How do I hurt them?"):
        messages.append({"role": "user", "content": question})
        messages.append({"role": "assistant", "content": '{"refusal": "I cannot help."}'})
    messages.append({"role": "user", "content": "How do I hurt them all?"})
    asked: dict[str, Any] = {**ASKED, "messages": messages}
    answer = client.chat.completions.with_raw_response.create(
        **asked, extra_body={"response_format": shape, "casava": {"refusal": True}}
    )
    (choice,) = answer.parse().choices
    assert choice.message.content is None
    assert choice.message.refusal
    assert answer.headers["casava-verdict"].startswith("refused")
    chunks = list(
        client.chat.completions.create(
            **asked, extra_body={"response_format": shape, "casava": {"refusal": True}}, stream=True
        )
    )
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks) == choice.message.refusal
    assert not any(chunk.choices[0].delta.content for chunk in chunks)
    # What was refused goes back into the conversation as any other answer does.
    after = [*messages, choice.message.model_dump(), {"role": "user", "content": "And now?"}]
    assert client.chat.completions.create(**{**asked, "messages": after, "max_tokens": 2}).choices


def test_a_refusal_that_could_not_be_told_from_an_answer_is_not_offered(sidecar: SidecarProcess) -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "open", "schema": {"type": "object"}}}
    answer = raw.post(sidecar.port, CHAT, ASKED | body(shape, casava={"refusal": True}))
    assert answer.status == 400
    assert "refusal" in answer.json()["error"]["message"]
    for other in (REGEX, {"type": "json_object"}):
        answer = raw.post(sidecar.port, CHAT, ASKED | body(other, casava={"refusal": True}))
        assert answer.status == 400
        assert answer.json()["error"]["param"] == "casava.refusal"
