"""Conditions, diagnosis and status from facts. Pure: no sockets, no clock."""

from casava_operator.judge.judge import judge, refuse
from casava_operator.judge.types import Event, Former, Judgement, Refusal

__all__ = ["Event", "Former", "Judgement", "Refusal", "judge", "refuse"]
