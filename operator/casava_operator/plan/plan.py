"""plan: every object of a model. Pure, and equal for equal arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from casava_operator.keys import Manifest
from casava_operator.place import Placement
from casava_operator.plan.config import contracts_config_map, engine_config_map, sidecar_config_map
from casava_operator.plan.history import accepted_spec, revision_of
from casava_operator.plan.names import child, digest, metadata, selector, short
from casava_operator.plan.network import network_policy
from casava_operator.plan.pod import pod_template
from casava_operator.site import Site
from casava_operator.spec import CasavaModel
from casava_wire import labels, net, paths

BACKEND: Final = "llama-cpp"  # what auto resolves to
SERVICE_PORT = 80
_PROGRESS_DEADLINE = 1800  # a GPU node and a large model may take this long; the user is told what it waits for
_OLD_REPLICA_SETS = 3
_NOT_IN_PODS = ("scaling", "contracts")  # edits that never reach the pod template


@dataclass(frozen=True)
class Plan:
    """What a model needs. ``objects`` are in the order in which they are applied."""

    objects: tuple[Manifest, ...]
    spec_hash: str
    template_hash: str
    contracts_digest: str  # sha256:<hex> of contracts.json, as the sidecar reports it
    config_maps: tuple[str, ...]
    url: str
    selector: str  # of the pods, as text
    engine: Mapping[str, str]  # what 'auto' resolved to, for status.engine

    @property
    def deployment(self) -> Manifest:
        return next(found for found in self.objects if found["kind"] == "Deployment")


def plan(model: CasavaModel, placement: Placement, site: Site, *, replicas: int, revision: int = 1) -> Plan:
    """Every object of ``model``: ``replicas`` pods placed as ``placement`` says."""
    engine, sidecar, contracts = engine_config_map(model), sidecar_config_map(model), contracts_config_map(model)
    names = {"engine": engine["metadata"]["name"], "sidecar": sidecar["metadata"]["name"]}
    template = pod_template(model, placement, site, names)
    spec_hash, template_hash = _spec_hash(model), short(template)
    deployment = _deployment(
        model, template, replicas, {labels.SPEC_HASH: spec_hash, labels.TEMPLATE_HASH: template_hash}
    )
    objects = (
        revision_of(model, revision),
        _service_account(model),
        engine,
        sidecar,
        contracts,
        *([network_policy(model, site)] if site.network_policies else []),
        _service(model),
        *([_disruption_budget(model)] if replicas > 1 else []),
        deployment,
    )
    return Plan(
        objects=objects,
        spec_hash=spec_hash,
        template_hash=template_hash,
        contracts_digest=f"sha256:{digest(contracts['data'][paths.CONTRACTS_FILE.name])}",
        config_maps=(*names.values(), contracts["metadata"]["name"]),
        url=f"http://{model.name}.{model.namespace}.svc/v1",
        selector=",".join(f"{key}={value}" for key, value in selector(model.name).items()),
        engine={"backend": BACKEND, "image": model.spec.engine.image or site.images.runtime_cpu},
    )


def _spec_hash(model: CasavaModel) -> str:
    """Changes with a user's edit of what the pods are made of, and with nothing that an operator upgrade brings."""
    return short({key: value for key, value in accepted_spec(model).items() if key not in _NOT_IN_PODS})


def _deployment(model: CasavaModel, template: Manifest, replicas: int, annotations: Mapping[str, str]) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(model, model.name, "server") | {"annotations": dict(annotations)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": selector(model.name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "revisionHistoryLimit": _OLD_REPLICA_SETS,
            "progressDeadlineSeconds": _PROGRESS_DEADLINE,
            "template": template,
        },
    }


def _service(model: CasavaModel) -> Manifest:
    port: dict[str, Any] = {"name": "http", "port": SERVICE_PORT, "targetPort": net.API_PORT, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(model, model.name, "server"),
        "spec": {"type": "ClusterIP", "selector": selector(model.name), "ports": [port | {"appProtocol": "http"}]},
    }


def _service_account(model: CasavaModel) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(model, child(model.name, "casava"), "server"),
        "automountServiceAccountToken": False,
    }


def _disruption_budget(model: CasavaModel) -> Manifest:
    """At one replica there is none: it would block the drain of its node for ever."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(model, child(model.name, "casava"), "server"),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(model.name)},
        },
    }
