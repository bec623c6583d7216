"""What all end-to-end tests share."""

from e2e.cluster.fixtures import cluster, namespace
from e2e.support.fixtures import casava, models

__all__ = ["casava", "cluster", "models", "namespace"]
