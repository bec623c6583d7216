"""The status of a CasavaModel, for its schema. The operator alone writes it; ``casava_operator.judge`` says when."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from casava_operator.spec.base import SpecModel

Word = Annotated[str, Field(max_length=64)]
Sentence = Annotated[str, Field(max_length=1024)]
Count = Annotated[int, Field(ge=0)]


class Condition(SpecModel):
    """One condition, as Kubernetes' own objects have them."""

    type: Annotated[Word, Field(description="What is judged, such as Placed or Ready.")]
    status: Annotated[Literal["True", "False", "Unknown"], Field(description="Whether it holds.")]
    reason: Annotated[Word, Field(description="Why, in one word for programs.")]
    message: Annotated[Sentence, Field(description="Why, in a sentence for people: the cause and what to do.")]
    last_transition_time: Annotated[datetime, Field(description="When status last changed.")]
    observed_generation: Annotated[int | None, Field(description="Generation of the spec that was judged.")] = None


class Diagnosis(SpecModel):
    """One cause of trouble."""

    cause: Annotated[Word, Field(description="The cause in one word, such as ImagePullFailed.")]
    evidence: Annotated[Sentence, Field(description="What was seen.")] = ""
    next_action: Annotated[Sentence, Field(description="What to do about it.")] = ""
    pod: Annotated[str | None, Field(max_length=253, description="One pod that shows it.")] = None
    pods: Annotated[Count | None, Field(description="How many pods show it.")] = None


class PlacementStatus(SpecModel):
    """The entry of spec.placement that was chosen."""

    entry: Annotated[Count | None, Field(description="Its index; absent when the model runs on CPUs.")] = None
    gpu: Annotated[
        tuple[Word, ...] | None, Field(max_length=16, description="GPUs that will do, as the spec names them.")
    ] = None
    count: Annotated[Count | None, Field(description="GPUs per replica.")] = None
    summary: Annotated[str, Field(max_length=1200, description="The same for people, such as '1 x L4 or A10G'.")] = ""


class EngineStatus(SpecModel):
    """What 'auto' resolved to, and what the engine says of itself."""

    backend: Annotated[Word | None, Field(description="Engine that runs the model.")] = None
    image: Annotated[str | None, Field(max_length=512, description="Image of the engine.")] = None
    version: Annotated[str | None, Field(max_length=128, description="Version of the engine.")] = None
    model_digest: Annotated[str | None, Field(max_length=128, description="SHA-256 of the model's file.")] = None
    architecture: Annotated[str | None, Field(max_length=128, description="Architecture of the model.")] = None
    context_length: Annotated[Count | None, Field(description="Tokens of prompt and answer together.")] = None
    uses_gpu: Annotated[bool | None, Field(description="Whether the engine computes on a GPU.")] = None


class ScalingStatus(SpecModel):
    """What the built-in autoscaler decided."""

    desired: Annotated[Count | None, Field(description="Replicas that it wants; kept over restarts.")] = None
    mode: Annotated[
        Word | None,
        Field(description="Auto; Fixed (minReplicas equals maxReplicas); Off (spec.replicas is set)."),
    ] = None
    message: Annotated[Sentence | None, Field(description="Why, in a sentence for people.")] = None


class ContractStatus(SpecModel):
    """One contract as it is served."""

    name: Annotated[Word, Field(description="Name of the contract.")]
    contract_ref: Annotated[
        str | None, Field(max_length=64, description="The OutputContract that it came from, such as invoice@3.")
    ] = None
    digest: Annotated[str, Field(max_length=128, description="Digest of the contract that is served.")]
    engine: Annotated[
        Word | None,
        Field(description="How much of it the engine is proven to obey while it decodes: full, partial or none."),
    ] = None


class Progress(SpecModel):
    """How far the model's file is on its way."""

    stage: Annotated[Word, Field(description="Fetching, Verifying, Starting or Serving.")]
    bytes_done: Annotated[Count | None, Field(description="Bytes there.")] = None
    bytes_total: Annotated[Count | None, Field(description="Bytes in all.")] = None


class Status(SpecModel):
    """What Casava sees."""

    observed_generation: Annotated[int | None, Field(description="Generation of the spec that was judged last.")] = None
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=16,
            description="Accepted, Placed, ModelCached, ContractsReady, Serving, Ready, then Progressing, Stalled and "
            "Degraded.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    diagnosis: Annotated[
        tuple[Diagnosis, ...],
        Field(
            max_length=16,
            description="Why the model is not as wanted: the cause, the evidence, the next action.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["cause"]},
        ),
    ] = ()
    placement: Annotated[PlacementStatus | None, Field(description="The entry of spec.placement that was chosen.")] = (
        None
    )
    engine: Annotated[
        EngineStatus | None, Field(description="What 'auto' resolved to, and what the engine says of itself.")
    ] = None
    replicas: Annotated[Count | None, Field(description="Pods that exist.")] = None
    ready_replicas: Annotated[Count | None, Field(description="Pods that serve.")] = None
    updated_replicas: Annotated[Count | None, Field(description="Pods of the newest revision.")] = None
    selector: Annotated[
        str | None, Field(max_length=512, description="Selects the pods; for the scale subresource.")
    ] = None
    scaling: Annotated[ScalingStatus | None, Field(description="What the built-in autoscaler decided.")] = None
    contracts: Annotated[
        tuple[ContractStatus, ...] | None,
        Field(
            max_length=64,
            description="The contracts as every ready pod serves them.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = None
    progress: Annotated[Progress | None, Field(description="How far the model's file is on its way.")] = None
    url: Annotated[str | None, Field(max_length=512, description="Base URL of the OpenAI API in the cluster.")] = None
