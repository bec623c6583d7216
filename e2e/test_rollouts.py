"""An edit reaches the pods without a lost request; a bad edit changes nothing."""

import json

import pytest

from casava_wire import labels
from e2e.cluster.proc import ClusterError
from e2e.support.load import Load
from e2e.support.manifests import PERSON, Manifest, contract, model
from e2e.support.models import Models

NAME = "edited"


def _uids(models: Models) -> set[str]:
    return {pod["metadata"]["uid"] for pod in models.pods(NAME)}


@pytest.mark.parametrize("concurrent", [4, 1], ids=["with room", "with a queue that is never empty"])
def test_an_edit_under_load_loses_nothing(models: Models, concurrent: int) -> None:
    manifest = model(NAME, models.image, contracts=[contract("person", PERSON)])
    manifest["spec"]["serving"]["maxConcurrent"] = concurrent
    models.apply(manifest)
    models.wait_ready(NAME)
    before = _uids(models)
    with Load(models.url(NAME), NAME, workers=4) as load:
        load.wait_for_answers(4)
        models.patch(NAME, {"engine": {"maxSequenceLength": 512 + concurrent}})
        models.wait_ready(NAME, timeout=90)
        models.cluster.wait_until("the old pod to go", lambda: _uids(models).isdisjoint(before), timeout=90)
        load.wait_for_answers(8)
        # The old pod is only asked to go now: its drain is what has to be survived.
        models.cluster.wait_until("the old pod to be gone", lambda: _gone(models, before), timeout=90)
        load.wait_for_answers(4)
    assert not load.failures(), load.failures()[:5]


def _gone(models: Models, uids: set[str]) -> bool:
    return uids.isdisjoint(pod["metadata"]["uid"] for pod in models.all_pods(NAME))


def _children(models: Models) -> dict[str, str]:
    """Resource versions of everything that the operator made for the model."""
    kinds = "deployment,service,serviceaccount,configmap,networkpolicy,controllerrevision,poddisruptionbudget"
    found = models.cluster.items(kinds, namespace=models.namespace, selector=f"{labels.MODEL}={NAME}")
    return {f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"] for each in found}


BAD: list[tuple[str, Manifest, str]] = [
    ("negative number", {"serving": {"maxConcurrent": -1}}, "spec.serving.maxConcurrent"),
    ("max below min", {"scaling": {"minReplicas": 3, "maxReplicas": 2}}, "maxReplicas"),
    ("unknown scheme", {"model": {"source": "ftp://host/file"}}, "spec.model.source"),
    ("target above what runs", {"scaling": {"target": {"inFlight": 500}}}, "maxConcurrent"),
]


@pytest.mark.parametrize(("spec", "said"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_the_api_server_refuses_a_bad_edit_with_the_field(models: Models, spec: Manifest, said: str) -> None:
    with pytest.raises(ClusterError, match=said.replace(".", r"\.")):
        models.patch(NAME, spec)


def test_kubectl_refuses_an_unknown_field(models: Models) -> None:
    manifest = model("typo", models.image, replicaz=3)
    with pytest.raises(ClusterError, match="replicaz"):
        models.cluster.kubectl("create", f"--namespace={models.namespace}", "-f", "-", stdin=json.dumps(manifest))


def test_what_only_the_operator_can_refuse_leaves_everything_as_it_was(models: Models) -> None:
    models.wait_ready(NAME)
    before = _children(models)
    models.patch(NAME, {"contracts": [{"name": "person", "schema": '{"$ref": "https://elsewhere.example/s.json"}'}]})
    refused = models.wait_condition(NAME, "Accepted", "False")
    assert "spec.contracts[0].schema" in refused["message"]
    assert _children(models) == before
    assert models.deployment(NAME)["status"]["readyReplicas"] == 1


def test_what_serves_is_repaired_while_an_edit_is_refused(models: Models) -> None:
    """Also by an operator that was started after the refusal: the accepted spec is kept in the cluster."""
    models.cluster.kubectl(
        "delete", "pods", "--namespace=casava-system", "-l", "app.kubernetes.io/name=casava-operator"
    )
    models.kubectl("delete", "service", NAME)
    models.cluster.wait_until(
        "the Service to come back",
        lambda: models.cluster.get("service", NAME, namespace=models.namespace),
        timeout=40,
    )
    assert models.condition(NAME, "Accepted")["status"] == "False"
    models.patch(NAME, {"contracts": []})
    models.wait_condition(NAME, "Accepted", "True")
    models.wait_ready(NAME)
