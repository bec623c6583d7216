"""Reason codes. They are part of the API: dashboards and scripts match on them, so they are never renamed."""

from enum import StrEnum


class Condition(StrEnum):
    """Condition types of a CasavaModel, in the order in which they are judged and shown."""

    ACCEPTED = "Accepted"
    PLACED = "Placed"
    MODEL_CACHED = "ModelCached"
    CONTRACTS_READY = "ContractsReady"
    SERVING = "Serving"
    READY = "Ready"
    PROGRESSING = "Progressing"
    STALLED = "Stalled"
    DEGRADED = "Degraded"


class EngineReason(StrEnum):
    """Why an engine is FAILED."""

    MODEL_NOT_FOUND = "ModelNotFound"
    MODEL_TRUNCATED = "ModelTruncated"
    MODEL_CORRUPT = "ModelCorrupt"
    CHECKSUM_MISMATCH = "ChecksumMismatch"
    DOWNLOAD_FAILED = "DownloadFailed"
    OUT_OF_SPACE = "OutOfSpace"
    INVALID_OPTIONS = "InvalidOptions"
    TRITON_EXITED = "TritonExited"
    TRITON_HUNG = "TritonHung"
    TRITON_NEVER_READY = "TritonNeverReady"
