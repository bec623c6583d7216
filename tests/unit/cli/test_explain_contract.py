"""``casava explain invoice@3`` shows who enforces what, and why a contract is refused."""

from datetime import UTC, datetime
from typing import Any

from casava_cli.explain_contract import contract_explanation
from casava_operator.contracts.describe import Former, describe
from casava_operator.contracts.entries import entry_of
from casava_operator.contracts.examine import Compared, examine
from casava_operator.keys import Key
from casava_operator.spec import parse_contract
from tests.unit.spec.contracts import contract


def _explained(schema: str, **more: Any) -> str:
    body = contract(schema=schema)
    body["metadata"]["namespace"] = "billing"
    of = parse_contract(body)
    given: dict[str, Any] = {"former": None, "users": [], "previous": {}, "now": datetime(2026, 1, 1, tzinfo=UTC)}
    status = describe(of, examine(entry_of(of.spec)), **(given | more)).status
    return contract_explanation({**body, "status": status})


def test_it_says_who_enforces_what_and_who_uses_it() -> None:
    compared = Compared("yes", "no", "readable: a number where an integer was")
    said = _explained(
        '{"type": "array", "uniqueItems": true}', users=[Key("billing", "chat")], former=Former("invoice@2", compared)
    )
    assert said.startswith("OutputContract billing/invoice-v3: invoice@3\n")
    assert "used by      chat" in said
    assert "invoice@2: all that it accepted is accepted: yes" in said
    assert "a number where an integer was" in said
    assert "llama-cpp" in said
    assert "#/uniqueItems uniqueItems, sidecar-early" in " ".join(said.split())
    assert "ok  Accepted  Accepted" in said


def test_a_refused_one_says_where_and_why() -> None:
    said = _explained('{"type": "strin"}')
    assert "refused  schema.invalid: #/type: type strin is not known" in said
    assert "no  Accepted  ContractRefused" in said
    assert "Who enforces what" not in said


def test_one_that_nobody_looked_at_says_what_to_check() -> None:
    assert "Is it running?" in contract_explanation(contract())
