"""`make demo`: from nothing to a validated structured answer, on a cluster of one node."""
