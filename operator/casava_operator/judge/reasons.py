"""Reasons of conditions and causes of diagnoses. They are part of the API: never renamed. See docs/conditions.md."""

from enum import StrEnum


class Reason(StrEnum):
    """Reasons that judge itself gives. Engine reasons (casava_wire.reasons.EngineReason) are used as they are."""

    # All is well, or on its way.
    RECONCILING = "Reconciling"
    ACCEPTED = "Accepted"
    NO_GPU = "NoGPU"
    NODES_MATCH = "NodesMatch"
    SCHEDULED = "Scheduled"
    CACHED = "Cached"
    SERVING = "Serving"
    READY = "Ready"
    COMPLETE = "Complete"
    AS_EXPECTED = "AsExpected"
    ROLLING_OUT = "RollingOut"
    SCALING = "Scaling"
    STARTING = "Starting"
    FETCHING = "Fetching"
    VERIFYING = "Verifying"
    CONTRACTS_RELOADING = "ContractsReloading"
    CONTRACTS_SERVED = "ContractsServed"
    NO_CONTRACTS = "NoContracts"
    COMPILED = "Compiled"  # of an OutputContract
    UPGRADE_QUEUED = "UpgradeQueued"
    NO_REPLICAS = "NoReplicas"
    WAITING_FOR_POD = "WaitingForPod"

    # The spec is not taken.
    INVALID_SPEC = "InvalidSpec"
    UNKNOWN_GPU = "UnknownGpu"
    CONTRACT_REFUSED = "ContractRefused"  # of an OutputContract
    CONFLICT = "Conflict"
    FORBIDDEN = "Forbidden"
    NOT_ACCEPTED = "NotAccepted"

    # No node.
    WAITING_FOR_NODE = "WaitingForNode"
    INSUFFICIENT_RESOURCES = "InsufficientResources"
    UNTOLERATED_TAINT = "UntoleratedTaint"
    NO_MATCHING_NODE = "NoMatchingNode"
    VOLUME_NOT_AVAILABLE = "VolumeNotAvailable"
    UNSCHEDULABLE = "Unschedulable"
    PODS_REFUSED = "PodsRefused"

    # A pod does not run.
    IMAGE_PULL_FAILED = "ImagePullFailed"
    CONTAINER_NOT_CREATED = "ContainerNotCreated"
    CRASH_LOOP = "CrashLoop"
    CONTAINER_EXITED = "ContainerExited"
    OUT_OF_MEMORY = "OutOfMemory"
    EVICTED = "Evicted"
    NODE_LOST = "NodeLost"
    POD_FAILED = "PodFailed"
    CONTRACTS_INVALID = "ContractsInvalid"
    CHAT_TEMPLATE_INVALID = "ChatTemplateInvalid"
    MODEL_INFO_INVALID = "ModelInfoInvalid"
    READINESS_FAILED = "ReadinessFailed"
    STATUS_UNREACHABLE = "StatusUnreachable"
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"

    # It serves, but not as asked.
    GPU_NOT_USED = "GPUNotUsed"
    CONTRACTS_REFUSED = "ContractsRefused"
    CONTRACT_DELETED = "ContractDeleted"
    CONTRACT_REPLACED = "ContractReplaced"


class Transition(StrEnum):
    """Reasons of Events that no condition carries."""

    SCALED_UP = "ScaledUp"
    SCALED_DOWN = "ScaledDown"
    RECOVERED = "Recovered"
