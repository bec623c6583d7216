"""Files that the operator writes and the pod reads. The operator writes each with defaults filled in.

Readers ignore members they do not know: during an upgrade a newer operator may feed an older pod.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]


class WireModel(BaseModel):
    """A frozen JSON object in camelCase."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=lambda name: name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:]),
        populate_by_name=True,
    )

    def to_json(self) -> str:
        """JSON text with a stable member order, for hashing and for files."""
        return self.model_dump_json(by_alias=True, exclude_none=True, indent=1)


class SourceConfig(WireModel):
    """Where the model's file is.

    ``uri``: ``file:///path`` in the image, ``pvc://claim/path`` (the claim is mounted at
    casava_wire.paths.MODEL_CLAIM_DIR), ``https://...`` (then ``sha256`` is required).
    """

    uri: str
    sha256: str | None = None


class EngineConfig(WireModel):
    """engine.json: what ``casava-engine serve`` runs."""

    model_name: str  # also the name of the Triton model
    backend: Literal["llama-cpp"]
    source: SourceConfig
    max_sequence_length: Positive | None = None  # tokens of prompt and answer; None: the model's own, at most 4096
    max_concurrent: Positive  # sequences decoded together
    threads: Positive | Literal["auto"] = "auto"  # auto: the cgroup's CPU limit
    options: dict[str, Any] = Field(default_factory=dict)  # engine's own settings, checked against a closed set


class SidecarConfig(WireModel):
    """sidecar.json: limits of the API in front of one model."""

    model_name: str
    namespace: str = ""
    max_concurrent: Positive
    timeout_seconds: Seconds
    drain_timeout_seconds: Seconds
    propagation_seconds: Seconds = 8  # new requests are still served this long after drain began


class ContractEntry(WireModel):
    """One named output contract. ``schema_text`` is the user's own text, JSON or YAML, untouched."""

    name: str
    schema_text: str


class ContractSet(WireModel):
    """contracts.json: every contract of a model."""

    contracts: tuple[ContractEntry, ...] = ()
