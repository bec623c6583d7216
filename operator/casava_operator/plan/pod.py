"""The pod of a model: the sidecar, and the engine as a native sidecar that is started first and stopped last."""

import math
from collections.abc import Mapping
from typing import Any

from casava_operator.keys import Manifest
from casava_operator.place import Placement
from casava_operator.plan.names import child, common, plain, selector
from casava_operator.plan.resources import merged
from casava_operator.site import Site
from casava_operator.spec import CasavaModel
from casava_wire import labels, net, paths
from casava_wire.config import SidecarConfig

UID = 65532
_STOP_MARGIN = 15  # seconds for the sidecar to end and for Triton after it
_PROPAGATION: float = SidecarConfig.model_fields["propagation_seconds"].default

_ENGINE_RESOURCES: Mapping[str, Mapping[str, str]] = {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {}}
_SIDECAR_RESOURCES: Mapping[str, Mapping[str, str]] = {
    "requests": {"cpu": "50m", "memory": "128Mi"},
    "limits": {"memory": "512Mi"},
}
_SECURE: Manifest = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}

_SHARED = "shared"
_CACHE_DOWNLOADED = "256Gi"  # a bound on what a download may take of the node's disk, not an expectation
_CACHE_UNUSED = "64Mi"


def pod_template(model: CasavaModel, placement: Placement, site: Site, config: Mapping[str, str]) -> Manifest:
    """spec.template of the Deployment. ``config``: names of the ConfigMaps by part: engine, sidecar."""
    template = model.spec.template
    annotations = {"kubectl.kubernetes.io/default-container": labels.SIDECAR_CONTAINER, **template.annotations}
    return {
        "metadata": {"labels": {**template.labels, **common(model.name)}, "annotations": annotations},
        "spec": _pod_spec(model, placement, site, config),
    }


def _pod_spec(model: CasavaModel, placement: Placement, site: Site, config: Mapping[str, str]) -> Manifest:
    template = model.spec.template
    secrets = dict.fromkeys((*site.image_pull_secrets, *(secret.name for secret in template.image_pull_secrets)))
    tolerations = [*placement.tolerations, *map(plain, template.tolerations)]
    return {
        "serviceAccountName": child(model.name, "casava"),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _grace_seconds(model),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": UID,
            "runAsGroup": UID,
            "fsGroup": UID,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "nodeSelector": {"kubernetes.io/os": "linux", **template.node_selector},
        **({"affinity": placement.affinity} if placement.affinity else {}),
        **({"tolerations": tolerations} if tolerations else {}),
        "topologySpreadConstraints": [_spread(model, key) for key in _SPREAD_KEYS],
        **({"imagePullSecrets": [{"name": name} for name in secrets]} if secrets else {}),
        **({"priorityClassName": template.priority_class_name} if template.priority_class_name else {}),
        **({"runtimeClassName": template.runtime_class_name} if template.runtime_class_name else {}),
        "initContainers": [_engine(model, placement, site)],
        "containers": [_sidecar(model, site)],
        "volumes": _volumes(model, config),
    }


def _grace_seconds(model: CasavaModel) -> int:
    """New requests are served while endpoints forget the pod, then running ones end, then Triton."""
    return math.ceil(_PROPAGATION + model.spec.serving.drain_timeout_seconds) + _STOP_MARGIN


_SPREAD_KEYS = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def _spread(model: CasavaModel, key: str) -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(model.name)},
        "matchLabelKeys": ["pod-template-hash"],  # an old revision's pods are about to go: they do not count
    }


def _engine(model: CasavaModel, placement: Placement, site: Site) -> Manifest:
    resources = merged(_ENGINE_RESOURCES, model.spec.template.engine.resources)
    if placement.resources:
        resources["limits"] = {**resources.get("limits", {}), **placement.resources}
    env = [plain(variable) for variable in model.spec.template.env]
    return {
        "name": labels.ENGINE_CONTAINER,
        "image": model.spec.engine.image or site.images.runtime_cpu,
        "imagePullPolicy": site.image_pull_policy,
        "restartPolicy": "Always",  # a native sidecar: its end ends no pod, and it is stopped after the API
        "command": ["casava-engine", "serve"],
        **({"env": env} if env else {}),
        "resources": resources,
        "securityContext": _SECURE,
        "volumeMounts": [
            {"name": "engine-config", "mountPath": str(paths.ENGINE_CONFIG_DIR), "readOnly": True},
            {"name": _SHARED, "mountPath": str(paths.SHARED_DIR)},
            {"name": "engine-run", "mountPath": str(paths.REPOSITORY_DIR.parent)},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 -- a path in the container
            {"name": "cache", "mountPath": str(paths.CACHE_DIR)},
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108
            *_claim_mount(model),
        ],
    }


def _sidecar(model: CasavaModel, site: Site) -> Manifest:
    return {
        "name": labels.SIDECAR_CONTAINER,
        "image": site.images.sidecar,
        "imagePullPolicy": site.image_pull_policy,
        "command": ["casava-sidecar", "serve"],
        "ports": [
            {"name": "api", "containerPort": net.API_PORT, "protocol": "TCP"},
            {"name": "admin", "containerPort": net.ADMIN_PORT, "protocol": "TCP"},
        ],
        "livenessProbe": {**_probe(net.LIVE_PATH), "timeoutSeconds": 5, "periodSeconds": 10, "failureThreshold": 3},
        "readinessProbe": {**_probe(net.READY_PATH), "timeoutSeconds": 2, "periodSeconds": 1, "failureThreshold": 2},
        "lifecycle": {"preStop": {"exec": {"command": ["casava-sidecar", "drain"]}}},
        "resources": merged(_SIDECAR_RESOURCES, model.spec.template.sidecar.resources),
        "securityContext": _SECURE,
        "volumeMounts": [
            {"name": "sidecar-config", "mountPath": str(paths.SIDECAR_CONFIG_DIR), "readOnly": True},
            {"name": "contracts", "mountPath": str(paths.CONTRACTS_DIR), "readOnly": True},
            {"name": _SHARED, "mountPath": str(paths.SHARED_DIR), "readOnly": True},
            {"name": "sidecar-run", "mountPath": str(paths.DRAIN_SOCKET.parent)},
        ],
    }


def _probe(path: str) -> Manifest:
    return {"httpGet": {"path": path, "port": "admin"}}


def _volumes(model: CasavaModel, config: Mapping[str, str]) -> list[Manifest]:
    downloads = model.spec.model.source.startswith("https://")
    return [
        {"name": "engine-config", "configMap": {"name": config["engine"]}},
        {"name": "sidecar-config", "configMap": {"name": config["sidecar"]}},
        {"name": "contracts", "configMap": {"name": child(model.name, "contracts")}},
        _scratch(_SHARED, "16Mi"),
        _scratch("engine-run", "64Mi"),
        _scratch("sidecar-run", "1Mi"),
        _scratch("tmp", "1Gi"),
        _scratch("cache", _CACHE_DOWNLOADED if downloads else _CACHE_UNUSED),
        _scratch("shm", "256Mi", medium="Memory"),
        *_claim_volume(model),
    ]


def _scratch(name: str, limit: str, **more: Any) -> Manifest:
    return {"name": name, "emptyDir": {"sizeLimit": limit, **more}}


def _claim(model: CasavaModel) -> str | None:
    source = model.spec.model.source
    return source.removeprefix("pvc://").partition("/")[0] if source.startswith("pvc://") else None


def _claim_volume(model: CasavaModel) -> list[Manifest]:
    claim = _claim(model)
    return [{"name": "model", "persistentVolumeClaim": {"claimName": claim, "readOnly": True}}] if claim else []


def _claim_mount(model: CasavaModel) -> list[Manifest]:
    mount = {"name": "model", "mountPath": str(paths.MODEL_CLAIM_DIR), "readOnly": True}
    return [mount] if _claim(model) else []
