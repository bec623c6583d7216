"""The cluster as pytest fixtures. CASAVA_E2E_KEEP=1 leaves it up after the run; a next run takes it as it is."""

import os
from collections.abc import Iterator

import pytest

from e2e.cluster.cluster import Cluster
from e2e.cluster.providers import DEFAULT_NAME, provider

NODES = 2


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with two nodes, for the whole run. CASAVA_E2E_NAME gives it another name than casava-e2e."""
    chosen = provider(os.environ.get("CASAVA_E2E_NAME") or DEFAULT_NAME)
    chosen.up(NODES)
    made = Cluster(chosen)
    try:
        made.clean()
        yield made
    finally:
        if os.environ.get("CASAVA_E2E_KEEP", "") in ("", "0"):
            chosen.down()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of its own for a test, which enforces the Pod Security level `restricted`."""
    with cluster.namespace() as name:
        yield name
