"""What an attacker can write: every repair ends, by counted work, with a valid document or a reason."""

import json
from typing import Final

import pytest

from casava_contract import Contract, compile  # noqa: A004
from casava_contract.repair import LOSSY_RULES, GaveUp, Policy, Reason, Repaired, attempt, engine
from casava_contract.repair.work import Work
from tests.unit.contract.repair.contracts import contract

_MEGABYTE: Final = 1_000_000
_ANYTHING: Final = compile("{}")
_NODE: Final = {
    "type": "object",
    "properties": {"next": {"$ref": "#/$defs/tree"}},
    "required": ["next"],
    "additionalProperties": False,
}
_FREE: Final = Policy(coercing=True, lossy=LOSSY_RULES, max_edits=_MEGABYTE)


def _filled(begin: str, repeated: str, end: str = "", length: int = 60_000) -> bytes:
    count = (length - len((begin + end).encode())) // len(repeated.encode())
    return (begin + repeated * count + end).encode()


_TEXTS: Final = {
    "opening brackets": _filled("", "["),
    "opening braces": _filled("", "{"),
    "closing brackets": _filled("", "}]"),
    "both brackets": _filled("", "[}"),
    "nested members": _filled("", '{"a":'),
    "quotes in a string": _filled('{"note":"', '"', '"}'),
    "quotes and commas in a string": _filled('{"note":"', '",', '"}'),
    "quotes and colons": _filled("{", '":', "}"),
    "apostrophes": _filled("['", "'", "']"),
    "typographic quotes": _filled("{“note”:“", "“”", "”}"),
    "backslashes": _filled('{"note":"', "\\", '"}'),
    "a key without end": _filled('{"', "a", '" 1}'),
    "small documents": _filled("", "{} "),
    "references in prose": _filled("", "[1] "),
    "comments": _filled("[", "/**/", "]"),
    "an open comment": _filled('{"total":1', "/*", "}"),
    "think blocks": _filled("", "<think>"),
    "ends of think blocks": _filled("", "</think>"),
    "whole think blocks": _filled("", "<think></think>", "{}"),
    "numbers as strings": _filled('{"total":1,"marks":[', '"1",', "1]}"),
    "missing commas": _filled("[", "1\n", "]"),
    "missing brackets": _filled("[", '{"a":"1",', "]"),
    "brackets missing in objects": _filled('{"a":{', '"x":"1",', '"y":"2"'),
    "the same key": _filled("{", '"total":1,', '"total":1}'),
    "unquoted keys": _filled("{", "a:1,", "}"),
    "groups of digits": _filled('{"total":1', ",111", "}"),
    "spaces at the end": _filled('{"total":1', " "),
    "JSON as a string": json.dumps(json.dumps(json.dumps({"marks": [1] * 9_000}))).encode(),
}


@pytest.mark.parametrize("policy", [Policy(), _FREE], ids=["strict", "free"])
@pytest.mark.parametrize("name", _TEXTS)
def test_every_hostile_answer_comes_to_an_end(name: str, policy: Policy) -> None:
    for held in (contract("invoice"), _ANYTHING):
        outcome = attempt(held, _TEXTS[name], finished=True, policy=policy)
        assert isinstance(outcome, GaveUp) or held.validate(outcome.text) == ()


@pytest.mark.parametrize("piece", ["[", '"', ",", "```\n"], ids=["brackets", "quotes", "commas", "fences"])
def test_a_megabyte_of_one_thing_is_nothing(piece: str) -> None:
    text = _filled("", piece, length=_MEGABYTE)
    assert isinstance(attempt(contract("invoice"), text, finished=True), GaveUp)


def test_an_answer_over_the_limit_is_not_read() -> None:
    text = b'{"total": 1,}' + b" " * _MEGABYTE
    assert attempt(contract("invoice"), text, finished=True) == GaveUp(Reason.SIZE)


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "Work", lambda _length: _spent(10))
    assert attempt(contract("invoice"), b'{"total": 1, "tags": ["a",]}', finished=True) == GaveUp(Reason.WORK)


def _spent(left: int) -> Work:
    work = Work(0)
    work.left = left
    return work


def test_work_grows_no_faster_than_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Work, int]] = []

    def counted(length: int) -> Work:
        work = Work(length)
        made.append((work, work.left))
        return work

    monkeypatch.setattr(engine, "Work", counted)
    for lines in (50, 500):
        line = "{'sku': \"a\", count: 1,} // x\n"
        outcome = attempt(
            contract("invoice"), f"{{'total': 1, 'lines': [{line * lines}]}}".encode(), finished=True, policy=_FREE
        )
        assert isinstance(outcome, Repaired), outcome
    small, large = (before - work.left for work, before in made)
    assert large < 11 * small


def test_strings_inside_of_deep_documents_inside_of_strings_come_to_an_end() -> None:
    tree = compile(
        json.dumps(
            {
                "$ref": "#/$defs/tree",
                "$defs": {"tree": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/node"}]}, "node": _NODE},
            }
        )
    )
    said = "'1'"
    for _ in range(3):
        said = json.dumps('{"next": ' * 30 + said + "}" * 30)
    outcome = attempt(tree, said.encode(), finished=True, policy=_FREE)
    assert isinstance(outcome, GaveUp) or tree.validate(outcome.text) == ()
    deep = '{"next": ' * 120 + '"1"' + "}" * 120
    assert attempt(tree, deep.encode(), finished=True, policy=_FREE) == GaveUp(Reason.WORK)


def test_readings_are_followed_side_by_side_and_not_multiplied() -> None:
    """Every fault alone has several readings; all of them together have billions."""
    held: Contract = contract("invoice")
    faults = '{"sku": "a", "count": 1], ' * 30
    outcome = attempt(held, f'{{"total": 1, "lines": [{faults}]}}'.encode(), finished=True)
    assert isinstance(outcome, Repaired | GaveUp)
