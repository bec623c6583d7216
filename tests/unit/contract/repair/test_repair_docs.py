"""The table of rules that users read is the one that is applied."""

import re
from pathlib import Path

from casava_contract.repair import RULES

_PAGES = Path(__file__).parents[4] / "docs"


def test_the_table_of_rules_is_what_the_code_says() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in _PAGES.rglob("*.md"))
    rows = re.findall(r"^\| `([a-z_]+)` \| (lossless|coercing|lossy) \| ([0-9,]+) \|", text, re.MULTILINE)
    assert [(name, rule.cls, f"{rule.cost:,}") for name, rule in RULES.items()] == rows
