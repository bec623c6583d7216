"""What the cluster holds, as last seen: kopf at the edge fills the store, and sweeps keep it honest."""
