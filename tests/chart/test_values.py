"""What the chart takes, what it refuses, and that its README says so."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.support import CHART, helm, refusal, render


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"replica": 2}, "'replica'"),
        ({"image.tag": "1"}, "'tag'"),
        ({"image.operator.digest": "latest"}, "/image/operator/digest"),
        ({"image.pullPolicy": "Sometimes"}, "/image/pullPolicy"),
        ({"replicas": -1}, "/replicas"),
        ({"replicas": 1.5}, "/replicas"),
        ({"upgrade.maxConcurrent": 0}, "/upgrade/maxConcurrent"),
        ({"autoscaling.stabilizationSeconds": -1}, "/autoscaling/stabilizationSeconds"),
        ({"logLevel": "loud"}, "/logLevel"),
        ({"workers": 0}, "/workers"),
        ({"namespaces": "default"}, "/namespaces"),
        ({"namespaces": ["a", "a"]}, "/namespaces"),
        ({"namespaces": ["*"]}, "/namespaces/0"),
        ({"metrics.peers": [{}]}, "/metrics/peers/0"),
        ({"metrics.peers": [{"podSelector": {"app": "prometheus"}}]}, "'app'"),
        ({"metrics.serviceMonitor.interval": "soon"}, "/metrics/serviceMonitor/interval"),
        ({"networkPolicy.egress.apiServerPorts": []}, "/networkPolicy/egress/apiServerPorts"),
        ({"podLabels": {"app.kubernetes.io/name": "mine"}}, "/podLabels"),
        ({"podAnnotations": {"a": 1}}, "/podAnnotations/a"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(values: dict[str, Any], named: str) -> None:
    assert named in refusal(values)


def test_a_parent_chart_may_hand_down_its_globals() -> None:
    assert render({"global": {"anything": {"at": "all"}}}) == render()


def test_the_schema_knows_every_value_and_no_other() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

    def resolve(node: Mapping[str, Any]) -> Mapping[str, Any]:
        name = str(node.get("$ref", "")).removeprefix("#/definitions/")
        return schema["definitions"][name] if name else node

    def known(node: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
        for name, member in node["properties"].items():
            inner = resolve(member)
            if inner.get("additionalProperties") is False and name != "resources":
                yield from known(inner, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}"

    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    given = {re.sub(r"^resources\..*", "resources", name) for name, _ in leaves(values)}
    assert set(known(schema)) == given | {"global"}


def test_the_readme_lists_every_value_with_its_default() -> None:
    readme = (CHART / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| `([^`]*)` \|", readme, re.MULTILINE))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    expected = {
        name: value if isinstance(value, str) and value else json.dumps(value) for name, value in leaves(values)
    }
    assert rows == expected


def test_helm_s_own_linter_warns_of_nothing(tmp_path: Path) -> None:
    done = helm("lint", "--strict", str(CHART), home=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout
