"""Every pair ``<sentence>.in.yaml`` / ``<sentence>.out.yaml`` in ``golden``; ``--update-golden`` writes the latter.

An input has ``model`` and may have ``site``, ``nodes`` (Node objects), ``replicas`` and ``status`` (of the model).
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from casava_operator.place import fleet_of, place, previous_entry
from casava_operator.plan import as_yaml, plan
from casava_operator.site import parse_site
from casava_operator.spec import parse_file

GOLDEN = Path(__file__).parent / "golden"
INPUTS = sorted(GOLDEN.glob("*.in.yaml"))
_KNOWN = {"model", "site", "nodes", "replicas", "status"}


def _planned(given: dict[str, Any]) -> str:
    assert set(given) <= _KNOWN, f"unknown members in the input: {set(given) - _KNOWN}"
    model = parse_file(given["model"])
    placement = place(model, fleet_of(given.get("nodes", [])), previous_entry(model, given.get("status")))
    site = parse_site(yaml.safe_dump(given.get("site", {})))
    planned = plan(model, placement, site, replicas=given.get("replicas", 1))
    head = {
        "placed": {"status": placement.status, "reason": placement.reason, "message": placement.message},
        "status": {"placement": placement.to_status(), "engine": dict(planned.engine), "url": planned.url},
        "specHash": planned.spec_hash,
    }
    return as_yaml([head, *planned.objects])


@pytest.mark.parametrize("source", INPUTS, ids=lambda path: path.name.removesuffix(".in.yaml"))
def test_the_plan_is_as_agreed(source: Path, *, update_golden: bool) -> None:
    text = _planned(yaml.safe_load(source.read_text(encoding="utf-8")))
    expected = source.with_name(source.name.replace(".in.yaml", ".out.yaml"))
    if update_golden:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


def test_no_expected_output_is_without_its_input() -> None:
    outputs = {path.name.removesuffix(".out.yaml") for path in GOLDEN.glob("*.out.yaml")}
    assert outputs == {path.name.removesuffix(".in.yaml") for path in INPUTS}
