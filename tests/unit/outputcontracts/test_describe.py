"""What an OutputContract's status says, and that the same facts say the same."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from casava_operator.contracts.bounds import MAX_KEYWORDS, MAX_USERS
from casava_operator.contracts.describe import Former, describe
from casava_operator.contracts.entries import entry_of
from casava_operator.contracts.examine import Compared, Examined, compare_entries, examine
from casava_operator.crd.contract_status import OutputContractStatus
from casava_operator.judge import Judgement
from casava_operator.keys import Key
from casava_operator.spec import OutputContract, parse_contract
from tests.unit.spec.contracts import contract

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CLOSED = (
    '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false}'
)
LATE = '{"$dynamicAnchor": "n", "type": "object", "properties": {"a": {"not": {"$dynamicRef": "#n"}}}}'


def made(schema: str, version: int = 3, **spec: Any) -> OutputContract:
    return parse_contract(contract(version=version, schema=schema, **spec))


def described(of: OutputContract, found: Examined | None = None, **more: Any) -> Judgement:
    given: dict[str, Any] = {"former": None, "users": [], "previous": {}, "now": NOW} | more
    judged = describe(of, found or examine(entry_of(of.spec)), **given)
    OutputContractStatus.model_validate_json(json.dumps(judged.status), extra="forbid")
    return judged


def conditions(judged: Judgement) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in judged.status["conditions"]}


def test_a_contract_says_what_it_is_worth_on_each_engine() -> None:
    judged = described(made(CLOSED))
    status = judged.status
    assert conditions(judged) == {"Accepted": ("True", "Accepted"), "Ready": ("True", "Compiled")}
    assert (status["reference"], status["satisfiable"]) == ("invoice@3", "yes")
    assert status["digest"].startswith("sha256:")
    assert status["compileMilliseconds"] > 0
    llama = next(each for each in status["engines"] if each["engine"] == "llama-cpp")
    assert (llama["guarantee"], llama["sidecarEarly"], llama["sidecarFinal"]) == ("full", 0, 0)
    assert "keywords" not in llama
    assert "llama-cpp full" in status["conditions"][1]["message"]


def test_judged_again_with_another_time_for_compiling_the_status_is_the_same() -> None:
    of = made(CLOSED)
    first = described(of).status
    slower = Examined(**{**vars(examine(entry_of(of.spec))), "milliseconds": 99.0})
    again = described(of, slower, previous=first, now=NOW + timedelta(hours=1))
    assert again.status == first
    assert again.events == ()


def test_a_refused_contract_has_the_place_and_the_fix() -> None:
    judged = described(made('{"type": "object",\n "properties": {"a": {"type": "strin"}}}'))
    assert conditions(judged) == dict.fromkeys(("Accepted", "Ready"), ("False", "ContractRefused"))
    assert judged.status["problem"]["pointer"] == "/properties/a/type"
    assert judged.status["problem"]["line"] == 2
    assert "next" in judged.status["conditions"][0]["message"]
    assert [event.type for event in judged.events] == ["Warning"]
    assert "digest" not in judged.status


def test_strict_is_refused_with_the_keyword_where_no_engine_could_promise_it() -> None:
    assert conditions(described(made(LATE)))["Accepted"] == ("True", "Accepted")
    judged = described(made(LATE, mode="strict"))
    assert conditions(judged)["Accepted"] == ("False", "ContractRefused")
    assert judged.status["problem"]["code"] == "contract.not_strict"
    assert judged.status["problem"]["pointer"] == "/properties/a/not"
    assert "use mode validated" in judged.status["problem"]["message"]


def test_long_lists_are_bounded_and_counted() -> None:
    properties = ", ".join(f'"p{number}": {{"not": {{"const": {number}}}}}' for number in range(50))
    users = [Key("ns", f"m{number:02}") for number in range(40)]
    status = described(made(f'{{"properties": {{{properties}}}}}'), users=users).status
    llama = next(each for each in status["engines"] if each["engine"] == "llama-cpp")
    assert len(llama["keywords"]) == MAX_KEYWORDS
    assert llama["sidecarEarly"] >= 50
    assert (status["usedByCount"], len(status["usedBy"])) == (40, MAX_USERS)


def test_it_is_compared_with_the_version_before_and_remembers_that() -> None:
    new, old = made(CLOSED), made(CLOSED.replace('"integer"', '"number"'), version=2)
    compared = compare_entries(entry_of(old.spec), entry_of(new.spec))
    status = described(new, former=Former("invoice@2", compared)).status
    assert status["compatibility"]["former"] == "invoice@2"
    assert (status["compatibility"]["accepts"], status["compatibility"]["readable"]) == ("no", "yes")
    gone = described(new, former=None, previous=status).status
    assert gone["compatibility"] == status["compatibility"]


def test_a_version_that_cannot_be_compared_is_unknown_and_says_why() -> None:
    status = described(made(CLOSED), former=Former("invoice@2", Compared(reason="invoice@2 is refused: no"))).status
    assert status["compatibility"] == {
        "former": "invoice@2",
        "accepts": "unknown",
        "readable": "unknown",
        "reason": "invoice@2 is refused: no",
    }
