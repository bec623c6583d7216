"""`python -m e2e.cluster up|down|status|load IMAGE...`: a cluster by hand."""
