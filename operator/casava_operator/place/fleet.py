"""The nodes of a cluster, as far as placing a model needs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from casava_operator.place.catalogue import GPU_RESOURCE, gpu_of_labels

_BLOCKING = ("NoSchedule", "NoExecute")


@dataclass(frozen=True)
class Taint:
    """A taint that keeps pods off a node."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True)
class FleetNode:
    """One node. ``gpu`` is the catalogue's name or what the node itself calls its GPU; "" when none is seen."""

    name: str
    labels: Mapping[str, str]
    gpu: str
    gpus: int  # allocatable
    cordoned: bool
    taints: tuple[Taint, ...]


@dataclass(frozen=True)
class Fleet:
    """Every node, sorted by name."""

    nodes: tuple[FleetNode, ...] = ()


def fleet_of(nodes: Iterable[Mapping[str, Any]]) -> Fleet:
    """The fleet that Node objects, as the API server gives them, stand for."""
    return Fleet(tuple(sorted((_node(node) for node in nodes), key=lambda node: node.name)))


def _node(node: Mapping[str, Any]) -> FleetNode:
    metadata, spec, status = node.get("metadata") or {}, node.get("spec") or {}, node.get("status") or {}
    labels = {str(key): str(value) for key, value in (metadata.get("labels") or {}).items()}
    allocatable = str((status.get("allocatable") or {}).get(GPU_RESOURCE, "0"))
    taints = tuple(
        Taint(str(taint.get("key", "")), str(taint.get("value") or ""), str(taint.get("effect", "")))
        for taint in spec.get("taints") or ()
        if taint.get("effect") in _BLOCKING
    )
    return FleetNode(
        name=str(metadata.get("name", "")),
        labels=labels,
        gpu=gpu_of_labels(labels),
        gpus=int(allocatable) if allocatable.isascii() and allocatable.isdigit() else 0,
        cordoned=bool(spec.get("unschedulable")),
        taints=taints,
    )
