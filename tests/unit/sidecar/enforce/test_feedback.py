import json

from casava_contract import Diagnostic
from casava_sidecar.enforce.feedback import LONGEST, feedback
from tests.unit.sidecar.enforce.given import bound, generated, pieces, pipeline

WIDE = json.dumps(
    {
        "type": "object",
        "properties": {name: {"type": "integer"} for name in "abcde"},
        "required": list("abcde"),
        "additionalProperties": {"type": "integer"},
    }
)


def told(schema: str, answer: str) -> str:
    line = pipeline(bound(schema, onViolation=["retry"], release="complete"))
    _, outcome = generated(line, pieces(answer))
    assert outcome is None
    return line.feedback


def test_it_says_where_and_what_was_expected() -> None:
    lines = told(WIDE, '{"a": "x"').splitlines()
    assert lines[0] == "Your last answer was not accepted:"
    assert "/a" in lines[1]
    assert "integer" in lines[1]
    assert lines[-1] == "Answer again, from the beginning, with the answer alone."


def test_at_most_three_reasons_are_given() -> None:
    reasons = [Diagnostic(f"schema.{n}", "m", f"At /{n}: h.", 0, 1, 1, f"/{n}") for n in range(5)]
    assert [line for line in feedback(reasons).splitlines() if line.startswith("- ")] == [
        "- At /0: h.",
        "- At /1: h.",
        "- At /2: h.",
    ]


def test_nothing_long_that_the_model_wrote_comes_back_to_it() -> None:
    long = "Zq" * 500
    for answer in (
        f'{{"a": 1, "{long}": "x"',
        f'{{"{long}": {{"{long}": 1',
        f'{{"a": "{long}"',
        f'{{"a": 1{"7" * 300}.5,',
    ):
        text = told(WIDE, answer)
        assert "ZqZq" * (LONGEST // 4) + "Z" not in text
        assert "7" * (LONGEST + 1) not in text
        assert len(text) < 600
