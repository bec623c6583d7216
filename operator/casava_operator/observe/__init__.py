"""Facts from the Deployment, its pods and what their sidecars answered. Pure."""

from casava_operator.observe.facts import Expected, Observation, Probe, ReferredContracts, Scaling, ScalingMode
from casava_operator.observe.observe import deployment_facts, observe
from casava_operator.observe.pods import pod_facts

__all__ = [
    "Expected",
    "Observation",
    "Probe",
    "ReferredContracts",
    "Scaling",
    "ScalingMode",
    "deployment_facts",
    "observe",
    "pod_facts",
]
