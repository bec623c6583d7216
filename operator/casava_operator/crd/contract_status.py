"""The status of an OutputContract, for its schema. The operator alone writes it: see ``casava_operator.contracts``."""

from typing import Annotated, Literal

from pydantic import Field

from casava_operator.contracts.bounds import MAX_ENGINES, MAX_KEYWORDS, MAX_POINTER, MAX_TEXT, MAX_USERS
from casava_operator.crd.status import Condition, Count, Word
from casava_operator.spec.base import SpecModel

Pointer = Annotated[str, Field(max_length=MAX_POINTER)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Answer = Literal["yes", "no", "unknown"]


class KeywordStatus(SpecModel):
    """One keyword that the engine does not enforce by itself."""

    pointer: Annotated[Pointer, Field(description="Where it is in the schema.")]
    keyword: Annotated[Word, Field(description="The keyword.")]
    enforced_by: Annotated[Word, Field(description="sidecar-early, sidecar-final, annotation or refused.")]
    reason: Annotated[Text | None, Field(description="Why it is not the engine.")] = None


class EngineCoverage(SpecModel):
    """What one engine enforces while it decodes."""

    engine: Annotated[Word, Field(description="The engine.")]
    guarantee: Annotated[Word, Field(description="full, partial or none: how much of the contract the engine obeys.")]
    by_engine: Annotated[Count, Field(description="Keywords that the engine enforces.")] = 0
    sidecar_early: Annotated[
        Count, Field(description="Keywords that the sidecar finds violated while the answer comes.")
    ] = 0
    sidecar_final: Annotated[Count, Field(description="Keywords that are judged when the answer has ended.")] = 0
    annotations: Annotated[Count, Field(description="Keywords that constrain nothing.")] = 0
    refused: Annotated[Count, Field(description="Keywords that cannot be enforced.")] = 0
    keywords: Annotated[
        tuple[KeywordStatus, ...],
        Field(max_length=MAX_KEYWORDS, description="The first keywords that are not the engine's."),
    ] = ()


class Compatibility(SpecModel):
    """How this version stands to the one before."""

    former: Annotated[Word, Field(description="The version before, such as invoice@2.")]
    accepts: Annotated[
        Answer, Field(description="Whether every answer that the version before accepted is valid here too.")
    ]
    readable: Annotated[
        Answer,
        Field(
            description="Whether every answer that is valid here was valid for the version before: its readers need no "
            "change."
        ),
    ]
    reason: Annotated[Text | None, Field(description="What stands in the way, or why it is not known.")] = None


class ContractProblem(SpecModel):
    """Why the contract is refused."""

    code: Annotated[Word, Field(description="Stable code, such as schema.unsatisfiable.")]
    pointer: Annotated[Pointer | None, Field(description="JSON pointer to the keyword in the schema.")] = None
    line: Annotated[Count | None, Field(description="Line in spec.schema, from 1.")] = None
    column: Annotated[Count | None, Field(description="Column in that line, from 1.")] = None
    message: Annotated[Text, Field(description="What is wrong and how to mend it.")]


class OutputContractStatus(SpecModel):
    """What Casava sees."""

    observed_generation: Annotated[int | None, Field(description="Generation of the spec that was judged last.")] = None
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=8,
            description="Accepted and Ready.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    reference: Annotated[
        Word | None, Field(description="What requests, headers and references write, such as invoice@3.")
    ] = None
    digest: Annotated[
        str | None,
        Field(max_length=128, description="Digest of the contract: its identity, as in the header Casava-Contract."),
    ] = None
    semantic_digest: Annotated[
        str | None,
        Field(
            max_length=128,
            description="Digest of what the schema means: where two are equal, the same answers are valid. Where they "
            "differ, nothing is said.",
        ),
    ] = None
    satisfiable: Annotated[Answer | None, Field(description="Whether some answer is valid: yes, no or unknown.")] = None
    compile_milliseconds: Annotated[
        float | None, Field(ge=0, description="Time that compiling took when it was first seen.")
    ] = None
    worst_case_bytes: Annotated[
        int | None, Field(ge=0, description="Size of the largest valid answer; absent where there is no bound.")
    ] = None
    engines: Annotated[
        tuple[EngineCoverage, ...],
        Field(
            max_length=MAX_ENGINES,
            description="Who enforces what, for each engine that Casava knows.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["engine"]},
        ),
    ] = ()
    compatibility: Annotated[Compatibility | None, Field(description="How it stands to the version before.")] = None
    problem: Annotated[ContractProblem | None, Field(description="Why it is refused.")] = None
    used_by_count: Annotated[Count | None, Field(description="Number of models that refer to it.")] = None
    used_by: Annotated[
        tuple[Annotated[str, Field(max_length=63)], ...],
        Field(max_length=MAX_USERS, description="The first of them, by name."),
    ] = ()
