"""Facts from objects: the Deployment, its pods and what their sidecars answered. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from casava_operator.observe.facts import DeploymentFacts, Expected, Observation, Probe, ReferredContracts, Scaling
from casava_operator.observe.pods import pod_facts
from casava_operator.observe.text import head
from casava_wire import labels

Manifest = Mapping[str, Any]

_MESSAGE = 512
_AS_ACCEPTED = ReferredContracts()
_PROGRESS_DEADLINE = 600  # seconds, the API server's default


def observe(
    *,
    deployment: Manifest | None,
    pods: Sequence[Manifest],
    probes: Mapping[str, Probe],
    expected: Expected,
    scaling: Scaling | None,
    referred: ReferredContracts = _AS_ACCEPTED,
) -> Observation:
    """Facts of one model. ``probes`` maps pod uid to the newest answer; a pod may have none."""
    facts = (pod_facts(pod, probes.get(str(pod.get("metadata", {}).get("uid", "")))) for pod in pods)
    return Observation(
        expected=expected,
        deployment=deployment_facts(deployment) if deployment else None,
        pods=tuple(sorted(facts, key=lambda pod: pod.name)),
        scaling=scaling,
        referred=referred,
    )


def deployment_facts(deployment: Manifest) -> DeploymentFacts:
    """The Deployment's own account of its rollout."""
    meta, spec, status = (deployment.get(part) or {} for part in ("metadata", "spec", "status"))
    conditions = {each.get("type"): each for each in status.get("conditions") or ()}
    progressing, failure = conditions.get("Progressing", {}), conditions.get("ReplicaFailure", {})
    marks = {**(meta.get("annotations") or {}), **(meta.get("labels") or {})}
    return DeploymentFacts(
        desired=int(spec.get("replicas", 1)),
        total=int(status.get("replicas") or 0),
        updated=int(status.get("updatedReplicas") or 0),
        ready=int(status.get("readyReplicas") or 0),
        available=int(status.get("availableReplicas") or 0),
        current=int(status.get("observedGeneration") or 0) >= int(meta.get("generation") or 1),
        spec_hash=str(marks.get(labels.SPEC_HASH, "")),
        template_hash=str(marks.get(labels.TEMPLATE_HASH, "")),
        deadline_exceeded=progressing.get("status") == "False"
        and progressing.get("reason") == "ProgressDeadlineExceeded",
        progress_since=str(progressing.get("lastUpdateTime", "")),
        progress_deadline=int(spec.get("progressDeadlineSeconds") or _PROGRESS_DEADLINE),
        replica_failure=head(str(failure.get("message", "")), _MESSAGE) if failure.get("status") == "True" else "",
    )
