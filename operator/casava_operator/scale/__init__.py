"""How many replicas: one pure decision (decide), fed and remembered by the leader's loop (autoscaler)."""

from casava_operator.scale.decide import (
    Decision,
    Limits,
    Memory,
    Need,
    Rules,
    Sample,
    Why,
    decide,
    explain,
    limits_of,
    mode_of,
    replicas,
    start,
)

__all__ = [
    "Decision",
    "Limits",
    "Memory",
    "Need",
    "Rules",
    "Sample",
    "Why",
    "decide",
    "explain",
    "limits_of",
    "mode_of",
    "replicas",
    "start",
]
