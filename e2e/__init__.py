"""End-to-end tests: a real cluster, the real chart, real clients."""
