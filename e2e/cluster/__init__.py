"""A real Kubernetes cluster for tests, and the programs it is made of.

`python -m e2e.cluster up|down|status|load` for people, the fixture `cluster` for tests.
"""
