import pytest

from casava_sidecar.enforce.policy import Enforcement, Situation, enforcement, following
from casava_wire.config import Release, RepairPolicy, Step
from tests.unit.sidecar.enforce.given import bound

FIRST = Situation(attempt=1, released=0, tokens=10, mendable=True)


def plan(*steps: Step, max_attempts: int = 2, token_budget: int | None = None) -> Enforcement:
    return Enforcement(
        mode="validated",
        steps=steps,
        release="complete",
        repair=RepairPolicy(),
        max_attempts=max_attempts,
        token_budget=token_budget,
        events=False,
        refusable=False,
    )


@pytest.mark.parametrize(
    ("steps", "at", "expected"),
    [
        (("abort",), FIRST, "abort"),
        (("repair", "retry", "pass"), FIRST, "repair"),
        (("retry", "repair", "pass"), FIRST, "retry"),
        (("pass",), FIRST, "pass"),
        (("repair", "retry", "pass"), Situation(1, 0, 10, mendable=False), "retry"),
        (("retry", "repair", "pass"), Situation(2, 0, 10, mendable=True), "repair"),
        (("retry", "repair", "pass"), Situation(2, 0, 10, mendable=False), "pass"),
        (("retry", "repair"), Situation(2, 0, 10, mendable=False), "abort"),
        (("repair",), Situation(1, 0, 10, mendable=False), "abort"),
        (("retry",), Situation(1, 1, 10, mendable=True), "abort"),
        ((), FIRST, "abort"),
    ],
)
def test_the_first_step_that_can_be_taken_follows_a_violation(
    steps: tuple[Step, ...], at: Situation, expected: Step
) -> None:
    assert following(plan(*steps), at) == expected


def test_a_retry_needs_an_attempt_and_tokens_that_are_left() -> None:
    assert following(plan("retry", max_attempts=1), FIRST) == "abort"
    assert following(plan("retry", token_budget=11), FIRST) == "retry"
    assert following(plan("retry", token_budget=10), FIRST) == "abort"


@pytest.mark.parametrize(
    ("steps", "release"),
    [(["abort"], "eager"), (["pass"], "eager"), (["retry"], "element"), (["repair", "abort"], "element")],
)
def test_what_can_be_taken_back_is_what_a_stream_holds_back_by_default(steps: list[Step], release: Release) -> None:
    assert enforcement(bound(onViolation=steps), stream=True).release == release
    assert enforcement(bound(onViolation=steps, release="complete"), stream=True).release == "complete"
    assert enforcement(bound(onViolation=steps, release="eager"), stream=False).release == "complete"


def test_to_observe_is_to_pass_everything_at_once() -> None:
    observed = enforcement(bound(mode="observe", onViolation=["retry", "abort"], release="complete"), stream=True)
    assert (observed.steps, observed.release) == (("pass",), "eager")


def test_events_are_for_streams() -> None:
    assert enforcement(bound(events=True), stream=True).events
    assert not enforcement(bound(events=True), stream=False).events
