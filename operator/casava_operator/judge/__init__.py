"""Conditions, diagnosis and status from facts. Pure: no sockets, no clock."""

from casava_operator.judge.judge import first_visit, judge, refuse
from casava_operator.judge.types import Event, Former, Judgement, Refusal

__all__ = ["Event", "Former", "Judgement", "Refusal", "first_visit", "judge", "refuse"]
