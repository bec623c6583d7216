"""``casava contract diff``: two versions of a contract, for a person and for a pipeline."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from casava_cli.main import main

OLD: dict[str, Any] = {
    "type": "object",
    "properties": {"total": {"type": "number", "minimum": 0}},
    "required": ["total"],
    "additionalProperties": False,
}
MORE = OLD | {"properties": {**OLD["properties"], "currency": {"enum": ["EUR", "USD"]}}}


@pytest.fixture
def diff(tmp_path: Path) -> Any:
    def run(old: Any, new: Any, *options: str) -> Result:
        files = []
        for name, content in (("old", old), ("new", new)):
            file = tmp_path / f"{name}.yaml"
            file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
            files.append(str(file))
        return CliRunner().invoke(main, ["contract", "diff", *files, *options])

    return run


def output_contract(version: int, schema: Any, rule: str = "self.total < 100") -> str:
    spec = {"contract": "invoice", "version": version, "schema": json.dumps(schema), "rules": [{"rule": rule}]}
    head = {"apiVersion": "casava.dev/v1alpha1", "kind": "OutputContract", "metadata": {"name": f"invoice-v{version}"}}
    return json.dumps(head | {"spec": spec})


def test_the_same_contract_is_compatible(diff: Any) -> None:
    result = diff(OLD, json.dumps(OLD, indent=2))
    assert result.exit_code == 0
    assert result.output.count("yes     the same schema") == 2


def test_a_table_says_what_holds_and_an_answer_shows_what_does_not(diff: Any) -> None:
    result = diff(OLD, MORE)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].startswith("old  json_schema  sha256:")
    assert lines[3:5] == [
        "                                ANSWER  WHY",
        "  new takes all that old took   yes     proven on the schemas' normal forms",
    ]
    assert lines[5].startswith("  old reads all that new gives  no      /currency: 'currency' is not allowed here")
    assert lines[-2:] == ["  new takes and old refuses:", '    {"currency":"EUR","total":0}']


@pytest.mark.parametrize(("require", "status"), [("both", 1), ("readable", 1), ("accepts", 0)])
def test_the_status_is_that_of_what_is_required(diff: Any, require: str, status: int) -> None:
    assert diff(OLD, MORE, "--require", require).exit_code == status


def test_what_is_not_known_ends_with_status_2(diff: Any) -> None:
    assert diff("a+", "a+b?", "--kind", "regex").exit_code == 2
    assert diff('["a"]', '["a", "b"]', "--kind", "choice", "--require", "accepts").exit_code == 0


def test_output_contracts_bring_their_kind_and_their_rules(diff: Any) -> None:
    result = diff(output_contract(1, OLD), output_contract(2, OLD, "self.total > 0"))
    assert result.exit_code == 1
    assert "1 rule" in result.output
    assert "/total: does not hold: self.total > 0 (rule.violated)" in result.output
    assert diff(output_contract(1, OLD), output_contract(2, OLD)).exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"type": "strng"}', "schema.invalid"),
        ('{"kind": "OutputContract", "spec": {"type": "choice"}}', "spec.schema: "),
        ('{"kind": "OutputContract", "spec": {"type": "xml", "schema": "a"}}', "spec.type: "),
        (output_contract(3, OLD, "self.total <"), "rule.syntax"),
        ("x" * 300_000, "larger than"),
    ],
)
def test_a_file_without_a_contract_ends_with_status_3_and_says_why(diff: Any, text: str, said: str) -> None:
    result = diff(OLD, text)
    assert result.exit_code == 3
    assert "new.yaml" in result.output
    assert said in result.output


def test_a_witness_cannot_steer_the_terminal(diff: Any) -> None:
    result = diff({"const": "\u202e  a\x1b[31m"}, {"const": "b"})
    assert result.exit_code == 1
    assert '"\\u202e  a\\u001b[31m"' in result.output
