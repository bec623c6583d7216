"""Tries expressions and grammars of users in a process that can be killed, before anyone else compiles them."""

from casava_trial.bounds import TRIED
from casava_trial.trials import TrialError, Trials

__all__ = ["TRIED", "TrialError", "Trials"]
