"""A new release of the operator rolls the fleet one model at a time, under load."""

import contextlib
from collections.abc import Iterator

import pytest

from e2e.support.casava import Casava, load_images
from e2e.support.load import Load
from e2e.support.manifests import Manifest, model
from e2e.support.models import Models
from images.builder.build import bring

NAMES = ("first", "second", "third")
TAG = "next"


@pytest.fixture(autouse=True)
def _the_release_again(casava: Casava, models: Models) -> Iterator[None]:
    yield
    models.remove()
    casava.install()


def test_another_sidecar_tag_rolls_three_models_one_by_one_with_no_failed_request(
    casava: Casava, models: Models
) -> None:
    cluster = casava.cluster
    load_images(cluster, bring(["sidecar"], TAG))
    for name in NAMES:
        models.apply(model(name, models.image))
    for name in NAMES:
        models.wait_ready(name, timeout=90)
    with contextlib.ExitStack() as stack:
        loads = [stack.enter_context(Load(models.url(name), name, workers=1)) for name in NAMES]
        casava.install(f"--set=image.sidecar.tag={TAG}")
        most = 0

        def rolled() -> bool:
            nonlocal most
            deployments = [models.deployment(name) for name in NAMES]
            most = max(most, sum(_rolling(each) for each in deployments))
            return all(_done(each) for each in deployments)

        cluster.wait_until("all three to be rolled", rolled, timeout=180)
        for load in loads:
            load.wait_for_answers(3)
    failures = [failure for load in loads for failure in load.failures()]
    assert not failures, failures[:5]
    assert most == 1


def _image(deployment: Manifest) -> str:
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def _settled(deployment: Manifest) -> bool:
    status = deployment["status"]
    current = status.get("observedGeneration") == deployment["metadata"]["generation"]
    counts = (status.get("replicas"), status.get("updatedReplicas"), status.get("readyReplicas"))
    return current and counts == (1, 1, 1)


def _rolling(deployment: Manifest) -> bool:
    return _image(deployment).endswith(TAG) and not _settled(deployment)


def _done(deployment: Manifest) -> bool:
    return _image(deployment).endswith(TAG) and _settled(deployment)
