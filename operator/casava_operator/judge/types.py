"""What judge gives back."""

from dataclasses import dataclass
from typing import Literal

from casava_operator.keys import Manifest
from casava_operator.observe.facts import Observation
from casava_operator.place import Placement
from casava_operator.spec import CasavaModel
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
    """A spec that is not taken. ``path`` names the field, if one is to blame; ``message`` says what is wrong and how
    to mend it.

    ``condition`` is the one that says so: ACCEPTED, or PLACED for a GPU that nobody knows.
    """

    generation: int
    condition: Literal[Condition.ACCEPTED, Condition.PLACED]
    reason: str
    path: str
    message: str


@dataclass(frozen=True)
class Former:
    """The last accepted spec of a model whose newest one is refused, and what is seen of it."""

    model: CasavaModel
    placement: Placement
    observation: Observation


@dataclass(frozen=True)
class Judgement:
    """The whole status, the Events of what changed, and a deadline in seconds (never a poll), if there is one."""

    status: Manifest
    events: tuple[Event, ...] = ()
    requeue_after: float | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that keeps a model from running as asked, found on one pod or on the whole.

    ``failing``: broken, and not merely on its way. ``blocks``: keeps replicas from taking requests. ``final``: no
    waiting helps, a person must act. ``vague``: an earlier finding of the same cause on the same pod said as much
    or more, and its words are kept. ``pods``: how many it befell, ``pod`` being an example.
    """

    cause: str
    evidence: str
    action: str
    pod: str = ""
    failing: bool = True
    blocks: bool = True
    final: bool = False
    vague: bool = False
    pods: int = 1

    @property
    def sentence(self) -> str:
        """Evidence and action as the message of a condition."""
        return f"{self.evidence} {self.action}".strip()


@dataclass(frozen=True)
class Case:
    """All that a condition is judged by."""

    model: CasavaModel
    placement: Placement
    seen: Observation
    findings: tuple[Finding, ...]  # the gravest first
    kept_ready: bool  # this very generation was Ready before: whatever answers now is made from it

    @property
    def serves(self) -> bool:
        """At least one replica takes requests."""
        return bool(self.seen.ready)
