"""The same manifest finds its GPU on every platform; which nodes exist changes only the condition."""

from typing import Any

import pytest

from casava_operator.errors import UnknownGpu
from casava_operator.place import Placement, fleet_of, place, previous_entry
from casava_operator.place.catalogue import SCHEMES, affinity_terms, find, gpu_of_labels, gpus, nearest
from casava_operator.spec import CasavaModel, parse
from tests.unit.spec.specs import MINIMAL, body

Node = dict[str, Any]


def _model(*placement: dict[str, Any], **template: Any) -> CasavaModel:
    return parse(body({**MINIMAL, "placement": list(placement), "template": template}))


def _node(labels: dict[str, str], gpus: int = 1, name: str = "n", **spec: Any) -> Node:
    allocatable = {"nvidia.com/gpu": str(gpus)} if gpus else {}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"allocatable": allocatable}}


def _placed(model: CasavaModel, *nodes: Node, previous: int | None = None) -> Placement:
    return place(model, fleet_of(nodes), previous)


PLATFORMS = {
    "eks-node-group": {"node.kubernetes.io/instance-type": "g6.2xlarge", "eks.amazonaws.com/nodegroup": "gpu"},
    "eks-cluster-autoscaler": {"k8s.amazonaws.com/accelerator": "nvidia-l4"},
    "eks-karpenter": {"karpenter.k8s.aws/instance-gpu-name": "l4", "karpenter.k8s.aws/instance-gpu-memory": "22888"},
    "eks-auto-mode": {"eks.amazonaws.com/instance-gpu-name": "l4", "eks.amazonaws.com/instance-gpu-memory": "22888"},
    "gke": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
    "on-prem": {"nvidia.com/gpu.product": "NVIDIA-L4"},
}


@pytest.mark.parametrize("labels", PLATFORMS.values(), ids=PLATFORMS.keys())
def test_the_same_manifest_finds_an_l4_on_each_platform(labels: dict[str, str]) -> None:
    placement = _placed(_model({"gpu": ["L4"]}), _node(labels))
    assert (placement.status, placement.entry) == ("True", 0)
    assert gpu_of_labels(labels) == "L4"


@pytest.mark.parametrize(
    ("labels", "gpu"),
    [
        ({"node.kubernetes.io/instance-type": "Standard_NC24ads_A100_v4"}, "A100-80GB"),
        ({"node.kubernetes.io/instance-type": "Standard_ND96asr_v4"}, "A100-40GB"),
        ({"node.kubernetes.io/instance-type": "Standard_NC4as_T4_v3"}, "T4"),
        ({"node.kubernetes.io/instance-type": "BM.GPU.H100.8"}, "H100"),
        (
            {"karpenter.k8s.aws/instance-gpu-name": "a100", "karpenter.k8s.aws/instance-gpu-memory": "40960"},
            "A100-40GB",
        ),
        (
            {"karpenter.k8s.aws/instance-gpu-name": "a100", "karpenter.k8s.aws/instance-gpu-memory": "81920"},
            "A100-80GB",
        ),
        (
            {
                "karpenter.azure.com/sku-gpu-name": "H100",
                "node.kubernetes.io/instance-type": "Standard_NC40ads_H100_v5",
            },
            "H100-NVL",
        ),
        ({"cloud.google.com/gke-accelerator": "nvidia-tesla-a100"}, "A100-40GB"),
        ({"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}, "A100-80GB"),
    ],
)
def test_a_gpu_that_a_label_alone_leaves_open_is_told_apart(labels: dict[str, str], gpu: str) -> None:
    assert gpu_of_labels(labels) == gpu
    assert _placed(_model({"gpu": [gpu]}), _node(labels)).status == "True"
    others = [other.name for other in gpus() if other.name != gpu]
    assert all(_placed(_model({"gpu": [other]}), _node(labels)).status == "Unknown" for other in others)


@pytest.mark.parametrize(
    "labels",
    [
        {"nvidia.com/gpu.product": "NVIDIA-L4-SHARED"},
        {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"},
        {"cloud.google.com/gke-accelerator": "nvidia-l4", "cloud.google.com/gke-gpu-sharing-strategy": "time-sharing"},
        {"cloud.google.com/gke-accelerator": "nvidia-tesla-a100", "cloud.google.com/gke-gpu-partition-size": "1g.5gb"},
        {"node.kubernetes.io/instance-type": "g6.xlarge", "nvidia.com/gpu.sharing-strategy": "time-slicing"},
        {"karpenter.k8s.aws/instance-gpu-name": "l4", "karpenter.k8s.aws/instance-gpu-memory": "2861"},
        {"node.kubernetes.io/instance-type": "g6f.xlarge"},
    ],
    ids=str,
)
def test_a_slice_or_a_share_of_a_gpu_is_no_gpu(labels: dict[str, str]) -> None:
    assert _placed(_model({"gpu": ["L4", "A100"]}), _node(labels)).status == "Unknown"


def test_the_pods_ask_for_every_scheme_whatever_nodes_exist() -> None:
    model = _model({"gpu": ["T4", "A100", "H100"], "count": 2})
    empty = _placed(model)
    full = _placed(model, _node({"nvidia.com/gpu.product": "Tesla-T4"}, gpus=4))
    assert (empty.status, full.status) == ("Unknown", "True")
    for part in ("affinity", "tolerations", "resources", "entry", "gpu", "count"):
        assert getattr(empty, part) == getattr(full, part)
    assert empty.affinity is not None
    required = empty.affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    named = {need["key"] for term in required["nodeSelectorTerms"] for need in term["matchExpressions"]}
    assert set(SCHEMES) <= named
    assert empty.resources == {"nvidia.com/gpu": "2"}
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in empty.tolerations


def test_without_placement_the_model_runs_on_cpus() -> None:
    placement = _placed(_model())
    assert placement.status == "True"
    assert placement.affinity is None
    assert placement.resources == {}
    assert placement.to_status() == {"summary": "none"}


@pytest.mark.parametrize(
    ("name", "near"),
    [("A10B", "A10"), ("nvidia-l4s", "L4"), ("H1000", "H100"), ("A100-81GB", "A100-80GB"), ("L4O", "L40")],
)
def test_an_unknown_gpu_is_refused_and_the_nearest_are_named(name: str, near: str) -> None:
    with pytest.raises(UnknownGpu, match="did you mean") as refused:
        _placed(_model({"gpu": ["T4"]}, {"gpu": ["L4", name]}))
    assert refused.value.path == "spec.placement[1].gpu[1]"
    assert near in nearest(name)


def test_a_name_like_none_gets_the_list() -> None:
    with pytest.raises(UnknownGpu, match=r"known are T4, .*H200"):
        _placed(_model({"gpu": ["quantum"]}))


def test_names_are_known_in_any_case_and_a_family_is_all_its_sizes() -> None:
    assert [gpu.name for gpu in find("a100")] == ["A100-40GB", "A100-80GB"]
    assert [gpu.name for gpu in find("l4")] == ["L4"]


def test_the_first_entry_that_a_node_fits_is_chosen_and_kept() -> None:
    model = _model({"gpu": ["H100"]}, {"gpu": ["L4"], "count": 2})
    l4 = _node({"nvidia.com/gpu.product": "NVIDIA-L4"}, gpus=2)
    h100 = _node({"nvidia.com/gpu.product": "NVIDIA-H100-PCIe"})
    chosen = _placed(model, l4)
    assert (chosen.entry, chosen.count, chosen.status) == (1, 2, "True")
    status = {"placement": chosen.to_status()}
    kept = _placed(model, l4, h100, previous=previous_entry(model, status))
    assert kept.entry == 1
    gone = _placed(model, h100, previous=previous_entry(model, status))
    assert (gone.entry, gone.status) == (1, "Unknown")


def test_an_entry_is_forgotten_when_the_spec_has_another_there() -> None:
    before = _placed(_model({"gpu": ["L4"]})).to_status()
    assert previous_entry(_model({"gpu": ["L4"]}), {"placement": before}) == 0
    assert previous_entry(_model({"gpu": ["H100"]}, {"gpu": ["L4"]}), {"placement": before}) is None
    assert previous_entry(_model({"gpu": ["L4"], "count": 2}), {"placement": before}) is None
    assert previous_entry(_model(), {"placement": before}) is None
    assert previous_entry(_model({"gpu": ["L4"]}), None) is None


_L4 = {"nvidia.com/gpu.product": "NVIDIA-L4"}


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ([], "no node with a GPU"),
        ([_node({}, gpus=0)], "no node with a GPU"),
        ([_node({}, gpus=2)], "an unknown GPU (2 per node)"),
        ([_node({"nvidia.com/gpu.product": "Tesla-T4"}, gpus=4)], "The cluster has T4 (4 per node)."),
        ([_node(_L4, gpus=0, name="a")], "is the NVIDIA device plugin running on it?"),
        ([_node(_L4, gpus=1, name="a")], "offers 1 per node"),
        ([_node(_L4, gpus=2, name="a", unschedulable=True)], "kubectl uncordon a"),
        (
            [_node(_L4, gpus=2, taints=[{"key": "team", "value": "x", "effect": "NoSchedule"}])],
            "taint team=x:NoSchedule",
        ),
        ([_node({"nvidia.com/gpu.product": "NVIDIA-L4-SHARED"}, gpus=8)], "L4-SHARED (8 per node)"),
    ],
)
def test_while_no_node_fits_the_condition_says_what_was_asked_and_what_there_is(nodes: list[Node], says: str) -> None:
    placement = _placed(_model({"gpu": ["L4"], "count": 2}), *nodes)
    assert (placement.status, placement.reason) == ("Unknown", "WaitingForNode")
    assert "2 x L4" in placement.message
    assert says in placement.message


def test_a_node_that_the_selector_misses_does_not_fit() -> None:
    placement = _placed(_model({"gpu": ["L4"]}, nodeSelector={"pool": "a"}), _node(_L4))
    assert "spec.template.nodeSelector" in placement.message


@pytest.mark.parametrize(
    "taint",
    [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        {"key": "sku", "value": "gpu", "effect": "NoSchedule"},
        {"key": "spare", "value": "x", "effect": "PreferNoSchedule"},
        {"key": "team", "value": "x", "effect": "NoSchedule"},
    ],
    ids=lambda taint: str(taint["key"]),
)
def test_the_taints_of_gpu_nodes_and_those_of_the_template_are_tolerated(taint: dict[str, str]) -> None:
    tolerated = {"tolerations": [{"key": "team", "operator": "Equal", "value": "x", "effect": "NoSchedule"}]}
    assert _placed(_model({"gpu": ["L4"]}, **tolerated), _node(_L4, taints=[taint])).status == "True"


def test_the_message_does_not_change_with_the_number_of_nodes() -> None:
    model = _model({"gpu": ["H100"]})
    few = [_node(_L4, name="a")]
    many = [_node(_L4, name=name) for name in "abc"]
    assert _placed(model, *few).message == _placed(model, *many).message


def test_every_gpu_of_the_catalogue_can_be_asked_for_and_is_recognised() -> None:
    for gpu in gpus():
        assert find(gpu.name) == (gpu,)
        assert affinity_terms([gpu])
        product = gpu.labels["nvidia.com/gpu.product"][0]
        assert gpu_of_labels({"nvidia.com/gpu.product": product}) == gpu.name


def test_no_label_value_stands_for_two_gpus_without_a_way_to_tell() -> None:
    for scheme in SCHEMES:
        owners: dict[str, list[str]] = {}
        for gpu in gpus():
            for value in gpu.labels.get(scheme, ()):
                owners.setdefault(value, []).append(gpu.name)
        for value, names in owners.items():
            told_apart = all(found.where.get(scheme) for name in names for found in find(name))
            assert len(names) == 1 or told_apart, (scheme, value, names)
