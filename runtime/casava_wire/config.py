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


ContractKind = Literal["json_schema", "regex", "choice", "lark", "gbnf"]
Mode = Literal["strict", "validated", "observe", "off"]
Step = Literal["abort", "repair", "retry", "pass"]
Release = Literal["eager", "element", "complete"]


class RepairPolicy(WireModel):
    """What a repair may do. Lossless edits are always allowed; each lossy rule is named."""

    coercing: bool = False
    lossy: tuple[str, ...] = ()  # rules of casava_contract.repair
    max_edits: Positive = 64


class RetryPolicy(WireModel):
    """How an answer is asked for again. ``token_budget``: completion tokens of all attempts together."""

    max_attempts: Annotated[int, Field(ge=1, le=5)] = 2
    token_budget: Positive | None = None


class ContractPolicy(WireModel):
    """How a contract is enforced: what happens to an answer that breaks it, in order, and when a stream is released.

    ``release`` None: element where a retry or a repair may follow, else eager.
    """

    mode: Mode = "validated"
    on_violation: tuple[Step, ...] = ("abort",)
    repair: RepairPolicy = RepairPolicy()
    retry: RetryPolicy = RetryPolicy()
    release: Release | None = None


class ContractRule(WireModel):
    """A condition in CEL over the finished value, called ``self``."""

    rule: str
    message: str = ""


class ContractEntry(WireModel):
    """One named output contract. ``schema_text`` is the user's own text, JSON or YAML, untouched.

    ``contract`` and ``version`` are those of the OutputContract that it came from, if it did: requests may then write
    ``contract@version`` beside ``name``. ``contract`` is left out where ``name`` is the same.
    """

    name: str
    contract: str | None = None
    version: Positive | None = None
    kind: ContractKind = "json_schema"
    schema_text: str
    rules: tuple[ContractRule, ...] = ()
    policy: ContractPolicy = ContractPolicy()

    @property
    def reference(self) -> str | None:
        """``contract@version``; None for a contract that the model holds inline."""
        return None if self.version is None else f"{self.contract or self.name}@{self.version}"

    @property
    def label(self) -> str:
        """What headers and messages call it."""
        return self.reference or self.name


class ContractSet(WireModel):
    """contracts.json: every contract of a model."""

    contracts: tuple[ContractEntry, ...] = ()
