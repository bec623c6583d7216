"""place: from the GPUs that a spec names to what its pods ask for, and whether any node can give it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from casava_operator.errors import UnknownGpu
from casava_operator.keys import Manifest
from casava_operator.place.catalogue import GPU_RESOURCE, Gpu, affinity_terms, find, gpus, holds, nearest
from casava_operator.place.fleet import Fleet, FleetNode, Taint
from casava_operator.spec import CasavaModel
from casava_operator.spec.fields import PlacementEntry
from casava_operator.spec.template import Toleration

# Only some clusters add these by themselves; on the others a GPU node would refuse the pod.
GPU_TOLERATIONS: tuple[Manifest, ...] = (
    {"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"},
    {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"},
)
_MAX_KINDS = 8


@dataclass(frozen=True)
class Placement:
    """What the pods ask for, which depends on the spec and the chosen entry alone, and the condition Placed.

    ``entry``: index into spec.placement, None on CPUs. ``gpu``: names as the user wrote them, any of which will do.
    """

    entry: int | None = None
    gpu: tuple[str, ...] = ()
    count: int = 0
    affinity: Manifest | None = None
    tolerations: tuple[Manifest, ...] = ()
    resources: Mapping[str, str] = field(default_factory=dict)  # limits of the engine container
    status: Literal["True", "Unknown"] = "True"
    reason: str = "NoGPU"
    message: str = "The model runs on CPUs: spec.placement names no GPU."

    @property
    def summary(self) -> str:
        """For people: ``2 x L4 or A10G``, or ``none``."""
        return _asked(self.gpu, self.count) if self.count else "none"

    def to_status(self) -> Manifest:
        """status.placement: what the next call keeps to."""
        chosen: Manifest = {"summary": self.summary}
        if self.entry is not None:
            chosen |= {"entry": self.entry, "gpu": list(self.gpu), "count": self.count}
        return chosen


def previous_entry(model: CasavaModel, status: Mapping[str, Any] | None) -> int | None:
    """The entry that was chosen before, while spec.placement still has the same entry there."""
    chosen = (status or {}).get("placement") or {}
    index = chosen.get("entry")
    if not isinstance(index, int) or not 0 <= index < len(model.spec.placement):
        return None
    entry = model.spec.placement[index]
    same = list(entry.gpu) == chosen.get("gpu") and entry.count == chosen.get("count")
    return index if same else None


def place(model: CasavaModel, fleet: Fleet, previous_entry: int | None) -> Placement:
    """Choose an entry of spec.placement: the one chosen before, else the first that a node fits now, else the first.

    Raises UnknownGpu when any entry names a GPU that is not in the catalogue.
    """
    entries = model.spec.placement
    if not entries:
        return Placement()
    known = [_gpus_of(entry, index) for index, entry in enumerate(entries)]
    fitting = [_fitting(model, entry, known[index], fleet) for index, entry in enumerate(entries)]
    if previous_entry is not None:
        chosen = previous_entry
    else:
        chosen = next((index for index, nodes in enumerate(fitting) if nodes), 0)
    return _placement(model, chosen, known[chosen], fleet, fits=bool(fitting[chosen]))


def _gpus_of(entry: PlacementEntry, index: int) -> tuple[Gpu, ...]:
    found: dict[str, Gpu] = {}
    for position, name in enumerate(entry.gpu):
        named = find(name)
        if not named:
            near = nearest(name)
            known = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(g.name for g in gpus())}"
            raise UnknownGpu(f"spec.placement[{index}].gpu[{position}]", f"no GPU is known as {name!r}: {known}")
        found |= {gpu.name: gpu for gpu in named}
    return tuple(found.values())


def _placement(model: CasavaModel, index: int, known: Sequence[Gpu], fleet: Fleet, *, fits: bool) -> Placement:
    entry = model.spec.placement[index]
    asked = _asked(entry.gpu, entry.count)
    if fits:
        status, reason, message = "True", "NodesMatch", f"The cluster has nodes with {asked}."
    else:
        status, reason = "Unknown", "WaitingForNode"
        message = f"No node can give {asked} now. {_what_there_is(model, entry, known, fleet)}"
    return Placement(
        entry=index,
        gpu=entry.gpu,
        count=entry.count,
        affinity={
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": affinity_terms(known)}
            }
        },
        tolerations=GPU_TOLERATIONS,
        resources={GPU_RESOURCE: str(entry.count)},
        status="True" if status == "True" else "Unknown",
        reason=reason,
        message=message,
    )


def _asked(names: Iterable[str], count: int) -> str:
    return f"{count} x {' or '.join(names)}"


def _fitting(model: CasavaModel, entry: PlacementEntry, known: Sequence[Gpu], fleet: Fleet) -> list[FleetNode]:
    """Nodes that could ever hold one replica. How much of them is free is the scheduler's business."""
    return [
        node
        for node in _matching(known, fleet)
        if node.gpus >= entry.count
        and not node.cordoned
        and not _selector_misses(model, node)
        and not _bars(model, node)
    ]


def _matching(known: Sequence[Gpu], fleet: Fleet) -> list[FleetNode]:
    terms = affinity_terms(known)
    return [
        node
        for node in fleet.nodes
        if any(all(holds(need, node.labels) for need in term["matchExpressions"]) for term in terms)
    ]


def _selector_misses(model: CasavaModel, node: FleetNode) -> bool:
    return any(node.labels.get(key) != value for key, value in model.spec.template.node_selector.items())


def _bars(model: CasavaModel, node: FleetNode) -> Taint | None:
    """The first taint that the pods would not tolerate."""
    tolerations = (*(Toleration(**own) for own in GPU_TOLERATIONS), *model.spec.template.tolerations)
    return next((taint for taint in node.taints if not any(_tolerates(t, taint) for t in tolerations)), None)


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect not in (None, taint.effect):
        return False
    if not toleration.key:
        return toleration.operator == "Exists"
    same_value = toleration.operator == "Exists" or (toleration.value or "") == taint.value
    return toleration.key == taint.key and same_value


def _what_there_is(model: CasavaModel, entry: PlacementEntry, known: Sequence[Gpu], fleet: Fleet) -> str:
    """Why the nodes there are do not do, in one or two sentences, the same for the same kinds of nodes."""
    right = _matching(known, fleet)
    if right:
        return _why_not(model, entry, right)
    kinds: dict[str, int] = {}
    for node in fleet.nodes:
        if node.gpu or node.gpus:
            name = node.gpu or "an unknown GPU"
            kinds[name] = max(kinds.get(name, 0), node.gpus)
    if not kinds:
        return "The cluster has no node with a GPU; a node autoscaler may bring one."
    names = [f"{name} ({count} per node)" for name, count in sorted(kinds.items())]
    more = f" and {len(names) - _MAX_KINDS} more kinds" if len(names) > _MAX_KINDS else ""
    return f"The cluster has {', '.join(names[:_MAX_KINDS])}{more}."


def _why_not(model: CasavaModel, entry: PlacementEntry, right: Sequence[FleetNode]) -> str:
    node = max(right, key=lambda candidate: (candidate.gpus, candidate.name))
    name = f"Node {node.name} ({node.gpu})"
    if node.gpus == 0:
        return f"{name} has the GPU but offers no {GPU_RESOURCE}: is the NVIDIA device plugin running on it?"
    if node.gpus < entry.count:
        return f"{name} offers {node.gpus} per node: lower spec.placement[].count or add larger nodes."
    open_nodes = [candidate for candidate in right if candidate.gpus >= entry.count and not candidate.cordoned]
    if not open_nodes:
        return f"{name} is cordoned: kubectl uncordon {node.name} lets pods onto it."
    if all(_selector_misses(model, candidate) for candidate in open_nodes):
        return f"{name} lacks a label of spec.template.nodeSelector."
    taint = next((found for candidate in open_nodes if (found := _bars(model, candidate))), None)
    held = f"{taint.key}={taint.value}:{taint.effect}" if taint else "unknown"
    return f"{name} has the taint {held}: tolerate it in spec.template.tolerations."
