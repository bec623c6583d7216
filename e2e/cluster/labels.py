"""What GPU nodes of each platform look like: labels, taints and provider ID as that platform sets them. Pure.

Sources: Karpenter's and the platforms' own documentation of node labels; GPU feature discovery v0.20 for on-prem.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from e2e.cluster.proc import ClusterError

Platform = Literal["eks", "eks-karpenter", "eks-auto", "gke", "aks", "aks-karpenter", "onprem"]

GPU_COUNT_LABEL: Final = "e2e.casava.dev/gpus"  # read by the device plugin: how many GPUs it is to advertise
CONVENTION: Final = "nvidia.com/gpu"  # the taint's key, where a platform or its users keep other pods off GPU nodes


@dataclass(frozen=True)
class Gpu:
    """One model of GPU under the names that the platforms give it; empty where a platform does not offer it."""

    product: str  # GPU feature discovery's nvidia.com/gpu.product
    memory: int  # MiB, as the driver reports it
    family: str
    capability: str  # CUDA compute capability
    aws: str = ""  # an instance type that has it
    karpenter: str = ""  # Karpenter's and EKS Auto Mode's instance-gpu-name
    gke: str = ""  # cloud.google.com/gke-accelerator
    gcp: str = ""
    azure: str = ""
    azure_karpenter: str = ""


GPUS: Final[Mapping[str, Gpu]] = {
    "T4": Gpu(
        *("Tesla-T4", 15360, "turing", "7.5"),
        aws="g4dn.xlarge",
        karpenter="t4",
        gke="nvidia-tesla-t4",
        gcp="n1-standard-4",
        azure="Standard_NC16as_T4_v3",
        azure_karpenter="T4",
    ),
    "A10G": Gpu(*("NVIDIA-A10G", 23028, "ampere", "8.6"), aws="g5.xlarge", karpenter="a10g"),
    "L4": Gpu(
        *("NVIDIA-L4", 23034, "ada-lovelace", "8.9"),
        aws="g6.xlarge",
        karpenter="l4",
        gke="nvidia-l4",
        gcp="g2-standard-4",
    ),
    "L40S": Gpu(*("NVIDIA-L40S", 46068, "ada-lovelace", "8.9"), aws="g6e.xlarge", karpenter="l40s"),
    "A100-80GB": Gpu(
        *("NVIDIA-A100-SXM4-80GB", 81920, "ampere", "8.0"),
        aws="p4de.24xlarge",
        karpenter="a100",
        gke="nvidia-a100-80gb",
        gcp="a2-ultragpu-1g",
        azure="Standard_NC24ads_A100_v4",
        azure_karpenter="A100",
    ),
    "H100": Gpu(
        *("NVIDIA-H100-80GB-HBM3", 81559, "hopper", "9.0"),
        aws="p5.48xlarge",
        karpenter="h100",
        gke="nvidia-h100-80gb",
        gcp="a3-highgpu-8g",
        azure="Standard_ND96isr_H100_v5",
        azure_karpenter="H100",
    ),
}


@dataclass(frozen=True)
class Look:
    """What a node of a platform carries. `taints` are `key=value:effect` or `key:effect`, as kubectl writes them."""

    provider_id: str
    labels: Mapping[str, str]
    taints: tuple[str, ...] = field(default=())


def gpu_node(platform: Platform, gpu: str, count: int = 1) -> Look:
    """How a node with `count` GPUs of that model looks on a platform.

    Raises ClusterError for a model that is not in `GPUS` or that the platform does not offer.
    """
    model = GPUS.get(gpu)
    if model is None:
        raise ClusterError(f"no such GPU: {gpu}; known are {', '.join(GPUS)}")
    if platform == "onprem":
        return _onprem(model, count)
    if platform == "gke":
        return _gke(_offered(model.gke, platform, gpu), model, count)
    if platform in ("aks", "aks-karpenter"):
        return _aks(_offered(model.azure, platform, gpu), model, count, karpenter=platform == "aks-karpenter")
    return _eks(_offered(model.aws, platform, gpu), model, count, platform)


def _offered(name: str, platform: Platform, gpu: str) -> str:
    if not name:
        raise ClusterError(f"{platform} offers no {gpu}: choose another platform or GPU")
    return name


def _eks(instance: str, model: Gpu, count: int, platform: Platform) -> Look:
    labels = {"node.kubernetes.io/instance-type": instance, "topology.kubernetes.io/region": "us-east-1"}
    if platform == "eks":  # a managed node group: the instance type is all that tells the GPU
        labels |= {"eks.amazonaws.com/nodegroup": "gpu", "eks.amazonaws.com/capacityType": "ON_DEMAND"}
    else:
        prefix = "eks.amazonaws.com" if platform == "eks-auto" else "karpenter.k8s.aws"
        labels |= {
            f"{prefix}/instance-gpu-name": model.karpenter,
            f"{prefix}/instance-gpu-manufacturer": "nvidia",
            f"{prefix}/instance-gpu-count": str(count),
            f"{prefix}/instance-gpu-memory": str(model.memory),
            "karpenter.sh/capacity-type": "on-demand",
            "karpenter.sh/nodepool": "gpu",
        }
    if platform == "eks-auto":
        labels["eks.amazonaws.com/compute-type"] = "auto"
    return Look("aws:///us-east-1a/i-0123456789abcdef0", labels)


def _gke(accelerator: str, model: Gpu, count: int) -> Look:
    labels = {
        "node.kubernetes.io/instance-type": model.gcp,
        "cloud.google.com/gke-accelerator": accelerator,
        "cloud.google.com/gke-accelerator-count": str(count),
        "cloud.google.com/gke-gpu-driver-version": "default",
        "cloud.google.com/gke-nodepool": "gpu",
        "cloud.google.com/machine-family": model.gcp.partition("-")[0],
    }
    return Look("gce://casava-e2e/us-central1-a/gke-gpu-0", labels, (f"{CONVENTION}=present:NoSchedule",))


def _aks(instance: str, model: Gpu, count: int, *, karpenter: bool) -> Look:
    labels = {
        "node.kubernetes.io/instance-type": instance,
        "kubernetes.azure.com/cluster": "MC_casava_e2e_westeurope",
        "kubernetes.azure.com/agentpool": "gpu",
        "kubernetes.azure.com/accelerator": "nvidia",
        "accelerator": "nvidia",
    }
    if karpenter:
        labels |= {
            "karpenter.azure.com/sku-name": instance,
            "karpenter.azure.com/sku-gpu-name": model.azure_karpenter,
            "karpenter.azure.com/sku-gpu-manufacturer": "nvidia",
            "karpenter.azure.com/sku-gpu-count": str(count),
            "karpenter.sh/capacity-type": "on-demand",
        }
    provider_id = (
        "azure:///subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mc_casava/providers"
        "/Microsoft.Compute/virtualMachineScaleSets/aks-gpu-vmss/virtualMachines/0"
    )
    return Look(provider_id, labels, ("sku=gpu:NoSchedule",))


def _onprem(model: Gpu, count: int) -> Look:
    major, minor = model.capability.split(".")
    labels = {
        "feature.node.kubernetes.io/pci-10de.present": "true",
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.product": model.product,
        "nvidia.com/gpu.memory": str(model.memory),
        "nvidia.com/gpu.count": str(count),
        "nvidia.com/gpu.family": model.family,
        "nvidia.com/gpu.compute.major": major,
        "nvidia.com/gpu.compute.minor": minor,
        "nvidia.com/gpu.sharing-strategy": "none",
        "nvidia.com/mig.capable": "false",
    }
    return Look("", labels, (f"{CONVENTION}:NoSchedule",))
