"""A real Kubernetes cluster for tests, and the programs it is made of."""
