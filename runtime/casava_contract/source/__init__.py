"""Texts to values: contracts in JSON, YAML or as Python classes, and answers in JSON."""
