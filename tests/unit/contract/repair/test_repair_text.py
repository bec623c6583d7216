"""Contracts of text: only what stands around an answer is taken off."""

import pytest

from casava_contract import Kind, compile  # noqa: A004
from casava_contract.repair import GaveUp, Policy, Reason, Repaired, attempt, replay

_CHOICE = '["yes", "no"]'


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ("yes", []),
        ("yes\n", ["white_space"]),
        (" \n yes", ["white_space"]),
        ("\ufeffyes", ["byte_order_mark"]),
        ("<think>no, or</think>\n\nyes\n", ["think_block", "white_space"]),
        ("so it is no... </think>yes", ["think_block"]),
        ("```\nyes\n```", ["fence", "white_space", "fence"]),
        ("<think>no</think>\n```text\nyes\n```\n", ["think_block", "fence", "white_space", "fence"]),
    ],
)
@pytest.mark.parametrize(("kind", "source"), [("choice", _CHOICE), ("regex", "yes|no")])
def test_what_is_around_a_text_is_taken_off(kind: Kind, source: str, said: str, rules: list[str]) -> None:
    outcome = attempt(compile(source, kind=kind), said.encode(), finished=True)
    assert isinstance(outcome, Repaired)
    assert outcome.text == b"yes"
    assert [edit.rule for edit in outcome.edits] == rules
    assert replay(said.encode(), outcome.edits) == b"yes"


@pytest.mark.parametrize("said", ["Yes", "yes.", "yes no", "The answer is yes", '"yes"', "", "<think>yes"])
def test_nothing_inside_of_a_text_is_changed(said: str) -> None:
    free = Policy(coercing=True, lossy=frozenset({"enum_snap"}))
    assert attempt(compile(_CHOICE, kind="choice"), said.encode(), finished=True, policy=free) == GaveUp(Reason.INVALID)


def test_white_space_that_the_contract_wants_stays() -> None:
    held = compile(r"[a-z]+\n", kind="regex")
    assert attempt(held, b"abc\n", finished=True) == Repaired(b"abc\n")


@pytest.mark.parametrize("said", ["yes", " yes", "```\nyes"])
def test_a_text_that_was_cut_may_go_on(said: str) -> None:
    assert isinstance(attempt(compile(_CHOICE, kind="choice"), said.encode(), finished=False), GaveUp)


def test_a_text_whose_fence_was_closed_is_whole() -> None:
    outcome = attempt(compile(_CHOICE, kind="choice"), b"```\nyes\n```", finished=False)
    assert isinstance(outcome, Repaired)


def test_a_text_has_its_limits() -> None:
    held = compile(_CHOICE, kind="choice")
    assert attempt(held, b" " * 1_000_001, finished=True) == GaveUp(Reason.SIZE)
    assert attempt(held, b"```\nyes\n```", finished=True, policy=Policy(max_edits=2)) == GaveUp(Reason.EDITS)
