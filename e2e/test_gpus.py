"""One manifest, four platforms: the scheduler is real, the silicon is not."""

import time
from typing import get_args

import pytest

from e2e.cluster.labels import Platform
from e2e.support.casava import Casava
from e2e.support.manifests import Manifest, model
from e2e.support.models import Models

PLACEMENT: list[Manifest] = [{"gpu": ["L4", "A10G", "T4"], "count": 1}]
PLATFORMS: list[Platform] = ["eks", "eks-karpenter", "gke", "aks", "onprem"]


def _on_a_gpu(models: Models, name: str) -> Manifest:
    return model(name, models.image, placement=PLACEMENT)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_manifest_is_ready_on_each_platform(casava: Casava, models: Models, platform: Platform) -> None:
    assert platform in get_args(Platform)
    node = casava.cluster.nodes()[-1]
    name = f"on-{platform}"
    casava.cluster.make_gpu_node(node, platform=platform, gpu="T4", count=1)
    try:
        models.apply(_on_a_gpu(models, name))
        models.wait_ready(name)
        assert models.condition(name, "Placed")["status"] == "True"
        degraded = models.condition(name, "Degraded")
        assert (degraded["status"], degraded["reason"]) == ("True", "GPUNotUsed")
        pod = models.pods(name)[0]
        assert pod["spec"]["nodeName"] == node
        engine = next(each for each in pod["spec"]["initContainers"] if each["name"] == "engine")
        assert engine["resources"]["limits"]["nvidia.com/gpu"] == "1"
        models.remove(name)  # or its GPU would not be free for the next
    finally:
        casava.cluster.plain_node(node)


def test_a_model_waits_for_its_node_untouched(casava: Casava, models: Models) -> None:
    models.apply(_on_a_gpu(models, "early"))
    waiting = models.wait_condition("early", "Placed", "Unknown", "WaitingForNode")
    assert "L4" in waiting["message"]
    cluster = casava.cluster
    before = cluster.wait_until("its pod", lambda: models.pods("early"))[0]
    generation = models.deployment("early")["metadata"]["generation"]
    time.sleep(20)
    node = cluster.nodes()[-1]
    cluster.make_gpu_node(node, platform="gke", gpu="L4", count=1)
    try:
        models.wait_ready("early")
        assert models.pods("early")[0]["metadata"]["uid"] == before["metadata"]["uid"]
        assert models.deployment("early")["metadata"]["generation"] == generation
    finally:
        models.remove("early")
        cluster.plain_node(node)


def test_a_gpu_that_nobody_knows_is_refused_and_what_serves_goes_on(models: Models) -> None:
    models.apply(model("named", models.image))
    models.wait_ready("named")
    deployment = models.deployment("named")["metadata"]["resourceVersion"]
    models.patch("named", {"placement": [{"gpu": ["A10Q"]}]})
    refused = models.wait_condition("named", "Placed", "False")
    assert "A10G" in refused["message"]
    assert models.deployment("named")["metadata"]["resourceVersion"] == deployment
    assert models.deployment("named")["status"]["readyReplicas"] == 1
