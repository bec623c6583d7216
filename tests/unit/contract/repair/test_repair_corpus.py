"""What becomes of the answers that models really give."""

import pytest

from casava_contract.repair import RULES, GaveUp, Repaired, repair, replay
from tests.unit.contract.repair.cases import Mend, Refuse
from tests.unit.contract.repair.contracts import contract
from tests.unit.contract.repair.corpus_refused import REFUSED
from tests.unit.contract.repair.corpus_spelling import SPELLING
from tests.unit.contract.repair.corpus_values import VALUES

_MENDS = SPELLING + VALUES


@pytest.mark.parametrize("case", _MENDS, ids=lambda case: case.name)
def test_an_answer_is_mended_by_these_edits_and_no_others(case: Mend) -> None:
    outcome = case.attempt()
    assert isinstance(outcome, Repaired), outcome
    assert outcome.text.decode() == case.wanted
    found = [
        (edit.rule, edit.pointer, edit.offset, edit.before.decode(), edit.after.decode()) for edit in outcome.edits
    ]
    assert found == list(case.edits)


@pytest.mark.parametrize("case", _MENDS, ids=lambda case: case.name)
def test_the_log_makes_the_result_out_of_the_answer(case: Mend) -> None:
    outcome = case.attempt()
    assert isinstance(outcome, Repaired)
    assert replay(case.answer, outcome.edits) == outcome.text
    assert contract(case.contract).validate(outcome.text) == ()
    assert set(outcome.classes) == {RULES[edit.rule].cls for edit in outcome.edits}


@pytest.mark.parametrize("case", [case for case in _MENDS if case.coercing or case.lossy], ids=lambda case: case.name)
def test_what_a_policy_does_not_allow_is_not_done(case: Mend) -> None:
    assert repair(contract(case.contract), case.answer, finished=case.finished) is None


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_an_answer_that_nobody_can_vouch_for_is_refused(case: Refuse) -> None:
    assert case.attempt() == GaveUp(case.reason)


def test_every_rule_is_in_the_corpus() -> None:
    assert {edit[0] for case in _MENDS for edit in case.edits} == set(RULES)
