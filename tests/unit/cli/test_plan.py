"""``casava plan`` says without a cluster what a file would become, or what is wrong with it."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from casava_cli.main import main

MODEL = """
apiVersion: casava.dev/v1alpha1
kind: CasavaModel
metadata: {name: invoices}
spec:
  model: {source: "pvc://models/a.gguf"}
  placement: [{gpu: [L4]}]
  scaling: {minReplicas: 2, maxReplicas: 4}
"""


def _run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["plan", *arguments], input=text)


def test_every_object_is_printed_with_the_models_replicas() -> None:
    result = _run("-f", "-", "-n", "billing", text=MODEL)
    assert result.exit_code == 0, result.output
    assert "# billing/invoices on 1 x L4: 9 objects" in result.output
    objects = list(yaml.safe_load_all(result.output))
    assert [each["kind"] for each in objects] == [
        "ControllerRevision",
        "ServiceAccount",
        "ConfigMap",
        "ConfigMap",
        "ConfigMap",
        "NetworkPolicy",
        "Service",
        "PodDisruptionBudget",
        "Deployment",
    ]
    assert {each["metadata"]["namespace"] for each in objects} == {"billing"}
    assert objects[-1]["spec"]["replicas"] == 2


def test_several_files_and_documents_are_read(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(MODEL + "---\n" + MODEL.replace("invoices", "letters"), encoding="utf-8")
    result = _run("-f", str(file), "-f", "-", text=MODEL.replace("invoices", "mails"))
    assert result.exit_code == 0, result.output
    assert [line.split()[1] for line in result.output.splitlines() if line.startswith("# ")] == [
        "default/invoices",
        "default/letters",
        "default/mails",
    ]


def test_the_settings_of_the_installation_are_used(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("images: {sidecar: 'mirror.example.com/sidecar:1'}", encoding="utf-8")
    assert "mirror.example.com/sidecar:1" in _run("-f", "-", "--site", str(site), text=MODEL).output


def test_a_wrong_setting_of_the_installation_is_named(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("image: {}", encoding="utf-8")
    result = _run("-f", "-", "--site", str(site), text=MODEL)
    assert result.exit_code == 1
    assert "site.image" in result.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MODEL.replace("placement", "placements"), "spec.placements: unknown field: did you mean 'placement'?"),
        (MODEL.replace("[L4]", "[L5]"), "spec.placement[0].gpu[0]: no GPU is known as 'L5': did you mean L4"),
        (MODEL.replace("pvc://", "s3://"), "spec.model.source: write file:///path"),
        (MODEL.replace("CasavaModel", "Deployment"), "kind: is 'Deployment': write CasavaModel"),
        (MODEL + "---\n" + MODEL.replace("invoices", "In Voices"), "document 2: metadata.name"),
        ("a: [", "is no YAML"),
        ("- a\n- b\n", "is no object"),
        ("", "the files hold no CasavaModel"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_the_field(text: str, says: str) -> None:
    result = _run("-f", "-", text=text)
    assert result.exit_code == 1
    assert says in result.output


def test_nothing_is_printed_of_files_with_one_mistake() -> None:
    result = _run("-f", "-", text=MODEL + "---\n" + MODEL.replace("L4", "L5"))
    assert "kind: Deployment" not in result.output


CONTRACT = """---
apiVersion: casava.dev/v1alpha1
kind: OutputContract
metadata: {name: invoice-v3}
spec: {contract: invoice, version: 3, schema: "type: object"}
"""
REFERRING = MODEL + "  contracts: [{name: invoice, contractRef: invoice@3}]\n"


def test_a_contract_that_a_model_refers_to_is_taken_from_the_files() -> None:
    result = _run("-f", "-", text=REFERRING + CONTRACT)
    assert result.exit_code == 0, result.output
    files = [each for each in yaml.safe_load_all(result.output) if "contracts.json" in each.get("data", {})]
    assert '"version": 3' in files[0]["data"]["contracts.json"]
    revision = next(each for each in yaml.safe_load_all(result.output) if each["kind"] == "ControllerRevision")
    assert revision["data"]["contracts"]["invoice@3"]["schema"] == "type: object"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (REFERRING, "invoice@3 is OutputContract invoice-v3, and the files do not have it in namespace default"),
        (REFERRING + CONTRACT.replace("type: object", "type: objec"), "spec.schema: #/type"),
        (REFERRING + CONTRACT.replace("invoice-v3", "invoice-v4"), "metadata.name: "),
    ],
    ids=["missing", "refused", "misnamed"],
)
def test_a_contract_that_is_missing_or_wrong_is_said_with_its_field(text: str, says: str) -> None:
    result = _run("-f", "-", text=text)
    assert result.exit_code == 1
    assert says in result.output
