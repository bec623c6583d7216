"""How early violations are found, keyword by keyword, never gets worse."""

import json

import pytest

from bench.contracts import earliness

_BASELINE: earliness.Figures = json.loads(earliness.BASELINE.read_bytes())


@pytest.fixture(scope="module")
def figures() -> earliness.Figures:
    return earliness.figures()


def test_the_same_violations_are_counted_as_when_the_figures_were_kept(figures: earliness.Figures) -> None:
    counted = {keyword: row["violations"] for keyword, row in figures.items()}
    assert counted == {keyword: row["violations"] for keyword, row in _BASELINE.items()}


@pytest.mark.parametrize("keyword", sorted(_BASELINE))
def test_no_fewer_violations_are_found_early_and_no_more_bytes_are_read(
    figures: earliness.Figures, keyword: str
) -> None:
    assert figures[keyword]["early"] >= _BASELINE[keyword]["early"]
    assert figures[keyword]["read"] <= _BASELINE[keyword]["read"]
