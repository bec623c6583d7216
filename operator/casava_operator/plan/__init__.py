"""plan: every object that a model needs, in the order in which it is applied."""

from casava_operator.plan.history import accepted_model, next_revision
from casava_operator.plan.plan import BACKEND, Plan, plan
from casava_operator.plan.text import as_yaml

__all__ = ["BACKEND", "Plan", "accepted_model", "as_yaml", "next_revision", "plan"]
