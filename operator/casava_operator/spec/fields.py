"""The fields of a CasavaModel, each with the description that ``kubectl explain`` shows.

Every list, map and string is bounded: the API server estimates the cost of the rules from the bounds.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from casava_operator.spec.base import Matches, Rule, SpecModel
from casava_operator.spec.contracts import MAX_CONTRACT, MAX_CONTRACTS, Contract
from casava_operator.spec.peers import NetworkPeer
from casava_operator.spec.template import Template
from casava_operator.spec.units import AutoOrCount, DurationBetween, seconds

# What a URL of the network policy's egress rule is read from: a wrong port would be found out only there.
_HOST = r"[^/@?#\s:\[\]]+"
_PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"


_SIZE = "(has(c.schema) ? size(bytes(c.schema)) : 0)"


def _size(contract: Contract) -> int:
    return len((contract.schema_text or "").encode())


class Model(SpecModel):
    """The model's file."""

    source: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2048,
            description="Where the GGUF file is: 'file:///path' inside the engine image, 'pvc://claim/path' on a "
            "PersistentVolumeClaim of the same namespace (mounted read-only), or 'https://host/path' (then sha256 is "
            "required).",
        ),
        Matches(
            rf"file:///.+|pvc://[a-z0-9]([-a-z0-9.]*[a-z0-9])?/.+|https://{_HOST}(:({_PORT}))?/.+",
            "write file:///path, pvc://claim/path or https://host/path (without user or password)",
        ),
    ]
    sha256: Annotated[
        str | None,
        Field(
            max_length=64,
            description="SHA-256 checksum of the file, 64 lower-case hexadecimal digits. Required with https://, "
            "checked wherever it is given.",
        ),
        Matches(r"[0-9a-f]{64}", "write the SHA-256 checksum of the file as 64 lower-case hexadecimal digits"),
    ] = None

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!self.source.startsWith('https://') || has(self.sha256)",
            "an https:// source needs sha256: give the file's SHA-256 checksum (sha256sum FILE)",
            lambda m: not m.source.startswith("https://") or m.sha256 is not None,
            "sha256",
        ),
        Rule(
            "!self.source.contains('/../') && !self.source.endsWith('/..')",
            "the path may not contain '..': write it in full",
            lambda m: "/../" not in m.source and not m.source.endswith("/.."),
            "source",
        ),
    )


class Engine(SpecModel):
    """How the model is run."""

    backend: Annotated[
        Literal["auto", "llama-cpp"],
        Field(
            description="Engine that runs the model. 'auto' picks one for the model and the GPU; what it picked is in "
            "status.engine and changes only when the spec is edited."
        ),
    ] = "auto"
    max_sequence_length: Annotated[
        int | None,
        Field(
            ge=64,
            le=1_048_576,
            description="Tokens of prompt and answer together, per request. When absent: what the model was trained "
            "for, at most 4096.",
        ),
    ] = None
    threads: Annotated[
        int | Literal["auto"],
        AutoOrCount(1024),
        Field(description="CPU threads of the engine. 'auto': as many as the engine container's CPU limit allows."),
    ] = "auto"
    options: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=63)],
            Annotated[Any, WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True})],
        ],
        Field(
            max_length=32,
            description="Settings of the engine. llama-cpp knows kvCacheTokens (tokens that all running requests may "
            "hold together), kvCacheType (f16 or q8_0) and batchTokens (tokens of prompts computed at once).",
        ),
    ] = Field(default_factory=dict)
    image: Annotated[
        str | None,
        Field(min_length=1, max_length=512, description="Engine image to run in place of the one of this release."),
    ] = None


class PlacementEntry(SpecModel):
    """GPUs that will do."""

    gpu: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=63)], ...],
        Field(
            min_length=1,
            max_length=16,
            description="Names of GPUs, any of which will do, such as L4, A10G, A100-80GB, H100. The same names on "
            "every cloud and on-prem.",
        ),
    ]
    count: Annotated[int, Field(ge=1, le=16, description="GPUs per replica.")] = 1


class Target(SpecModel):
    """The load that one replica should carry."""

    in_flight: Annotated[
        int | None,
        Field(
            ge=1,
            le=1024,
            description="Requests, running and waiting, that one replica should carry; more replicas are added above "
            "it. When absent: three quarters of serving.maxConcurrent.",
        ),
    ] = None


class Scaling(SpecModel):
    """Bounds and target of the built-in autoscaler."""

    min_replicas: Annotated[int, Field(ge=1, le=1000, description="Never fewer replicas than this.")] = 1
    max_replicas: Annotated[
        int | None, Field(ge=1, le=1000, description="Never more replicas than this. When absent: minReplicas.")
    ] = None
    target: Annotated[Target, Field(description="The load that one replica should carry.")] = Target()

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.maxReplicas) || self.maxReplicas >= self.minReplicas",
            "maxReplicas is below minReplicas: raise maxReplicas or lower minReplicas",
            lambda s: s.max_replicas is None or s.max_replicas >= s.min_replicas,
            "maxReplicas",
        ),
    )

    @property
    def highest(self) -> int:
        return self.min_replicas if self.max_replicas is None else self.max_replicas


class Serving(SpecModel):
    """Limits of the API in front of the model."""

    max_concurrent: Annotated[
        int,
        Field(
            ge=1,
            le=1024,
            description="Requests that run at once in one replica. As many again, but at least 16, wait in order of "
            "arrival; the next one is answered 429 with Retry-After.",
        ),
    ] = 8
    timeout: Annotated[
        str,
        Field(description="Longest time from a request's arrival to the end of its answer; then 504."),
        DurationBetween("1s", "1h"),
    ] = "120s"
    drain_timeout: Annotated[
        str,
        Field(description="How long requests may still finish when a replica goes away."),
        DurationBetween("1s", "1h"),
    ] = "120s"
    allow_from: Annotated[
        tuple[NetworkPeer, ...] | None,
        Field(
            min_length=1,
            max_length=32,
            description="Who may reach the API, as peers of a NetworkPolicy. When absent: every pod of the cluster. "
            "Holds only where the cluster enforces NetworkPolicies.",
        ),
    ] = None

    @property
    def timeout_seconds(self) -> float:
        return seconds(self.timeout)

    @property
    def drain_timeout_seconds(self) -> float:
        return seconds(self.drain_timeout)


class Spec(SpecModel):
    """What the user wants."""

    model: Annotated[Model, Field(description="The model's file.")]
    engine: Annotated[Engine, Field(description="How the model is run.")] = Engine()
    placement: Annotated[
        tuple[PlacementEntry, ...],
        Field(
            max_length=8,
            description="GPUs that will do, in order of preference. When absent the model runs on CPUs. The entry "
            "that was chosen is in status.placement and changes only when the spec is edited.",
        ),
    ] = ()
    replicas: Annotated[
        int | None,
        Field(
            ge=0,
            le=1000,
            description="Fixed number of replicas, as set by kubectl scale, an HPA or KEDA: the built-in autoscaler is "
            "then off. When absent, scaling decides.",
        ),
    ] = None
    scaling: Annotated[Scaling, Field(description="Bounds and target of the built-in autoscaler.")] = Scaling()
    contracts: Annotated[
        tuple[Contract, ...],
        Field(
            max_length=64,
            description="Output contracts that requests can ask for by name, inline or by reference. An edit takes "
            "effect without a restart.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = ()
    serving: Annotated[Serving, Field(description="Limits of the API in front of the model.")] = Serving()
    template: Annotated[
        Template,
        Field(description="What may be set on the pods. The list is closed: selectors and security are Casava's."),
    ] = Template()

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.scaling.target) || !has(self.scaling.target.inFlight)"
            " || self.scaling.target.inFlight <= self.serving.maxConcurrent",
            "scaling.target.inFlight is above serving.maxConcurrent: requests would be refused with 429 before a "
            "replica is added. Lower inFlight or raise serving.maxConcurrent",
            lambda s: s.scaling.target.in_flight is None or s.scaling.target.in_flight <= s.serving.max_concurrent,
            "scaling.target.inFlight",
        ),
        Rule(
            f"!has(self.contracts) || self.contracts.map(c, {_SIZE}).sum() <= {MAX_CONTRACTS}",
            "the contracts are larger than 180 KiB together: shorten the schemas, split the model or refer to "
            "OutputContracts",
            lambda s: sum(_size(c) for c in s.contracts) <= MAX_CONTRACTS,
            "contracts",
        ),
        Rule(
            f"!has(self.contracts) || self.contracts.all(c, {_SIZE} <= {MAX_CONTRACT})",
            "a contract's schema is larger than 64 KiB: shorten it",
            lambda s: all(_size(c) <= MAX_CONTRACT for c in s.contracts),
            "contracts",
        ),
    )

    @property
    def in_flight_target(self) -> int:
        """Requests that one replica should carry."""
        return self.scaling.target.in_flight or max(1, self.serving.max_concurrent * 3 // 4)
