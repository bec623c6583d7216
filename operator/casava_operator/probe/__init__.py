"""Asking the sidecars of pods for their status: whom and how often (rules), and doing it (prober)."""

from casava_operator.probe.prober import MAX_ANSWER, Prober

__all__ = ["MAX_ANSWER", "Prober"]
