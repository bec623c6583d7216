"""What all end-to-end tests share."""

from e2e.cluster.fixtures import cluster, namespace

__all__ = ["cluster", "namespace"]
