"""What judge gives back."""

from dataclasses import dataclass
from typing import Literal

from casava_operator.keys import Manifest
from casava_wire.reasons import Condition

Truth = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class Verdict:
    """One condition as judged now. ``message`` is a sentence that a person can act on."""

    status: Truth
    reason: str
    message: str


@dataclass(frozen=True)
class Event:
    """A transition worth a Kubernetes Event."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True)
class Refusal:
    """A spec that is not taken. ``path`` names the field; ``message`` says what is wrong and how to mend it.

    ``condition`` is the one that says so: ACCEPTED, or PLACED for a GPU that nobody knows.
    """

    generation: int
    condition: Literal[Condition.ACCEPTED, Condition.PLACED]
    reason: str
    path: str
    message: str


@dataclass(frozen=True)
class Judgement:
    """The whole status, the Events of what changed, and a deadline in seconds (never a poll), if there is one."""

    status: Manifest
    events: tuple[Event, ...] = ()
    requeue_after: float | None = None
