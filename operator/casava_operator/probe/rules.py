"""Which pods are asked for their status, how often, and what an answer is worth. Pure."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from casava_operator.observe.facts import ContainerState, PodFacts
from casava_operator.observe.pods import tenths, without_load
from casava_wire import net
from casava_wire.state import SidecarStatus

SETTLED_AFTER = 30.0  # seconds: longer than any moment of a start
SCALED_EVERY = 1.0  # seconds between two samples of a load
SCALED_EVERY_IDLE = 2.5  # of a replica without any; an answer costs the operator about 0.3 ms of CPU time
EVERY = 1.0  # seconds at first
EVERY_AT_MOST_READY = 5.0  # a ready pod that has yet to load its contracts
EVERY_AT_MOST = 30.0  # a pod that stays as it is; when the kubelet sees a change, it is asked at once
_SLOWER = 10.0  # the interval is this part of the time for which nothing has changed


class BadAnswer(ValueError):  # noqa: N818 -- named by what is wrong
    """An answer that is no status of this model. The text is one line for a person, without the answer."""


@dataclass(frozen=True)
class Subject:
    """A pod worth asking."""

    url: str
    model: str
    ready: bool
    incarnation: tuple[Any, ...]  # changes when what was answered before no longer holds
    scaled: bool
    contracts_digest: str


def subject_of(pod: PodFacts, *, model: str, port: int, scaled: bool, contracts_digest: str) -> Subject | None:
    """The pod as somebody to ask; None while it has no address or no running sidecar, or is on its way out."""
    if not pod.address or not pod.live or pod.sidecar.state is not ContainerState.RUNNING:
        return None
    return Subject(
        url=f"http://{pod.address}:{port}{net.STATUS_PATH}",
        model=model,
        ready=pod.ready,
        incarnation=(pod.address, pod.ready, pod.engine.restarts, pod.engine.state, pod.sidecar.restarts),
        scaled=scaled,
        contracts_digest=contracts_digest,
    )


def parse_status(body: bytes, model: str) -> SidecarStatus:
    """The answer of a sidecar of this model. Raises BadAnswer."""
    try:
        status = SidecarStatus.model_validate_json(body)
    except ValidationError:
        raise BadAnswer("its answer is not a status") from None
    if status.model != model:  # the address belongs to another pod by now
        raise BadAnswer("it answers for another model")
    return status


def facts(status: SidecarStatus | None, error: str) -> object:
    """What judge reads of an answer: two answers with equal facts need not be judged twice."""
    if status is None:
        return error
    engine = status.engine.model_copy(update={"bytes_done": tenths(status.engine)}) if status.engine else None
    return without_load(status).model_copy(update={"engine": engine})


def interval(subject: Subject, status: SidecarStatus | None, *, unchanged: float, missed: bool = False) -> float | None:
    """Seconds until the pod is asked again; None when it has said all that is wanted of it.

    ``unchanged``: seconds since the last change of anything that is known of it. ``missed``: ``status`` is an earlier
    answer, because the last one failed to come.
    """
    if subject.scaled and status is not None:
        idle = not missed and status.running + status.waiting == 0
        return SCALED_EVERY_IDLE if idle else SCALED_EVERY
    if subject.ready and status is not None and not missed and _complete(subject, status):
        return None
    limit = EVERY_AT_MOST_READY if subject.ready else EVERY_AT_MOST
    return max(EVERY, min(unchanged / _SLOWER, limit))


def _complete(subject: Subject, status: SidecarStatus) -> bool:
    loaded = status.contracts_digest == subject.contracts_digest and not status.contracts_error
    return status.ready and loaded and status.model_info is not None
