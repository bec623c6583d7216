"""Casava installed once for all tests, and models in a namespace per test module."""

from collections.abc import Iterator

import pytest

from e2e.cluster.cluster import Cluster
from e2e.support.casava import Casava, load_images
from e2e.support.models import Models


@pytest.fixture(scope="session")
def casava(cluster: Cluster) -> Casava:
    """The chart, installed with two replicas of the operator."""
    load_images(cluster)
    installed = Casava(cluster)
    installed.install()
    installed.wait_for_leader()
    return installed


@pytest.fixture(scope="module")
def models(casava: Casava) -> Iterator[Models]:
    """A namespace that enforces the restricted Pod Security Standard, deleted with all its models at the end."""
    with casava.cluster.namespace("models") as namespace:
        yield Models(casava.cluster, namespace, casava.model_image)
