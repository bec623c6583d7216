"""Files and answers that a pod writes about itself, read by the sidecar and the operator."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from casava_wire.config import WireModel


class Stage(StrEnum):
    """How far the engine is. The order is the order of start-up; FAILED may follow any of them."""

    FETCHING = "Fetching"
    VERIFYING = "Verifying"
    STARTING = "Starting"
    SERVING = "Serving"
    FAILED = "Failed"


class EngineState(WireModel):
    """engine-state.json, replaced atomically on every change of stage and while bytes move."""

    stage: Stage
    reason: str = ""  # a casava_wire.reasons.EngineReason when FAILED
    message: str = ""  # one sentence for a person: the cause and the fix. Never a prompt or an answer
    bytes_done: int | None = None
    bytes_total: int | None = None
    model_cached: bool = False  # the model's file is there, whole and verified


class ModelInfo(WireModel):
    """model.json: what the sidecar must know of the model to speak for it."""

    name: str
    digest: str  # sha256:<hex> of the file
    architecture: str
    parameters: int | None = None
    context_length: int  # tokens, as configured: prompt and answer together
    chat_template: str | None = None
    bos_token: str = ""
    eos_token: str = ""
    adds_bos: bool = False  # the engine's tokenizer puts BOS in front: a rendered BOS must be stripped
    engine: Literal["llama-cpp"]
    engine_version: str
    guides: tuple[str, ...] = ()  # casava_wire.tensors.GUIDE_TYPES that the engine obeys
    uses_gpu: bool = False


class ContractStatus(WireModel):
    """One contract as served."""

    name: str
    digest: str
    engine: Literal["full", "partial", "none"]


class SidecarStatus(WireModel):
    """Answer of STATUS_PATH. Loads are here and in metrics, never in a CasavaModel's status."""

    model: str
    ready: bool
    reason: str = ""
    message: str = ""
    draining: bool = False
    running: int = 0
    waiting: int = 0
    max_concurrent: int = 0
    contracts: tuple[ContractStatus, ...] = ()
    contracts_digest: str = ""  # sha256:<hex> of contracts.json as served
    contracts_error: str = ""  # why a newer contracts.json was refused; the set before it is served on
    engine: EngineState | None = None
    model_info: ModelInfo | None = Field(default=None)
