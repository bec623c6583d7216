"""Generated files are what their sources say. ``make crds`` writes them."""

from pathlib import Path

import pytest

from casava_operator import crd

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", crd.FILES, ids=str)
def test_a_generated_file_is_fresh(path: Path) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == crd.generated()[path], "run 'make crds'"
