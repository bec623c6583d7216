"""What holds of every repair, whatever the answer."""

import json
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import Contract, compile  # noqa: A004
from casava_contract.repair import LOSSY_RULES, RULES, Policy, Repaired, attempt, repair, replay
from tests.unit.contract.repair import sloppy
from tests.unit.contract.repair.contracts import contract

_ANYTHING: Final = compile("{}")
_EVERYTHING: Final = Policy(coercing=True, lossy=LOSSY_RULES, max_edits=1000)
_LOSSLESS: Final = Policy(max_edits=1000)

_texts = st.text(st.sampled_from("ab 0'\"\\:,{}[]/#\n\t-<>`é\u201c\u201d\u2019"), max_size=8)
_names = st.one_of(st.sampled_from(["a", "b", "total", "x1", "a b"]), _texts)
_scalars = st.one_of(st.none(), st.booleans(), st.integers(-999, 99_999), st.sampled_from([0.5, -1.25, 1e30]), _texts)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=10,
)
_documents = st.one_of(st.lists(_values, max_size=4), st.dictionaries(_names, _values, max_size=4))
_invoice = st.fixed_dictionaries(
    {"total": st.integers(0, 99_999)},
    optional={
        "note": st.one_of(st.none(), _texts),
        "paid": st.booleans(),
        "tags": st.lists(_texts, max_size=3),
        "marks": st.lists(st.one_of(st.none(), st.integers(-9, 9)), max_size=3),
        "lines": st.lists(st.fixed_dictionaries({"sku": _texts, "count": st.integers(1, 9)}), max_size=3),
        "address": st.fixed_dictionaries({}, optional={"city": _texts, "zip": _texts}),
        "status": st.sampled_from(["open", "paid", "in_progress"]),
    },
)
_PIECES: Final = (
    *"{}[]:,'/#\\ \n\x00", '"', '\\"', "\u201c", "\u201d", "//x\n", "/*", "```", "<think>", "</think>", "True", "None",
    "undefined", "NaN", "1,234", "+1", "0x", "...", "\ufeff", "\u00a0",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(_documents, st.sampled_from([None, 1]), st.booleans(), st.sampled_from([_LOSSLESS, _EVERYTHING]))
def test_a_valid_answer_is_never_changed(document: Any, indent: int | None, ascii_only: bool, policy: Policy) -> None:
    said = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    assert attempt(_ANYTHING, said, finished=True, policy=policy) == Repaired(said)


@settings(max_examples=150, deadline=None)
@given(_documents, st.integers(0, 2**32))
def test_lossless_edits_change_no_value(document: Any, seed: int) -> None:
    said = sloppy.answer(document, Random(seed)).encode()
    mended = repair(_ANYTHING, said, finished=True, policy=_LOSSLESS)
    assert mended is not None, said
    assert json.loads(mended.text) == document
    assert set(mended.classes) <= {"lossless"}
    assert replay(said, mended.edits) == mended.text


@settings(max_examples=150, deadline=None)
@given(_invoice, st.integers(0, 2**32), st.booleans(), st.sampled_from([_LOSSLESS, _EVERYTHING]))
def test_whatever_is_done_to_an_answer_a_repair_is_sound(
    document: Any, seed: int, finished: bool, policy: Policy
) -> None:
    said = _damaged(document, Random(seed)).encode()
    held = contract("invoice")
    outcome = attempt(held, said, finished=finished, policy=policy)
    assert outcome == attempt(held, said, finished=finished, policy=policy)
    if not isinstance(outcome, Repaired):
        return
    assert held.validate(outcome.text) == ()
    assert replay(said, outcome.edits) == outcome.text
    assert repair(held, outcome.text, finished=True, policy=policy) == Repaired(outcome.text)
    assert all(edit.before != edit.after and edit.cls == RULES[edit.rule].cls for edit in outcome.edits)
    assert len(outcome.edits) <= policy.max_edits
    if policy is _LOSSLESS:
        assert set(outcome.classes) <= {"lossless"}


def _damaged(document: Any, rng: Random) -> str:
    text = json.dumps(document, ensure_ascii=False) if rng.random() < 0.5 else sloppy.answer(document, rng)
    for _ in range(rng.choice([1, 1, 2, 3, 6])):
        place = rng.randrange(len(text) + 1)
        if rng.random() < 0.5:
            text = text[:place] + text[place + 1 :]
        else:
            text = text[:place] + rng.choice(_PIECES) + text[place:]
    return text


@settings(max_examples=30, deadline=None)
@given(_invoice, st.integers(0, 2**32))
def test_a_cut_answer_never_gets_a_value_that_was_not_written_to_its_end(document: Any, seed: int) -> None:
    rng = Random(seed)
    whole = json.dumps(document, indent=rng.choice([None, 1])) if seed % 2 else sloppy.answer(document, rng)
    for length in range(len(whole)):
        cut = whole[:length].encode()
        assert _nothing_closed(cut, whole, repair(contract("invoice"), cut, finished=False, policy=_LOSSLESS))
        mended = repair(contract("invoice"), cut, finished=True, policy=_LOSSLESS)
        assert mended is None or _part_of(json.loads(mended.text), document), cut


def _nothing_closed(cut: bytes, whole: str, mended: Repaired | None) -> bool:
    """What comes back of a cut answer was closed by its author."""
    if mended is None:
        return True
    return all(edit.offset < len(cut) or edit.before for edit in mended.edits) and json.loads(
        mended.text
    ) == json.loads(_whole(whole))


def _whole(said: str) -> bytes:
    mended = repair(contract("invoice"), said.encode(), finished=True, policy=_LOSSLESS)
    assert mended is not None, said
    return mended.text


def _part_of(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _part_of(below, whole[name]) for name, below in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(_part_of(*pair) for pair in zip(part, whole, strict=False))
    return bool(part == whole) and isinstance(part, bool) == isinstance(whole, bool)


@settings(max_examples=60, deadline=None)
@given(_invoice)
def test_coercing_keeps_every_digit(document: Any) -> None:
    wrong = {name: _as_string(value) for name, value in document.items()}
    mended = repair(contract("invoice"), json.dumps(wrong).encode(), finished=True, policy=_EVERYTHING)
    assert mended is not None, wrong
    assert json.loads(mended.text) == document


def _as_string(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def test_edits_that_do_not_fit_an_answer_are_refused() -> None:
    held: Contract = contract("invoice")
    mended = repair(held, b'{"total": 1,}', finished=True)
    assert mended is not None
    with pytest.raises(ValueError, match="byte 11 does not fit"):
        replay(b'{"total": 12}', mended.edits)


def test_a_policy_names_lossy_rules_alone() -> None:
    with pytest.raises(ValueError, match="'prose' is no lossy rule: use default, drop_property"):
        Policy(lossy=frozenset({"prose"}))
