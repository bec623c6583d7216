"""Whose turn is it to take a new operator's pod template?"""

from typing import Any

import pytest

from casava_operator import upgrade
from casava_operator.keys import Key
from casava_operator.upgrade import Step, Wanted
from casava_wire import labels

WANTED = Wanted(spec_hash="s1", template_hash="t2")


def deployment(spec: str = "s1", template: str = "t1", turn: str | None = None, **status: Any) -> dict[str, Any]:
    marks = {labels.SPEC_HASH: spec, labels.TEMPLATE_HASH: template}
    if turn:
        marks[upgrade.TURN] = turn
    return {"metadata": {"generation": 2, "annotations": marks}, "status": status}


@pytest.mark.parametrize(
    ("live", "ready", "holders", "step"),
    [
        (None, False, 9, Step.APPLY),  # nothing runs that could be rolled
        (deployment(template="t2"), True, 9, Step.APPLY),  # nothing rolls
        (deployment(spec="s0"), True, 9, Step.APPLY),  # a user's edit
        (deployment(), True, 0, Step.TAKE_TURN),
        (deployment(), False, 0, Step.ROLL),
        (deployment(), True, 1, Step.HOLD),
        (deployment(), False, 1, Step.HOLD),
    ],
)
def test_the_step_follows_from_what_changed_and_who_is_on_turn(
    live: dict[str, Any] | None, *, ready: bool, holders: int, step: Step
) -> None:
    assert upgrade.decide(WANTED, live, ready=ready, holders=holders, limit=1) is step


def test_more_than_one_may_be_on_turn_if_so_configured() -> None:
    assert upgrade.decide(WANTED, deployment(), ready=True, holders=1, limit=2) is Step.TAKE_TURN


COMPLETE = [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]
ON_ITS_WAY = [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]
STUCK = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]


@pytest.mark.parametrize(
    ("live", "holds"),
    [
        (deployment(), False),
        (deployment(template="t2", turn="t2"), True),  # the controller has not seen it yet
        (deployment(template="t2", turn="t2", observedGeneration=1, conditions=COMPLETE), True),
        (deployment(template="t2", turn="t2", observedGeneration=2, conditions=ON_ITS_WAY), True),
        (deployment(template="t2", turn="t2", observedGeneration=2, conditions=STUCK), True),
        (deployment(template="t2", turn="t2", observedGeneration=2, conditions=COMPLETE), False),
        (deployment(template="t2", observedGeneration=2, conditions=ON_ITS_WAY), False),
        (deployment(template="t3", turn="t2", observedGeneration=2, conditions=ON_ITS_WAY), False),
    ],
)
def test_a_turn_lasts_until_the_rollout_is_complete(live: dict[str, Any], *, holds: bool) -> None:
    assert upgrade.holds(live) is holds


def test_a_turn_is_written_down_kept_while_its_template_stays_and_dropped_with_the_next() -> None:
    new = deployment(template="t2")
    taken = upgrade.marked(new, deployment(), Step.TAKE_TURN)
    assert taken["metadata"]["annotations"][upgrade.TURN] == "t2"
    assert upgrade.marked(new, taken, Step.APPLY) == taken
    edited = deployment(spec="s2", template="t3")
    assert upgrade.marked(edited, taken, Step.APPLY) == edited
    assert upgrade.marked(new, deployment(), Step.ROLL) == new


def test_turns_come_in_the_order_of_names_and_only_as_many_as_are_free() -> None:
    waiting = [Key("b", "x"), Key("a", "z"), Key("a", "y")]
    assert upgrade.next_turns(waiting, holders=1, limit=3) == [Key("a", "y"), Key("a", "z")]
    assert upgrade.next_turns(waiting, holders=4, limit=3) == []
