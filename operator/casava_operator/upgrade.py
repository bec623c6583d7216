"""May a model's Deployment take its new pod template now? Pure.

A user's edit rolls at once. What only a newer operator generates differently rolls a bounded number of models at a
time, each Ready before the next one's turn. A model that was not Ready before its turn is rolled too, but it holds no
other back: it could not be waited for.

A turn is written down on the Deployment itself (TURN), with the same write that takes the new template, so that a
restarted operator knows whom it waits for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from casava_operator.keys import Key, Manifest
from casava_wire import labels

TURN: Final = (
    f"{labels.GROUP}/upgrade-turn"  # on a Deployment: the template hash that it was Ready before and waits for
)


class Step(Enum):
    """What to do with a Deployment."""

    APPLY = "apply"  # nothing rolls, or a user's edit does
    TAKE_TURN = "take turn"  # an operator upgrade rolls it now; the next one waits until it is Ready
    ROLL = "roll"  # an operator upgrade rolls it now; nobody waits for it, because it was not Ready before
    HOLD = "hold"  # its turn has not come: keep the template that it has


@dataclass(frozen=True)
class Wanted:
    """The hashes of what would be applied."""

    spec_hash: str
    template_hash: str


def decide(wanted: Wanted, live: Mapping[str, Any] | None, *, ready: bool, holders: int, limit: int) -> Step:
    """``live``: the Deployment as it is; ``ready``: the model's condition Ready; ``holders``: how many other models
    took their turn and are not Ready yet; ``limit``: how many may be on turn at once."""
    if live is None:
        return Step.APPLY
    marks = _marks(live)
    if marks.get(labels.TEMPLATE_HASH) == wanted.template_hash or marks.get(labels.SPEC_HASH) != wanted.spec_hash:
        return Step.APPLY
    if holders >= limit:
        return Step.HOLD
    return Step.TAKE_TURN if ready else Step.ROLL


def marked(deployment: Manifest, live: Mapping[str, Any] | None, step: Step) -> Manifest:
    """The Deployment to apply, with TURN as it has to be: written when a turn is taken, kept while that template
    stays, dropped with the next one."""
    marks = deployment["metadata"].get("annotations", {})
    template = marks.get(labels.TEMPLATE_HASH)
    kept = live is not None and _marks(live).get(TURN) == template
    if step is not Step.TAKE_TURN and not (kept and step is Step.APPLY):
        return deployment
    return {
        **deployment,
        "metadata": {**deployment["metadata"], "annotations": {**marks, TURN: template}},
    }


def holds(live: Mapping[str, Any]) -> bool:
    """Is this Deployment on turn: did it take one, and has it not been Ready since?

    Once a rollout is complete, Kubernetes keeps saying so in the condition Progressing until the template changes:
    a pod that fails later does not bring the turn back.
    """
    marks = _marks(live)
    if TURN not in marks or marks[TURN] != marks.get(labels.TEMPLATE_HASH):
        return False
    status = live.get("status", {})
    if status.get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return True
    return not any(
        each["type"] == "Progressing" and each["status"] == "True" and each.get("reason") == "NewReplicaSetAvailable"
        for each in status.get("conditions", [])
    )


def next_turns(waiting: Iterable[Key], holders: int, limit: int) -> list[Key]:
    """Whose turn is next, in order of their names."""
    return sorted(waiting)[: max(limit - holders, 0)]


def _marks(live: Mapping[str, Any]) -> Mapping[str, str]:
    marks: Mapping[str, str] = live["metadata"].get("annotations", {})
    return marks
