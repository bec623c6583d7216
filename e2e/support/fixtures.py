"""Casava installed once for all tests, and models in a namespace per test module."""

from collections.abc import Iterator

import pytest

from e2e.cluster.cluster import Cluster
from e2e.support.casava import IMAGES, Casava, load_images
from e2e.support.models import Models
from images.builder.build import bring


@pytest.fixture(scope="session")
def casava(cluster: Cluster) -> Casava:
    """The chart, installed with two replicas of the operator."""
    load_images(cluster, bring(IMAGES))
    installed = Casava(cluster)
    installed.install()
    installed.wait_for_leader()
    return installed


@pytest.fixture(scope="module")
def models(casava: Casava) -> Iterator[Models]:
    """A namespace under the restricted Pod Security Standard. Its models are gone before the next module begins."""
    with casava.cluster.namespace("models") as namespace:
        models = Models(casava.cluster, namespace, casava.model_image)
        yield models
        models.remove()
