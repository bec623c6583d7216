"""What happens to answers that break their contract: real ones, of the real model, to the unmodified client."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.component.engine_process import EngineProcess, wait_for
from tests.component.sidecar import raw
from tests.component.sidecar.few_shots import asked, texts, under
from tests.component.sidecar.long_answers import wait_engine_idle
from tests.component.sidecar.sidecar_process import SidecarProcess
from tests.component.sidecar.triton_counts import generations

PATTERN = '{"a": %d, "b": %d, "c": %d}'
INTEGER = {"type": "integer"}
ANY = {"type": "object", "properties": dict.fromkeys("abc", INTEGER), "required": ["a", "b", "c"]}
SMALL_B = ANY | {"properties": {"a": INTEGER, "b": INTEGER | {"maximum": 3}, "c": INTEGER}}


@pytest.fixture(scope="module")
def unguided(engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SidecarProcess]:
    """In front of the same engine, said to obey no guides: all is left to the sidecar."""
    root = tmp_path_factory.mktemp("unguided")
    shared = root / "shared"
    shared.mkdir()
    for file in engine.shared_dir.iterdir():
        if file.name == "model.json":
            (shared / file.name).write_text(json.dumps(json.loads(file.read_text()) | {"guides": []}))
        elif file.is_file():
            (shared / file.name).symlink_to(file)
    process = SidecarProcess(root, grpc_port=engine.grpc_port, shared_dir=shared)
    kept = {"mode": "validated", "onViolation": ["repair", "abort"]}
    ruled = {"rules": [{"rule": "self.a + self.b < 8", "message": "too much"}], "policy": {"release": "element"}}
    contracts = [
        {"name": "kept", "version": 2, "schemaText": json.dumps(ANY), "policy": kept},
        {"name": "ruled", "schemaText": json.dumps(ANY), **ruled},
    ]
    process.write_contracts_file(json.dumps({"contracts": contracts}))
    try:
        yield process.start().wait_ready()
    finally:
        process.stop()


@pytest.fixture
def free(unguided: SidecarProcess) -> Iterator[openai.OpenAI]:
    with unguided.client(max_retries=2) as client:
        yield client


# ---- a violation in the middle of a stream


@pytest.mark.parametrize(("release", "shown"), [("eager", ' {"a": 4, "b": '), ("element", ' {"a": 4')])
def test_a_violation_ends_a_stream_at_its_byte_and_the_generation_with_it(
    engine: EngineProcess, unguided: SidecarProcess, free: openai.OpenAI, release: str, shown: str
) -> None:
    generated = unguided.metric("casava_completion_tokens_total")
    cancelled = unguided.metric("casava_cancellations_total", reason="violation")
    before = generations(engine)
    request = asked(PATTERN, max_tokens=1000, stop=None, stream=True) | under(SMALL_B, release=release)
    chunks: list[Any] = []
    with pytest.raises(openai.APIError) as caught:
        texts(free.completions.create(**request), chunks)
    assert "".join(chunk.choices[0].text for chunk in chunks) == shown
    assert {chunk.choices[0].finish_reason for chunk in chunks} == {None}
    assert caught.value.code == "contract_violation"
    assert isinstance(caught.value.body, dict)
    said = caught.value.body["casava"]
    assert (said["code"], said["pointer"], said["released"]) == ("schema.maximum", "/b", len(shown))
    assert said["offset"] == len(' {"a": 4, "b": ')
    assert said["verdict"] == "invalid"
    assert generations(engine) == before + 1
    assert unguided.metric("casava_cancellations_total", reason="violation") == cancelled + 1
    assert unguided.metric("casava_completion_tokens_total") - generated < 30, "it would go on to 1000"
    wait_engine_idle(engine)


def test_a_violation_before_anything_was_released_has_a_status_of_its_own(
    engine: EngineProcess, free: openai.OpenAI
) -> None:
    before = generations(engine)
    with pytest.raises(openai.InternalServerError) as caught:
        free.completions.create(**asked(PATTERN, stream=True), **under(SMALL_B, release="complete"))
    assert caught.value.status_code == 502
    headers = caught.value.response.headers
    assert headers["x-should-retry"] == "false"
    assert headers["casava-verdict"] == "invalid"
    assert headers["casava-guarantee"] == "engine=none; sidecar=full; mode=validated"
    assert generations(engine) == before + 1, "a client that retries must not pay twice"


@pytest.mark.parametrize("release", ["eager", "element", "complete"])
def test_the_plain_loop_reads_every_release(free: openai.OpenAI, release: str) -> None:
    chunks: list[Any] = []
    text = texts(free.completions.create(**asked(PATTERN, stream=True), **under(ANY, release=release)), chunks)
    assert json.loads(text) == {"a": 4, "b": 4, "c": 4}
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].casava["verdict"] == "valid"
    assert all("casava" not in (chunk.model_extra or {}) for chunk in chunks[:-1])
    assert (len([chunk for chunk in chunks if chunk.choices[0].text]) == 1) == (release == "complete")


def test_frames_of_complete_values_come_only_to_who_asks_for_them(unguided: SidecarProcess) -> None:
    def frames(**casava: Any) -> list[Any]:
        body = asked(PATTERN, stream=True) | under(ANY, release="element", **casava)["extra_body"]
        lines = raw.post(unguided.port, "/v1/completions", body).body.decode().split("\n\n")
        return [json.loads(line.removeprefix("data: ")) for line in lines if line not in ("", "data: [DONE]")]

    told = frames(events=True)
    events = [frame for frame in told if "choices" not in frame]
    assert events == [{"pointer": pointer, "state": "complete"} for pointer in ("/a", "/b", "/c", "")]
    shown = "".join(frame["choices"][0]["text"] for frame in told[: told.index(events[1])] if "choices" in frame)
    assert shown == ' {"a": 4, "b": 4', "a value is there before it is called complete"
    assert all("choices" in frame for frame in frames())


# ---- observe, off, pass


def test_observing_changes_nothing_and_reports(free: openai.OpenAI) -> None:
    request = asked(PATTERN)
    plain = free.completions.create(**request).choices[0].text
    answer = free.completions.with_raw_response.create(**request, **under(SMALL_B, mode="observe"))
    assert answer.headers["casava-verdict"] == "invalid"
    assert answer.headers["casava-guarantee"] == "engine=none; sidecar=none; mode=observe"
    assert answer.headers["casava-unenforced"] == "#"
    parsed: Any = answer.parse()
    assert parsed.choices[0].text == plain
    assert parsed.casava["violations"][0]["pointer"] == "/b"
    chunks: list[Any] = []
    stream = free.completions.create(**request, stream=True, **under(SMALL_B, mode="observe", release="complete"))
    assert texts(stream, chunks) == plain
    assert chunks[-1].casava["verdict"] == "invalid"


def test_off_is_off(unguided: SidecarProcess, free: openai.OpenAI) -> None:
    before = unguided.metric("casava_contract_verdicts_total")
    answer = free.completions.with_raw_response.create(**asked(PATTERN), **under(SMALL_B, mode="off"))
    assert answer.headers["casava-guarantee"] == "engine=none; sidecar=none; mode=off"
    assert answer.headers["casava-contract"].startswith("mine; digest=")
    assert "casava-verdict" not in answer.headers
    assert unguided.metric("casava_contract_verdicts_total") == before


def test_a_violation_that_may_pass_is_delivered_and_labelled(free: openai.OpenAI) -> None:
    wishes = under(SMALL_B, on_violation=["pass"])
    answer = free.completions.with_raw_response.create(**asked(PATTERN), **wishes)
    assert answer.status_code == 200
    assert answer.headers["casava-verdict"] == "invalid"
    assert answer.headers["casava-guarantee"] == "engine=none; sidecar=none; mode=validated"
    chunks: list[Any] = []
    text = texts(free.completions.create(**asked(PATTERN), stream=True, **wishes), chunks)
    assert json.loads(text) == {"a": 4, "b": 4, "c": 4}
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].casava["verdict"] == "invalid"


# ---- repair


def test_what_is_around_an_answer_is_taken_away_and_each_edit_is_told(
    engine: EngineProcess, unguided: SidecarProcess, free: openai.OpenAI
) -> None:
    request = asked(f"```json\n{PATTERN[:-1]},}}\n```") | under(ANY, on_violation=["repair"])
    before = generations(engine)
    edited = unguided.metric("casava_contract_repair_edits_total", **{"class": "lossless"})
    answer = free.completions.with_raw_response.create(**request)
    parsed: Any = answer.parse()
    assert json.loads(parsed.choices[0].text) == {"a": 4, "b": 4, "c": 4}
    edits = parsed.casava["edits"]
    assert answer.headers["casava-verdict"] == f"valid; edits={len(edits)}; class=lossless"
    assert parsed.casava["verdict"] == "repaired"
    assert ",}" not in parsed.choices[0].text
    assert all({"class", "rule", "pointer", "offset", "before", "after"} <= edit.keys() for edit in edits)
    assert generations(engine) == before + 1
    assert unguided.metric("casava_contract_repair_edits_total", **{"class": "lossless"}) == edited + len(edits)


def test_a_stream_waits_for_its_repair_and_goes_on_where_it_was(free: openai.OpenAI) -> None:
    chunks: list[Any] = []
    request = asked(f"{PATTERN[:-1]},}}", stream=True) | under(ANY, on_violation=["repair"])
    text = texts(free.completions.create(**request), chunks)
    assert json.loads(text) == {"a": 4, "b": 4, "c": 4}
    assert chunks[0].choices[0].text == ' {"a": 4', "released before there was anything to repair"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].casava["verdict"] == "repaired"
    assert chunks[-1].casava["edits"][0]["before"] == ","


def test_what_cannot_be_repaired_is_refused(free: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        free.completions.create(**asked("none of that %d"), **under(ANY, on_violation=["repair"]))
    assert caught.value.code == "contract_violation"


def test_a_contract_of_the_model_brings_its_policy_with_it(free: openai.OpenAI) -> None:
    request = asked(f"{PATTERN[:-1]},}}", extra_body={"response_format": {"type": "contract", "name": "kept@2"}})
    answer = free.completions.with_raw_response.create(**request)
    assert answer.headers["casava-contract"].startswith("kept@2; digest=sha256:")
    assert answer.headers["casava-verdict"] == "valid; edits=1; class=lossless"


def test_attempts_are_bounded_and_a_client_that_retries_pays_for_none_more(
    engine: EngineProcess, free: openai.OpenAI
) -> None:
    wishes = under(ANY, on_violation=["retry"], retry={"max_attempts": 3})
    before = generations(engine)
    with pytest.raises(openai.InternalServerError) as caught:
        free.completions.create(**asked("none of that %d"), **wishes)
    assert generations(engine) == before + 3
    assert caught.value.response.headers["casava-verdict"] == "invalid; attempts=3"
    assert caught.value.response.headers["x-should-retry"] == "false"


def test_a_rule_is_decided_when_all_of_its_answer_is_there(free: openai.OpenAI, unguided: SidecarProcess) -> None:
    request = asked(PATTERN, stream=True, extra_body={"response_format": {"type": "contract", "name": "ruled"}})
    before = unguided.metric("casava_contract_released_then_invalid_bytes_total")
    chunks: list[Any] = []
    with pytest.raises(openai.APIError) as caught:
        texts(free.completions.create(**request), chunks)
    assert isinstance(caught.value.body, dict)
    said = caught.value.body["casava"]
    assert (said["code"], said["violations"][0]["schema_pointer"]) == ("rule.violated", "/rules/0")
    assert "too much" in caught.value.body["message"]
    released = unguided.metric("casava_contract_released_then_invalid_bytes_total") - before
    assert released == said["released"] == len("".join(chunk.choices[0].text for chunk in chunks))


# ---- the end of an answer


def test_what_is_cut_is_incomplete_and_in_strict_an_error_with_the_text(
    engine: EngineProcess, free: openai.OpenAI
) -> None:
    cut = asked(PATTERN, max_tokens=8)
    answer = free.completions.with_raw_response.create(**cut, **under(ANY))
    parsed: Any = answer.parse()
    assert (answer.status_code, answer.headers["casava-verdict"]) == (200, "incomplete")
    assert (parsed.choices[0].finish_reason, parsed.casava["verdict"]) == ("length", "incomplete")
    before = generations(engine)
    with pytest.raises(openai.InternalServerError) as caught:
        free.completions.create(**cut, **under(ANY, mode="strict"))
    assert (caught.value.status_code, caught.value.code) == (502, "stream.truncated")
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["casava"]["text"] == parsed.choices[0].text
    assert generations(engine) == before + 1


def test_a_held_stream_whose_client_leaves_is_cancelled(engine: EngineProcess, unguided: SidecarProcess) -> None:
    before = unguided.metric("casava_cancellations_total", reason="client")
    body = asked("", prompt="[" + "7, " * 40, stop=None, max_tokens=3000, stream=True)
    body |= under({"type": "array"}, release="complete")["extra_body"]
    with socket.create_connection(("127.0.0.1", unguided.port)) as connection:
        connection.sendall(raw.request("POST", "/v1/completions", json.dumps(body).encode()))
        wait_for(lambda: unguided.status().running == 1, "it runs", seconds=10)
    wait_for(lambda: unguided.status().running == 0, "it was ended", seconds=10)
    wait_engine_idle(engine)
    assert unguided.metric("casava_cancellations_total", reason="client") == before + 1


def test_violations_are_counted_by_code_and_place_without_names_of_clients(
    unguided: SidecarProcess, free: openai.OpenAI
) -> None:
    before = unguided.metric("casava_contract_violations_total", code="schema.maximum", pointer_template="inline")
    free.completions.create(**asked(PATTERN), **under(SMALL_B, on_violation=["pass"]))
    after = unguided.metric("casava_contract_violations_total", code="schema.maximum", pointer_template="inline")
    assert after == before + 1
    assert unguided.metric("casava_contract_first_violation_fraction_count") > 0
