"""``casava contract``: what a contract promises, and whether an answer keeps it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from casava_cli.main import main

_SCHEMA = """
type: object
properties:
  number: {type: string, pattern: "^INV-[0-9]{6}$"}
  tags: {type: array, items: {type: string}, uniqueItems: true}
required: [number]
additionalProperties: false
"""


@pytest.fixture
def schema(tmp_path: Path) -> str:
    file = tmp_path / "invoice.yaml"
    file.write_text(_SCHEMA, encoding="utf-8")
    return str(file)


def _run(*arguments: str, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["contract", *arguments], input=text)


def test_an_answer_that_keeps_the_contract_ends_with_status_0(schema: str) -> None:
    result = _run("test", schema, text='{"tags": ["a"], "number": "INV-000001"}')
    assert (result.exit_code, result.output) == (0, "valid: 39 bytes\n")


def test_a_caret_stands_under_the_byte_that_decided(schema: str) -> None:
    result = _run("test", schema, text='{\n  "tags": ["漢", "b"],\n  "number": "INV-12x456"}')
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0] == "invalid"
    assert lines[1].startswith("schema.pattern: /number: ")
    assert lines[2] == "  line 3, column 20, byte 45"
    assert lines[3] == '      "number": "INV-12x456"}'
    assert lines[4].index("^") == lines[3].index("x")


def test_the_caret_counts_columns_and_not_bytes(schema: str) -> None:
    lines = _run("test", schema, text='{"tags": ["漢é", 1]}').output.splitlines()
    assert lines[4].index("^") == lines[3].index("1") + 1  # one character that is two columns wide


def test_an_answer_cannot_steer_the_terminal_and_is_not_printed_whole(schema: str) -> None:
    result = _run("test", schema, text='{"number": "' + "A" * 5_000 + '\x1b[31m"}')
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert max(map(len, result.output.splitlines())) < 320


def test_an_endless_answer_is_not_read_to_its_end(schema: str) -> None:
    result = _run("test", schema, text=b" " * 3_000_000)
    assert "stream.runaway_whitespace" in result.output


def test_an_answer_may_be_a_file(schema: str, tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text("[]", encoding="utf-8")
    result = _run("test", schema, str(answer))
    assert result.exit_code == 1
    assert "; expected object, got array" in result.output


def test_check_says_who_enforces_what_and_when_and_why_not_the_engine(schema: str) -> None:
    result = _run("check", schema, "--engine", "llama-cpp")
    assert result.exit_code == 0, result.output
    found = {line.split()[0]: line.split()[1:] for line in result.output.splitlines() if line.startswith("  /")}
    assert found["/properties/number/pattern"] == ["engine", "at", "the", "byte"]
    assert found["/properties/tags/uniqueItems"][:5] == ["sidecar-early", "at", "the", "byte", "the"]
    assert "llama-cpp guarantees: partial" in result.output
    assert "longest valid answer: no bound but the limits" in result.output
    assert "1,000,000  bytes of an answer" in result.output


def test_check_compares_the_engines(tmp_path: Path) -> None:
    file = tmp_path / "code.json"
    file.write_text(json.dumps({"type": "string", "maxLength": 2, "format": "color"}))
    lines = _run("check", str(file)).output.splitlines()
    assert "tensorrt-llm-llguidance guarantees: full" in lines
    assert "tensorrt-llm-xgrammar guarantees: partial" in lines
    found = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("  /")}
    assert found["/maxLength"] == ["engine", "sidecar-early", "engine"]
    assert found["/format"] == ["annotation"] * 3
    assert next(line for line in lines if line.startswith("longest")) == "longest valid answer: 14 bytes"


def test_an_engine_that_is_not_known_is_refused_with_those_that_are(schema: str) -> None:
    result = _run("check", schema, "--engine", "llama.cpp")
    assert result.exit_code == 2
    assert "'llama-cpp'" in result.output


def test_the_words_of_the_table_are_explained(schema: str) -> None:
    lines = _run("check", schema).output.splitlines()
    assert "  engine         the decoder cannot write a violation" in lines
    assert not [line for line in lines if line.startswith("  annotation")]


_OBJECT = """
apiVersion: casava.dev/v1alpha1
kind: OutputContract
metadata: {name: invoice-v3}
spec:
  contract: invoice
  version: 3
  schema: |
    type: object
    properties: {total: {type: number}}
    required: [total]
  rules:
    - rule: self.total > 1.0
"""


def test_an_output_contract_is_checked_and_tested_with_its_rules(file: Callable[[str], str]) -> None:
    named = file(_OBJECT)
    result = _run("check", named)
    assert result.exit_code == 0, result.output
    assert "/rules/0" in result.output
    assert "/apiVersion" not in result.output
    assert _run("test", named, text='{"total": 2}').exit_code == 0
    result = _run("test", named, text='{"total": 1}')
    assert result.exit_code == 1
    assert "rule.violated" in result.output


@pytest.mark.parametrize("command", ["check", "test"])
def test_another_object_is_not_taken_for_a_schema(file: Callable[[str], str], command: str) -> None:
    result = _run(command, file("apiVersion: casava.dev/v1alpha1\nkind: CasavaModel\nspec: {}\n"), text="{}")
    assert result.exit_code == 3
    assert "holds a CasavaModel" in result.output
    assert "casava plan -f" in result.output


@pytest.mark.parametrize(
    ("text", "fix"),
    [("[A-Z]{3}", "say so with --kind"), ("[north, south]", "YAML begins with a key or with '- '")],
)
def test_text_of_another_kind_is_answered_with_the_fix(file: Callable[[str], str], text: str, fix: str) -> None:
    result = _run("check", file(text))
    assert result.exit_code == 3
    assert fix in result.output


def test_a_keyword_that_nobody_can_enforce_is_refused_in_the_table() -> None:
    result = _run("check", "-", text=json.dumps({"type": "string", "pattern": "(?=a)b"}))
    assert result.exit_code == 3
    row = next(line for line in result.output.splitlines() if line.startswith("  /pattern"))
    assert row.split()[1] == "refused"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps({"type": "strng"}), "schema.invalid: #/type (line 1, column 2): type strng is not known"),
        (json.dumps({"$ref": "file:///etc/passwd"}), "schema.reference_remote"),
        (b"\xff", "is not UTF-8"),
        ("[" * 100_000, "limit.schema_bytes"),
    ],
)
def test_a_schema_that_is_refused_is_said_with_its_code_and_place(text: str | bytes, message: str) -> None:
    result = _run("check", "-", text=text)
    assert result.exit_code == 3
    assert message in result.output


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    def written(text: str) -> str:
        made = tmp_path / "contract"
        made.write_text(text, encoding="utf-8")
        return str(made)

    return written


@pytest.mark.parametrize(
    ("kind", "source", "valid", "invalid"),
    [
        ("regex", "[A-Z]{3}-[0-9]+\n", "INV-1", "INV-x"),
        ("choice", "- north\n- south\n", "south", "southern"),
        ("lark", 'start: "(" [start] ")"\n', "(())", "(()"),
        ("gbnf", 'root ::= "a" root | "b"\n', "aab", "aac"),
    ],
)
def test_an_answer_is_held_against_every_kind(
    file: Callable[[str], str], kind: str, source: str, valid: str, invalid: str
) -> None:
    contract = file(source)
    for end in ("", "\r\n"):
        result = _run("test", contract, "--kind", kind, text=valid + end)
        assert (result.exit_code, result.output) == (0, f"valid: {len(valid)} bytes\n")
    result = _run("test", contract, "--kind", kind, text=invalid)
    assert result.exit_code == 1
    assert result.output.splitlines()[1].startswith(f"text.{kind}: " if invalid != "(()" else "stream.truncated: ")


def test_check_knows_every_kind(file: Callable[[str], str]) -> None:
    result = _run("check", file("[A-Z]{3}"), "--kind", "regex", "--engine", "llama-cpp")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("regex, sha256:")
    assert "  regex    engine  at the byte" in result.output
    assert "longest valid answer: 3 bytes" in result.output
    assert "objects and arrays" not in result.output


@pytest.mark.parametrize(
    ("kind", "source", "said"),
    [
        ("regex", "(?=a)", "schema.pattern_not_linear"),
        ("lark", 'start: e\ne: e e | "a"', "limit.schema_grammar"),
        ("gbnf", "root ::= nowhere", "line 1, column 10"),
        ("choice", "{}", "schema.invalid"),
    ],
)
def test_a_bad_contract_of_any_kind_is_refused(file: Callable[[str], str], kind: str, source: str, said: str) -> None:
    result = _run("check", file(source), "--kind", kind)
    assert result.exit_code == 3
    assert said in result.output


def test_the_edits_of_a_repair_are_shown_with_their_class_and_place(schema: str) -> None:
    result = _run("test", schema, text='```json\n{"number": "INV-000001",\n "tags": "a",}\n```')
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[lines.index("a repair (lossless and coercing) would make it valid:") + 1 :] == [
        "  line 1, column 1: lossless fence: ```json left out",
        '  line 3, column 10: coercing scalar_to_array /tags: "a" becomes ["a"]',
        "  line 3, column 13: lossless trailing_comma: , left out",
        "  line 4, column 1: lossless fence: ``` left out",
    ]


def test_why_there_is_no_repair_is_said(schema: str) -> None:
    result = _run("test", schema, text='{"number": "INV-00')
    assert result.output.splitlines()[-1] == (
        "a repair would not help: something is open at its end, and closing it might falsify it"
    )


def test_of_an_answer_that_was_cut_nothing_is_closed(schema: str) -> None:
    text = '{"number": "INV-000001", "tags": ["a"]'
    assert "missing_bracket" in _run("test", schema, text=text).output
    assert "a repair would not help: something is open" in _run("test", "--cut", schema, text=text).output


def test_an_edit_cannot_steer_the_terminal(schema: str) -> None:
    result = _run("test", schema, text="\x1b" + "x" * 500 + '{"number": "INV-000001"}')
    assert "lossless prose" in result.output
    assert "\x1b" not in result.output
    assert max(map(len, result.output.splitlines())) < 320
