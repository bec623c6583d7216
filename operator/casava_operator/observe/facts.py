"""What is known of a model's children: frozen facts without opinion, load or age.

``observe`` makes them, ``judge`` reads them. Text from the cluster is already cleaned and bounded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from casava_wire.state import EngineState, SidecarStatus


@dataclass(frozen=True)
class Probe:
    """The newest answer of one pod's ``/status``.

    ``at``: seconds of the monotonic clock when the answer (or its absence) was known. ``status`` is None when there
    was no good answer; ``error`` then says why in one line. ``settled``: facts or error have been the same for a
    while, so that they are no mere moment of a start.
    """

    at: float
    status: SidecarStatus | None
    error: str = ""
    settled: bool = False


@dataclass(frozen=True)
class Expected:
    """What the plan wants the children to be, to tell the present revision from an older one."""

    spec_hash: str
    template_hash: str
    contracts_digest: str  # sha256:<hex> of contracts.json as mounted
    url: str = ""  # of the model's Service
    selector: str = ""  # of its pods, as text
    engine: Mapping[str, Any] = field(default_factory=dict)  # what ``auto`` resolved to


@dataclass(frozen=True)
class ReferredContracts:
    """What has become of the OutputContracts that the accepted spec carries, each as ``contract@version``."""

    deleted: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()  # another object has the name now, and says something else


class ScalingMode(StrEnum):
    """Who decides the number of replicas."""

    AUTO = "Auto"  # the built-in autoscaler, between minReplicas and maxReplicas
    FIXED = "Fixed"  # minReplicas equals maxReplicas
    OFF = "Off"  # spec.replicas is set


@dataclass(frozen=True)
class Scaling:
    """The number of replicas that is wanted, and why."""

    desired: int
    mode: ScalingMode
    why: str = ""  # the decision in words, for the Event of a change; never in status


@dataclass(frozen=True)
class Exit:
    """How a container ended last."""

    code: int
    signal: int | None
    reason: str  # Error, OOMKilled, Completed, ContainerCannotRun, ...
    message: str  # tail of the termination message
    at: str = ""  # when, as the kubelet wrote it: RFC 3339 in UTC, so that later is greater


class ContainerState(StrEnum):
    """The kubelet's three states, and none yet."""

    ABSENT = "absent"
    WAITING = "waiting"
    RUNNING = "running"
    TERMINATED = "terminated"


@dataclass(frozen=True)
class ContainerFacts:
    """One container of a pod; the engine is a native sidecar, hence among the init containers."""

    name: str
    image: str
    state: ContainerState
    reason: str  # why it waits or ended
    message: str
    ready: bool
    restarts: int
    exit: Exit | None


@dataclass(frozen=True)
class Unschedulable:
    """The scheduler's sentence, taken apart: so many of ``nodes`` nodes were refused for each cause."""

    nodes: int
    causes: tuple[tuple[int, str], ...]
    message: str


class PodPhase(StrEnum):
    """Where a pod is in its life, as far as serving goes."""

    UNSCHEDULED = "unscheduled"
    STARTING = "starting"  # on a node, was never ready
    READY = "ready"
    UNREADY = "unready"  # was ready once, or its containers have restarted
    TERMINATING = "terminating"
    FINISHED = "finished"  # evicted, preempted, or refused by its node: it will not come back


@dataclass(frozen=True)
class PodFacts:
    """One pod of a model."""

    name: str
    uid: str
    template: str  # the Deployment controller's pod-template-hash
    created: str  # RFC 3339
    node: str
    address: str  # IP address as it stands in a URL; "" while there is none
    phase: PodPhase
    reason: str  # pod-level reason, such as Evicted or NodeLost
    message: str
    engine: ContainerFacts
    sidecar: ContainerFacts
    unschedulable: Unschedulable | None = None
    status: SidecarStatus | None = None  # its loads are zeroed: they flicker
    probe_error: str = ""
    settled: bool = False

    @property
    def ready(self) -> bool:
        """In the Service's endpoints."""
        return self.phase is PodPhase.READY

    @property
    def live(self) -> bool:
        """Counts as a replica: neither on its way out nor finished."""
        return self.phase not in {PodPhase.TERMINATING, PodPhase.FINISHED}

    @property
    def unasked(self) -> bool:
        """Its sidecar runs, but nobody has asked it yet: what it would say is not known, rather than absent."""
        running = self.sidecar.state is ContainerState.RUNNING
        return self.live and running and bool(self.address) and self.status is None and not self.probe_error

    @property
    def engine_state(self) -> EngineState | None:
        """The engine's own account, as the sidecar passes it on."""
        return self.status.engine if self.status else None


@dataclass(frozen=True)
class DeploymentFacts:
    """The Deployment's own account. ``current``: its controller has seen the newest spec."""

    desired: int
    total: int
    updated: int
    ready: int
    available: int
    current: bool
    spec_hash: str
    template_hash: str
    deadline_exceeded: bool  # no progress within progressDeadlineSeconds
    progress_since: str  # RFC 3339, the last step of the rollout; "" when unknown
    progress_deadline: int  # seconds
    replica_failure: str  # why pods could not be created (quota, pod security), or ""


@dataclass(frozen=True)
class Observation:
    """All facts of one model at one time. Pods are sorted by name."""

    expected: Expected
    deployment: DeploymentFacts | None
    pods: tuple[PodFacts, ...]
    scaling: Scaling | None
    referred: ReferredContracts = ReferredContracts()

    @property
    def live(self) -> tuple[PodFacts, ...]:
        """Pods that count as replicas."""
        return tuple(pod for pod in self.pods if pod.live)

    @property
    def ready(self) -> tuple[PodFacts, ...]:
        """Pods that take requests."""
        return tuple(pod for pod in self.pods if pod.ready)

    @property
    def current_spec(self) -> bool:
        """The Deployment holds the present spec (an operator upgrade may still be due)."""
        return self.deployment is not None and self.deployment.spec_hash == self.expected.spec_hash

    @property
    def upgrade_due(self) -> bool:
        """This operator would generate another pod template for the same spec, and the model's turn has not come."""
        found = self.deployment
        return found is not None and self.current_spec and found.template_hash != self.expected.template_hash

    @property
    def replaced(self) -> bool:
        """Every pod is made from the Deployment's newest template, and none of an older one is left."""
        found = self.deployment
        return found is not None and found.current and found.total == found.updated >= min(found.desired, 1)

    @property
    def rolled_out(self) -> bool:
        """The Deployment's newest template is all that runs, at the wanted number, each pod available."""
        found = self.deployment
        return (
            found is not None
            and self.replaced
            and found.total == found.desired
            and found.ready >= found.desired
            and found.available >= found.desired
        )
