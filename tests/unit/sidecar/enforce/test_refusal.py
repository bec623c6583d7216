import json

import pytest

from casava_sidecar.enforce.refusal import refusal, refuses
from tests.unit.sidecar.enforce.given import bound, generated, pieces, pipeline

REFUSABLE = json.dumps(
    {
        "anyOf": [
            {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "required": ["n"],
                "additionalProperties": False,
            },
            {
                "type": "object",
                "properties": {"refusal": {"type": "string"}},
                "required": ["refusal"],
                "additionalProperties": False,
            },
        ]
    }
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"refusal": "No."}', "No."),
        (' {"\\u0072efusal": ""}\n', ""),
        ('{"refusal": 1}', None),
        ('{"refusal": "No.", "n": 1}', None),
        ('["refusal"]', None),
        ("no", None),
    ],
)
def test_a_refusal_is_one_member_and_nothing_else(text: str, reason: str | None) -> None:
    assert refusal(text) == reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None), (" {", None), ('{"', None), ('{ "refu', None), ('{"refusal', None),
        ('{"refusal"', True), ('{"refusal": "x"}', True), ('{"\\u0072', True), ('{"r\\', True),
        ("[", False), ('{"n"', False), ('{"refusals"', False), ('{"a": "\\', False), ("1", False), ('{"refuse', False),
    ],
)  # fmt: skip
def test_what_can_become_a_refusal_is_known_by_its_first_key(text: str, expected: bool | None) -> None:
    assert refuses(text) is expected


@pytest.mark.parametrize("release", ["eager", "element", "complete"])
def test_a_refusal_is_never_shown_as_an_answer(release: str) -> None:
    released, outcome = generated(
        pipeline(bound(REFUSABLE, refusable=True, release=release, onViolation=["retry"])),
        pieces('{"refusal": "I cannot."}'),
    )
    assert "".join(released) == ""
    assert outcome is not None
    assert (outcome.verdict, outcome.refusal, outcome.text, outcome.error) == ("refused", "I cannot.", "", None)


def test_an_answer_is_released_as_soon_as_it_cannot_be_a_refusal() -> None:
    released, outcome = generated(pipeline(bound(REFUSABLE, refusable=True)), '{"n": 12}')
    assert released == ["", "", '{"n', '"', ":", " ", "1", "2", "}"]
    assert outcome is not None
    assert (outcome.verdict, outcome.refusal) == ("valid", None)
