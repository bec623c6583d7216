"""Whatever the policy, the answer and its pieces: what is called valid is valid, and nothing is shown twice or lost."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from casava_sidecar.enforce.outcome import Outcome
from tests.unit.sidecar.enforce.given import PERSON, bound, generated, pieces, pipeline

GOOD = '{"name": "Ada", "age": 36}'
POLICIES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["strict", "validated", "observe"]),
        "onViolation": st.sampled_from(
            [["abort"], ["repair"], ["retry"], ["pass"], ["repair", "retry", "pass"], ["retry", "repair", "abort"]]
        ),
        "release": st.sampled_from([None, "eager", "element", "complete"]),
        "repair": st.fixed_dictionaries({"coercing": st.booleans()}),
    }
)


def possible(policy: dict[str, Any]) -> bool:
    return policy["mode"] != "strict" or "repair" not in policy["onViolation"]


@st.composite
def answers(draw: st.DrawFn) -> str:
    """A valid answer with some of it cut out, put in, or wrapped."""
    text = GOOD
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at]
            + draw(st.sampled_from(["", ",", "x", '"', "}", " ", "0", "\u00fc"]))
            + text[at + draw(st.integers(0, 3)) :]
        )
    return draw(st.sampled_from(["%s", "```json\n%s\n```", "Here it is: %s"])) % text


def run(policy: dict[str, Any], texts: list[str], size: int, finish: str) -> tuple[str, Outcome]:
    """All that the client got, and the outcome. Each attempt gets the next answer."""
    line = pipeline(bound(PERSON, **policy))
    for text in texts:
        released, outcome = generated(line, pieces(text, size), finish)
        shown = "".join(released)
        if outcome is not None:
            return shown + (outcome.text if outcome.error is None else ""), outcome
        assert shown == "", "what was shown is never asked for again"
    raise AssertionError("more attempts than the policy allows")


@settings(max_examples=150)
@given(
    POLICIES.filter(possible),
    st.lists(answers(), min_size=2, max_size=2),
    st.integers(1, 9),
    st.sampled_from(["stop", "stop", "length"]),
)
def test_what_is_called_valid_is_valid_and_pieces_decide_nothing(
    policy: dict[str, Any], texts: list[str], size: int, finish: str
) -> None:
    contract = bound(PERSON).contract
    shown, outcome = run(policy, texts, size, finish)
    if outcome.verdict in ("valid", "repaired"):
        assert finish == "stop"
        assert contract.validate(shown) == ()
    if outcome.verdict == "valid":
        assert shown == texts[outcome.attempts - 1]
    if outcome.verdict == "invalid" and finish == "stop":
        assert contract.validate(texts[outcome.attempts - 1]) != ()
        assert (outcome.error is None) == (policy["mode"] == "observe" or policy["onViolation"][-1] == "pass")
    if outcome.verdict in ("valid", "invalid", "incomplete") and outcome.error is not None:
        assert texts[outcome.attempts - 1].startswith(shown)
    if policy["release"] == "complete" or policy["onViolation"] in (["abort"], ["pass"]):
        again, other = run(policy, texts, 1, finish)
        assert (other.verdict, other.attempts, other.edits) == (outcome.verdict, outcome.attempts, outcome.edits)
        assert again == shown or outcome.error is not None
    json.dumps(outcome.member(bound(PERSON)))
