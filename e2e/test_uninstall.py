"""The operator goes and comes back; models do not notice. Runs last: it takes the operator from the others."""

import time
from collections.abc import Iterator

import pytest

from e2e.support.casava import Casava
from e2e.support.load import Load
from e2e.support.manifests import Manifest, model
from e2e.support.models import Models

NAME = "orphan"


@pytest.fixture(autouse=True)
def _installed_again(casava: Casava) -> Iterator[None]:
    yield
    if casava.cluster.helm("list", "--namespace=casava-system", "--filter=^another$", "--short").strip():
        casava.uninstall("another")
    casava.install("--take-ownership")


def _written(models: Models) -> dict[str, str]:
    """Resource versions of the model and of its pods."""
    pods = {pod["metadata"]["name"]: pod["metadata"]["resourceVersion"] for pod in models.pods(NAME)}
    return pods | {"model": models.get(NAME)["metadata"]["resourceVersion"]}


def test_a_model_serves_on_without_the_operator_and_is_adopted_again(casava: Casava, models: Models) -> None:
    models.apply(model(NAME, models.image))
    models.wait_ready(NAME)
    time.sleep(2)
    before = _written(models)
    with Load(models.url(NAME), NAME, workers=1) as load:
        casava.uninstall()
        assert casava.operator_pods() == []
        load.wait_for_answers(3)
        assert _written(models) == before
        casava.install("--take-ownership", release="another")
        casava.wait_for_leader()
        time.sleep(5)
        load.wait_for_answers(2)
    assert not load.failures()
    assert _written(models) == before
    crd = casava.cluster.get("crd", "casavamodels.casava.dev")
    assert crd is not None


def test_crds_put_there_by_kubectl_are_taken_over(casava: Casava) -> None:
    casava.uninstall()
    for name in ("casavamodels.casava.dev", "outputcontracts.casava.dev"):
        crd: Manifest | None = casava.cluster.get("crd", name)
        assert crd is not None, f"uninstalling the chart took the definition {name}, and so every object of it"
        for key in list(crd["metadata"].get("annotations", {})):
            if key.startswith("meta.helm.sh/"):
                casava.cluster.kubectl("annotate", "crd", name, f"{key}-")
        casava.cluster.kubectl("label", "crd", name, "app.kubernetes.io/managed-by-")
    casava.install("--take-ownership")
    casava.wait_for_leader()
