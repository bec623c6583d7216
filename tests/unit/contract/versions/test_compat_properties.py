"""Compatibility is never claimed wrongly: answers of the narrower contract are drawn and held against the wider one."""

import copy
import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import Contract, ContractError, compile  # noqa: A004
from casava_contract.source import jsontext
from casava_contract.versions import Answer, Finding, compare
from casava_contract.versions.samples import samples
from tests.unit.contract import drawing

_DRAFTS = (
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2020-12/schema",
)
_DRAWN = 25
_seeds = st.integers(0, 2**32)


def _compiled(schema: Any, draft: str) -> Any:
    text = json.dumps({**schema, "$schema": draft} if isinstance(schema, dict) else schema)
    try:
        return compile(text)
    except ContractError:
        return None


def _changed(schema: Any, rng: Random) -> Any:
    """The schema with one of its parts taken out, or one of its numbers moved."""
    made = copy.deepcopy(schema)
    places: list[tuple[Any, Any]] = []
    pending = [made]
    while pending:
        value = pending.pop()
        keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
        if len(value if isinstance(value, dict | list) else ()) > isinstance(value, list):  # no list is emptied
            places += [(value, key) for key in keys]
        pending.extend(value[key] for key in keys)
    if places:
        holder, key = rng.choice(places)
        if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] += rng.choice([-1, 1])
        else:
            del holder[key]
    return made


def _answers(contract: Any, schema: Any, rng: Random, drawn: list[Any]) -> list[str]:
    """Answers of the contract, of what is drawn."""
    values = [*samples(contract.graph), *(drawing.likely(schema, rng, schema) for _ in range(_DRAWN)), *drawn]
    texts = [jsontext.dump(value) for value in values]
    return [text for text in texts if not contract.validate(text)]


def _hold(finding: Finding, given_contract: Contract, taker: Contract, answers: list[str]) -> None:
    if finding.answer is Answer.YES:
        refused = [answer for answer in answers if taker.validate(answer)]
        assert not refused, (given_contract.text, taker.text, finding.reason, refused[:1])
    if finding.witness is not None:
        assert finding.answer is Answer.NO
        assert not given_contract.validate(finding.witness)
        assert taker.validate(finding.witness)


@settings(max_examples=50, deadline=None)
@given(drawing.schemas, drawing.schemas, st.sampled_from(_DRAFTS), _seeds, st.lists(drawing.values, max_size=5))
def test_yes_is_never_wrong_and_a_witness_is_one(first: Any, second: Any, draft: str, seed: int, drawn: Any) -> None:
    rng = Random(seed)
    both = [first, second]
    variants = [*both, {"anyOf": both}, {"allOf": both}, {"oneOf": both}, _changed(first, rng), _changed(first, rng)]
    if isinstance(first, dict) and isinstance(second, dict):
        variants.append({**first, **second})
    made = [(schema, contract) for schema in variants if (contract := _compiled(schema, draft)) is not None]
    found = [(contract, _answers(contract, schema, rng, drawn)) for schema, contract in made]
    for one, answers in found[:3]:
        for other, others in found[1:]:
            verdict = compare(one, other)
            _hold(verdict.accepts, one, other, answers)
            _hold(verdict.readable, other, one, others)
