"""docs/conditions.md says what every reason means."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from casava_operator.judge.reasons import Reason, Transition
from casava_operator.observe.facts import ScalingMode
from casava_operator.place import Placement, fleet_of, place
from casava_wire.reasons import Condition, EngineReason
from tests.unit.judge import gen

PAGE = Path(__file__).parents[3] / "docs" / "conditions.md"
ROWS = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
KINDS: tuple[type[StrEnum], ...] = (Condition, Reason, EngineReason, Transition, ScalingMode)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_reason_in_code_has_a_row_in_the_page(kind: type[StrEnum]) -> None:
    assert {str(each) for each in kind} - ROWS == set()


def test_what_placing_says_is_among_the_reasons() -> None:
    asked = gen.model(placement=[{"gpu": ["L4"]}])
    for placement in (Placement(), place(asked, fleet_of([]), None)):
        assert placement.reason in set(Reason)


def test_the_page_tells_of_no_reason_that_is_not_in_code() -> None:
    assert ROWS - {str(each) for kind in KINDS for each in kind} == set()
