"""GPU nodes look as each platform makes them look."""

import re
from typing import get_args

import pytest

from e2e.cluster.labels import GPUS, Platform, gpu_node
from e2e.cluster.proc import ClusterError

PLATFORMS: tuple[Platform, ...] = get_args(Platform)
NAME = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("gpu", GPUS)
def test_every_label_is_one_that_kubernetes_takes(platform: Platform, gpu: str) -> None:
    try:
        look = gpu_node(platform, gpu, 8)
    except ClusterError as refused:
        assert f"{platform} offers no {gpu}" in str(refused)  # noqa: PT017 - not every platform has every GPU
        return
    assert look.labels
    assert all(NAME.fullmatch(key) for key in look.labels)
    assert all(VALUE.fullmatch(value) for value in look.labels.values())
    assert all(re.fullmatch(r"[^=:]+(=[^:]+)?:NoSchedule", taint) for taint in look.taints)


@pytest.mark.parametrize("gpu", ["T4", "A100-80GB", "H100"])
def test_some_gpus_can_be_had_everywhere(gpu: str) -> None:
    looks = {platform: gpu_node(platform, gpu) for platform in PLATFORMS}
    assert len({tuple(sorted(look.labels.items())) for look in looks.values()}) == len(PLATFORMS)


def test_a_managed_node_group_tells_the_gpu_by_its_instance_type_alone() -> None:
    labels = gpu_node("eks", "L4").labels
    assert labels["node.kubernetes.io/instance-type"] == "g6.xlarge"
    assert not any("gpu" in key or "accelerator" in key for key in labels)


def test_taints_are_those_of_the_platform() -> None:
    taints = {platform: gpu_node(platform, "T4").taints for platform in ("eks", "gke", "aks", "onprem")}
    assert taints == {
        "eks": (),
        "gke": ("nvidia.com/gpu=present:NoSchedule",),
        "aks": ("sku=gpu:NoSchedule",),
        "onprem": ("nvidia.com/gpu:NoSchedule",),
    }


def test_an_unknown_gpu_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ClusterError, match="A10G"):
        gpu_node("gke", "RTX-9999")
