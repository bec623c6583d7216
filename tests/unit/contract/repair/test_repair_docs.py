"""The table of rules that users read is the one that is applied."""

import re
from pathlib import Path

from casava_contract.repair import RULES

_PAGE = Path(__file__).parents[4] / "docs" / "contracts.md"


def test_the_table_of_rules_is_what_the_code_says() -> None:
    section = _PAGE.read_text(encoding="utf-8").partition("## Repair\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \| (lossless|coercing|lossy) \| ([0-9,]+) \|", section, re.MULTILINE)
    assert [(name, rule.cls, f"{rule.cost:,}") for name, rule in RULES.items()] == rows
