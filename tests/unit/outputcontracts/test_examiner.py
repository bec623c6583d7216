"""Contracts are looked at once, beside the event loop, and never for longer than one reconcile may take."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from casava_contract import ContractError, ErrorCode
from casava_operator.contracts import examiner as module
from casava_operator.contracts.entries import resolve
from casava_operator.contracts.examine import Examined, examine
from casava_operator.contracts.examiner import Examiner
from casava_operator.errors import InvalidSpec, Transient
from casava_operator.plan import BACKEND
from casava_operator.spec import CasavaModel, parse
from casava_trial import TrialError, Trials
from casava_wire.config import ContractEntry
from tests.unit.spec.specs import MINIMAL, body


@pytest.fixture
async def examiner() -> AsyncIterator[Examiner]:
    made = Examiner(Trials())
    yield made
    await made.close()


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were compiled, in order."""
    texts: list[str] = []

    def noted(entry: ContractEntry) -> Examined:
        texts.append(entry.schema_text)
        return examine(entry)

    monkeypatch.setattr(module, "examine", noted)
    return texts


def model(*schemas: str, **more: Any) -> CasavaModel:
    contracts = [{"name": f"n{index}", "schema": schema, **more} for index, schema in enumerate(schemas)]
    return resolve(parse(body({**MINIMAL, "contracts": contracts})), {}, lambda _: None)


async def test_a_contract_that_many_ask_for_is_compiled_once(examiner: Examiner, examined: list[str]) -> None:
    entry = ContractEntry(name="a", schema_text='{"type": "object"}')
    other = entry.model_copy(update={"name": "b", "version": 2})
    found = await asyncio.gather(*(examiner.examine(each) for each in (entry, other, entry, entry)))
    assert len({each.digest for each in found}) == 1
    assert examined == ['{"type": "object"}']


async def test_an_expression_that_the_trial_refuses_is_never_compiled_here(
    examiner: Examiner, examined: list[str]
) -> None:
    good, bad = await asyncio.gather(
        examiner.examine(ContractEntry(name="a", kind="regex", schema_text="[a-z]+")),
        examiner.examine(ContractEntry(name="b", kind="regex", schema_text="((a{1,900}){1,900}){1,900}")),
    )
    assert good.problem is None
    assert bad.problem is not None
    assert examined == ["[a-z]+"]


async def test_a_trial_that_finds_out_nothing_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = Trials()
    answers: list[Exception] = [TrialError("no process"), ContractError(ErrorCode.PATTERN, "no expression")]

    async def try_contract(*_: Any) -> None:
        raise answers.pop(0)

    monkeypatch.setattr(trials, "try_contract", try_contract)
    examiner = Examiner(trials)
    entry = ContractEntry(name="a", kind="regex", schema_text="(")
    with pytest.raises(Transient, match="no process"):
        await examiner.examine(entry)
    found = await examiner.examine(entry)
    assert found.problem is not None
    assert found.problem.code == "schema.pattern"


async def test_a_model_gives_up_its_turn_and_keeps_what_was_found(examined: list[str]) -> None:
    asked = model("{}", '{"type": "array"}', '{"type": "null"}')
    examiner = Examiner(Trials(), clock=lambda: 6.0 * len(examined))  # each takes six seconds
    with pytest.raises(Transient, match="still being looked at"):
        await examiner.accept(asked, BACKEND)
    assert len(examined) == 2
    await examiner.accept(asked, BACKEND)
    assert len(examined) == 3


async def test_the_first_contract_that_is_wrong_is_told_and_the_rest_is_not_looked_at(
    examiner: Examiner, examined: Sequence[str]
) -> None:
    with pytest.raises(InvalidSpec) as refused:
        await examiner.accept(model("{}", '{"type": "strin"}', '{"type": "null"}'), BACKEND)
    assert refused.value.path == "spec.contracts[1].schema"
    assert len(examined) == 2
