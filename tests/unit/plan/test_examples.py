"""Every example can be planned as it is."""

from pathlib import Path

import pytest
import yaml

from casava_operator.place import Fleet, place
from casava_operator.plan import plan
from casava_operator.site import Site
from casava_operator.spec import parse_file

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_can_be_planned(path: Path) -> None:
    model = parse_file(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert plan(model, place(model, Fleet(), None), Site(), replicas=1).objects


def test_there_are_examples() -> None:
    assert EXAMPLES
