"""The GPUs that Casava knows and what each platform's nodes call them.

No label names the GPU on every platform, so a pod asks for all of them at once (terms of a node affinity are OR-ed):
GPU feature discovery anywhere, GKE, Karpenter and EKS Auto Mode, Karpenter on Azure, the label of the AWS cluster
autoscaler, and instance types where there is nothing else (EKS managed node groups, AKS, OKE). ``gpus.json`` holds the
names: from the label references of those projects and the clouds' own lists of instance types.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from casava_operator.keys import Manifest

GPU_RESOURCE = "nvidia.com/gpu"

PRODUCT = "nvidia.com/gpu.product"
# In this order, because Karpenter tries required terms from the first on and each that cannot be met costs it a pass:
# its own labels lead. A scheduler does not care.
SCHEMES = (
    "karpenter.k8s.aws/instance-gpu-name",
    "eks.amazonaws.com/instance-gpu-name",
    "karpenter.azure.com/sku-gpu-name",
    "cloud.google.com/gke-accelerator",
    PRODUCT,
    "k8s.amazonaws.com/accelerator",
    "node.kubernetes.io/instance-type",
)
# What a node says most surely of itself comes first.
_PRECEDENCE = (PRODUCT, *(scheme for scheme in SCHEMES if scheme != PRODUCT))

_GKE_WHOLE = tuple(
    {"key": f"cloud.google.com/{name}", "operator": "DoesNotExist"}
    for name in ("gke-gpu-partition-size", "gke-gpu-sharing-strategy")
)
_UNSHARED = ({"key": "nvidia.com/gpu.sharing-strategy", "operator": "NotIn", "values": ["mps", "time-slicing"]},)
# A model assumes the whole memory of its GPU. GPU feature discovery marks a shared or sliced one in the product name.
_WHOLE_GPU: Mapping[str, tuple[Manifest, ...]] = {
    "cloud.google.com/gke-accelerator": _GKE_WHOLE,
    "k8s.amazonaws.com/accelerator": _UNSHARED,
    "node.kubernetes.io/instance-type": _UNSHARED,
}
_SUFFIX = re.compile(r"-(SHARED|MIG-[0-9a-z.+]+)$")


@dataclass(frozen=True)
class Gpu:
    """One model of GPU. ``labels``: values per label key; ``where``: what else must hold where a value is ambiguous."""

    name: str
    memory_mib: int
    aliases: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    where: Mapping[str, tuple[Manifest, ...]]


@cache
def gpus() -> tuple[Gpu, ...]:
    """Every known GPU."""
    raw = json.loads(files("casava_operator.place").joinpath("gpus.json").read_text())
    return tuple(_gpu(entry) for entry in raw["gpus"])


def _gpu(entry: Mapping[str, Any]) -> Gpu:
    return Gpu(
        name=entry["name"],
        memory_mib=entry["memoryMiB"],
        aliases=tuple(entry.get("aliases", ())),
        labels={key: tuple(values) for key, values in entry["labels"].items()},
        where={key: tuple(requirements) for key, requirements in entry.get("where", {}).items()},
    )


@cache
def _named() -> Mapping[tuple[str, str], tuple[Gpu, ...]]:
    """The GPUs by label key and value: a cluster has many nodes, and each is looked at often."""
    found: dict[tuple[str, str], list[Gpu]] = {}
    for gpu in gpus():
        for scheme, values in gpu.labels.items():
            for value in values:
                found.setdefault((scheme, value), []).append(gpu)
    return {key: tuple(named) for key, named in found.items()}


def find(name: str) -> tuple[Gpu, ...]:
    """The GPUs of that name or alias, in any case: 'A100' is two, an unknown name none."""
    wanted = name.upper()
    return tuple(gpu for gpu in gpus() if wanted in (gpu.name, *gpu.aliases))


def nearest(name: str) -> list[str]:
    """At most three known names that are spelt most like ``name``."""
    known = [spelt for gpu in gpus() for spelt in (gpu.name, *gpu.aliases)]
    wanted = _SUFFIX.sub("", name.upper()).removeprefix("NVIDIA-").removeprefix("TESLA-")
    return get_close_matches(wanted, list(dict.fromkeys(known)), n=3, cutoff=0.5)


def affinity_terms(wanted: Iterable[Gpu]) -> list[Manifest]:
    """Terms of a node affinity, any of which will do: one per scheme and, where names are ambiguous, per GPU."""
    chosen = tuple(wanted)
    terms = []
    for scheme in SCHEMES:
        values: dict[str, list[str]] = {}
        requirements: dict[str, tuple[Manifest, ...]] = {}
        for gpu in chosen:
            if scheme in gpu.labels:
                where = gpu.where.get(scheme, ())
                group = json.dumps(where)
                requirements[group] = where
                values.setdefault(group, []).extend(gpu.labels[scheme])
        for group, names in values.items():
            first = {"key": scheme, "operator": "In", "values": sorted(set(names))}
            terms.append({"matchExpressions": [first, *requirements[group], *_WHOLE_GPU.get(scheme, ())]})
    return terms


def gpu_of_labels(labels: Mapping[str, str]) -> str:
    """What GPU a node's labels tell of: the catalogue's name, else the node's own word, else ""."""
    own_word = ""
    for scheme in _PRECEDENCE:
        value = _SUFFIX.sub("", labels.get(scheme, ""))
        named = _named().get((scheme, value), ())
        sure = [gpu for gpu in named if all(holds(need, labels) for need in gpu.where.get(scheme, ()))]
        if sure or named:
            suffix = labels[scheme][len(value) :]
            return " or ".join(gpu.name for gpu in (sure or named)) + suffix
        if value and not own_word and scheme != "node.kubernetes.io/instance-type":
            own_word = labels[scheme]
    return own_word


def holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """One requirement of a node selector term against a node's labels, as the scheduler judges it."""
    key: str = requirement["key"]
    values: Sequence[str] = requirement.get("values") or ()
    value = labels.get(key)
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value is None or value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return _number(value) is not None and int(value or 0) > int(values[0])
        case "Lt":
            return _number(value) is not None and int(value or 0) < int(values[0])
        case other:
            raise ValueError(other)


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.removeprefix("-").isdigit() else None
