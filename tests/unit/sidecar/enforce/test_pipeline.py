"""The whole way of a request, attempt by attempt, with real contracts and real repairs."""

import pytest

import casava_contract
from casava_contract.rules import Rule
from casava_sidecar.api.requests import Sampling
from casava_sidecar.contracts.bound import bind
from casava_sidecar.enforce.outcome import Outcome
from casava_wire.config import ContractPolicy
from tests.unit.sidecar.enforce.given import bound, generated, pieces, pipeline

GOOD = '{"name": "Ada", "age": 36}'
OLD = '{"name": "Ada", "age": 360, "more": "than anybody"}'
DEATH = OLD.index(', "more"') + 1  # tokens, where each is a character
FENCED = f"```json\n{GOOD}\n```"


def ended(outcome: Outcome | None) -> Outcome:
    assert outcome is not None
    return outcome


def test_an_answer_is_cancelled_at_the_byte_that_breaks_the_contract() -> None:
    released, outcome = generated(pipeline(bound()), OLD)
    assert "".join(released) == '{"name": "Ada", "age": 360', "an exponent could still have followed"
    outcome = ended(outcome)
    assert outcome.verdict == "invalid"
    assert outcome.error is not None
    assert outcome.error.status == 502
    assert outcome.error.headers["x-should-retry"] == "false"
    details = outcome.error.body()["error"]["casava"]
    assert details["pointer"] == "/age"
    assert details["code"] == "schema.maximum"
    assert details["released"] == len("".join(released))
    assert details["violations"][0]["offset"] == details["offset"]


@pytest.mark.parametrize("mode", ["strict", "validated"])
def test_what_is_cut_is_never_valid_and_no_error_but_in_strict(mode: str) -> None:
    for text in ('{"name": "A', GOOD):
        released, outcome = generated(pipeline(bound(mode=mode)), pieces(text), "length")
        outcome = ended(outcome)
        assert outcome.verdict == "incomplete"
        assert "".join(released) == text
        assert (outcome.error is not None) == (mode == "strict")


def test_strict_gives_the_text_of_a_cut_answer_to_who_does_not_have_it() -> None:
    _, outcome = generated(pipeline(bound(mode="strict"), stream=False), pieces('{"name": "A'), "length")
    error = ended(outcome).error
    assert error is not None
    assert (error.status, error.code) == (502, "stream.truncated")
    assert error.body()["error"]["casava"]["text"] == '{"name": "A'


def test_a_violation_that_passes_is_delivered_whole_and_labelled() -> None:
    for policy in ({"mode": "observe"}, {"onViolation": ["pass"]}):
        released, outcome = generated(pipeline(bound(**policy)), pieces(OLD))
        assert "".join(released) == OLD
        outcome = ended(outcome)
        assert (outcome.verdict, outcome.error) == ("invalid", None)
        assert outcome.diagnostics[0].pointer == "/age"


def test_what_passes_keeps_to_its_release() -> None:
    released, outcome = generated(pipeline(bound(onViolation=["pass"], release="element")), pieces(OLD))
    assert "".join(released) == '{"name": "Ada"'
    assert "".join(released) + ended(outcome).text == OLD


def test_observing_does_not_stop_at_anything() -> None:
    released, outcome = generated(pipeline(bound(mode="observe")), ["no", " JSON", " at all"], "length")
    assert "".join(released) == "no JSON at all"
    assert ended(outcome).verdict == "invalid"


def test_before_a_repair_the_answer_goes_on_unreleased() -> None:
    released, outcome = generated(pipeline(bound(onViolation=["repair"])), pieces(FENCED))
    assert "".join(released) == ""
    outcome = ended(outcome)
    assert (outcome.verdict, outcome.text.strip()) == ("repaired", GOOD)
    assert outcome.edit_class == "lossless"
    assert outcome.header() == f"valid; edits={len(outcome.edits)}; class=lossless"


def test_a_repair_leaves_what_was_released_as_it_is() -> None:
    text = GOOD.replace("}", ",}")
    released, outcome = generated(pipeline(bound(onViolation=["repair"])), pieces(text))
    outcome = ended(outcome)
    assert "".join(released).startswith('{"name": "Ada"')
    assert outcome.verdict == "repaired"
    assert "".join(released) + outcome.text == GOOD


def test_events_of_a_repair_go_on_where_those_before_it_ended() -> None:
    line = pipeline(bound(onViolation=["repair"], events=True))
    attempt = line.begin()
    seen: list[str] = []
    for piece in pieces(GOOD.replace("}", ",}")):
        attempt.feed(piece, 1)
        seen += attempt.pointers()
    assert [*seen, *ended(line.settle("stop")).pointers] == ["/name", "/age", ""]


def test_what_is_around_a_text_is_taken_away() -> None:
    contract = casava_contract.compile('["yes", "no"]', kind="choice")
    policy = ContractPolicy(on_violation=("repair",))
    _, outcome = generated(pipeline(bind("answer", "answer", contract, (), policy=policy)), pieces("```\nyes\n```"))
    assert (ended(outcome).verdict, ended(outcome).text) == ("repaired", "yes")


def test_a_cut_answer_is_not_repaired() -> None:
    _, outcome = generated(pipeline(bound(onViolation=["repair"])), pieces(FENCED[:-10]), "length")
    assert ended(outcome).error is not None


def test_an_answer_without_an_end_is_not_awaited_for_a_repair() -> None:
    line = pipeline(bound('{"type": "array"}', onViolation=["repair", "abort"]))
    released, outcome = generated(line, ["["] + [" " * 20] * 1000)
    assert len(released) < 10
    assert ended(outcome).diagnostics[0].code == "stream.runaway_whitespace"


def test_what_a_repair_waits_for_is_bounded_by_the_token_budget() -> None:
    line = pipeline(bound(onViolation=["repair", "retry"], retry={"tokenBudget": 12}))
    released, outcome = generated(line, ["no "] * 100)
    assert len(released) == 12
    outcome = ended(outcome)
    assert (outcome.verdict, outcome.attempts, outcome.tokens) == ("invalid", 1, 12)


def test_a_retry_follows_a_repair_that_fails() -> None:
    line = pipeline(bound(onViolation=["repair", "retry"]))
    released, outcome = generated(line, pieces(OLD.replace('"name"', '"nome"')))
    assert "".join(released) == ""
    assert outcome is None
    _, outcome = generated(line, pieces(GOOD))
    assert ended(outcome).header() == "valid; attempts=2"


def test_a_retry_cancels_tells_why_and_counts_all_tokens() -> None:
    line = pipeline(bound(onViolation=["retry"], release="complete"), sampling=Sampling(temperature=0.0))
    _, outcome = generated(line, OLD)
    assert outcome is None
    assert "/age" in line.feedback
    seed = line.sampling.seed
    _, outcome = generated(line, GOOD)
    outcome = ended(outcome)
    assert (outcome.verdict, outcome.attempts, outcome.text) == ("valid", 2, GOOD)
    assert outcome.tokens == DEATH + len(GOOD)
    member = outcome.member(line.bound)
    assert member["attempts"] == 2
    assert member["seed"] == line.sampling.seed != seed
    assert member["temperature"] == 0.2


def test_retries_end_with_the_attempts() -> None:
    line = pipeline(bound(onViolation=["retry"], release="complete", retry={"maxAttempts": 3}))
    assert [generated(line, OLD)[1] for _ in range(2)] == [None, None]
    outcome = ended(generated(line, OLD)[1])
    assert (outcome.verdict, outcome.attempts) == ("invalid", 3)
    assert outcome.error is not None
    assert outcome.error.headers["Casava-Verdict"] == "invalid; attempts=3"


def test_what_was_released_is_never_asked_for_again() -> None:
    released, outcome = generated(pipeline(bound(onViolation=["retry"], release="element")), OLD)
    assert "".join(released) == '{"name": "Ada"'
    assert ended(outcome).error is not None
    assert generated(pipeline(bound(onViolation=["retry"], release="element")), '{"name": 1')[1] is None


def test_a_retry_without_room_ends_with_the_violation_before_it() -> None:
    line = pipeline(bound(onViolation=["retry"], release="complete"), sampling=Sampling(temperature=0, seed=7))
    generated(line, OLD)
    line.begin()
    outcome = line.without_retry()
    assert (outcome.attempts, outcome.tokens) == (1, DEATH)
    assert (outcome.seed, outcome.temperature) == (7, 0), "of the attempt that there was"
    assert outcome.diagnostics[0].pointer == "/age"
    assert outcome.error is not None


def test_what_only_the_end_decides_is_a_violation_like_any_other() -> None:
    line = pipeline(bound(onViolation=["retry"], release="complete"))
    _, outcome = generated(line, pieces('{"name": "Ada"'))
    assert outcome is None
    assert line.attempt is not None
    assert line.attempt.violation[0].code == "stream.truncated"


def test_an_answer_that_is_longer_than_any_may_be_is_413() -> None:
    line = pipeline(bound('{"type": "string"}'))
    words = "".join(f"{number} " for number in range(200_000))
    _, outcome = generated(line, ['"', *pieces(words, 4096)])
    error = ended(outcome).error
    assert error is not None
    assert error.status == 413


def test_what_may_take_long_at_the_end_is_known_before_it_is_done() -> None:
    ruled = casava_contract.compile('{"type": "array"}', rules=[Rule("self.all(a, self.all(b, a == b))")])
    short, long = pieces("[1]"), ['["', "long " * 4000, '"]']
    for one, texts, expected in (
        (bound('{"type": "array"}'), short, False),
        (bound('{"type": "array"}'), long, True),
        (bound('{"type": "array"}', onViolation=["repair"]), short, True),
        (bind("ruled", "ruled", ruled, ()), short, True),
    ):
        line = pipeline(one)
        attempt = line.begin()
        for text in texts:
            attempt.feed(text, 1)
        assert line.takes_long(attempt) is expected
