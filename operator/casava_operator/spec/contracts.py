"""What may be said of an output contract: the same members in a CasavaModel and in an OutputContract.

A member that is absent is None and not its default: an entry that refers to an OutputContract overrides what it sets.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from casava_contract.repair.rules import LOSSY_RULES
from casava_operator.spec.base import Matches, OneOf, Rule, SpecModel
from casava_wire.config import ContractKind, Mode, Release, Step

MAX_CONTRACT = 64 * 1024
MAX_CONTRACTS = 180 * 1024
MAX_CONTRACT_NAME = 50
MAX_VERSION = 999_999_999
_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME_FIX = "write a name of lower-case letters, digits and dashes"

ContractName = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CONTRACT_NAME),
    Matches(_NAME, f"{_NAME_FIX}, at most {MAX_CONTRACT_NAME} characters"),
]
EntryName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=63,
        description='Name by which requests ask for the contract: response_format: {"type": "contract", "name": ...}.',
    ),
    Matches(_NAME, f"{_NAME_FIX}, at most 63 characters"),
]
Reference = Annotated[
    str,
    Field(max_length=MAX_CONTRACT_NAME + 10),
    Matches(rf"{_NAME}@[1-9][0-9]{{0,8}}", "write the contract's name and version, such as invoice@3"),
]
SchemaText = Annotated[str, Field(min_length=1, max_length=MAX_CONTRACT)]


class ContractRule(SpecModel):
    """A condition over the whole answer."""

    rule: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2048,
            description="Condition in CEL over the finished value, called self, such as 'self.from <= self.to'.",
        ),
    ]
    message: Annotated[
        str, Field(max_length=256, description="What is said of an answer for which the condition does not hold.")
    ] = ""


class Repair(SpecModel):
    """What a repair may change. Edits that lose nothing are always allowed."""

    coercing: Annotated[
        bool,
        Field(description='Allow edits that change a value\'s type, such as "12" to 12, where the schema asks so.'),
    ] = False
    lossy: Annotated[
        tuple[Annotated[str, OneOf(tuple(sorted(LOSSY_RULES)))], ...],
        Field(max_length=16, description="Edits that lose something and are allowed, each by its name."),
    ] = ()
    max_edits: Annotated[int, Field(ge=1, le=1000, description="Most edits in one answer.")] = 64


class Retry(SpecModel):
    """How an answer is asked for again."""

    max_attempts: Annotated[int, Field(ge=1, le=5, description="Attempts in all, the first one included.")] = 2
    token_budget: Annotated[
        int | None,
        Field(
            ge=1, le=10_000_000, description="Most completion tokens of all attempts together. When absent: no limit."
        ),
    ] = None


RulesMember = Annotated[
    tuple[ContractRule, ...],
    Field(
        alias="rules",
        max_length=32,
        description="Conditions over the whole answer that a schema cannot state. Judged when the answer has ended.",
    ),
]
ModeMember = Annotated[
    Mode | None,
    Field(
        description="How it is enforced. strict: no byte is released that can turn out invalid later; a contract that "
        "cannot promise that is refused. validated: the engine is constrained as far as it can be and the answer is "
        "validated whole. observe: nothing is changed, the verdict is reported. off (in quotes, for YAML takes "
        "the bare word as false): not enforced. When absent: validated."
    ),
]
OnViolationMember = Annotated[
    tuple[Step, ...] | None,
    Field(
        min_length=1,
        max_length=4,
        description="What is tried when an answer breaks the contract, in this order: repair, retry, and abort (an "
        "error) or pass (the answer, labelled invalid) last. When absent: abort.",
    ),
]
RepairMember = Annotated[Repair | None, Field(description="What the step repair may change.")]
RetryMember = Annotated[Retry | None, Field(description="How often the step retry asks again.")]
ReleaseMember = Annotated[
    Release | None,
    Field(
        description="When a stream's bytes are released. eager: as they become viable. element: when the value that "
        "they belong to is complete. complete: when the answer is. When absent: element where retry or repair may "
        "follow, else eager."
    ),
]


def _has(cel: str) -> str:
    return f"!has(self.onViolation) || ({cel})"


def _last(step: str) -> str:
    return f"(!('{step}' in self.onViolation) || self.onViolation[size(self.onViolation) - 1] == '{step}')"


def _ends(contract: Any) -> bool:
    return not {"abort", "pass"} & set((contract.on_violation or ())[:-1])


def strict_is_possible(contract: Any) -> bool:
    """Strict promises that nothing released turns out invalid: what is known only at the end cannot be part of it."""
    return contract.mode != "strict" or not (contract.checks or {"repair", "pass"} & set(contract.on_violation or ()))


STRICT_FIX = (
    "mode strict takes no rules, and neither repair nor pass in onViolation: they mean that what was released can turn "
    "out invalid; use mode validated, or remove them"
)
POLICY_RULES: tuple[Rule, ...] = (
    Rule(
        _has("self.onViolation.all(s, self.onViolation.exists_one(t, t == s))"),
        "onViolation names a step twice: each is tried once, retry.maxAttempts says how often it asks again",
        lambda c: len(set(c.on_violation or ())) == len(c.on_violation or ()),
        "onViolation",
    ),
    Rule(
        _has(f"{_last('abort')} && {_last('pass')}"),
        "abort and pass end an answer: write one of them, as the last step of onViolation",
        _ends,
        "onViolation",
    ),
    Rule(
        "!has(self.mode) || self.mode != 'strict' || (!has(self.rules) || size(self.rules) == 0) && "
        "(!has(self.onViolation) || !('repair' in self.onViolation) && !('pass' in self.onViolation))",
        STRICT_FIX,
        strict_is_possible,
        "mode",
    ),
)


class Contract(SpecModel):
    """A named shape of answers."""

    name: EntryName
    schema_text: Annotated[
        SchemaText | None,
        Field(
            alias="schema",
            description="The contract itself, as text: for type json_schema a JSON Schema in JSON or YAML (write it "
            "with '|'): text keeps the order of keys and every digit of numbers, which an object would lose. At most "
            "64 KiB, 180 KiB for all contracts together. References to other documents are not followed.",
        ),
    ] = None
    contract_ref: Annotated[
        Reference | None,
        Field(
            description="An OutputContract of the same namespace, as contract@version, in place of schema. Its text is "
            "taken over when the spec is accepted: deleting it later changes nothing that serves."
        ),
    ] = None
    type: Annotated[ContractKind | None, Field(description="What schema is written in. When absent: json_schema.")] = (
        None
    )
    checks: RulesMember = ()
    mode: ModeMember = None
    on_violation: OnViolationMember = None
    repair: RepairMember = None
    retry: RetryMember = None
    release: ReleaseMember = None

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.schema) != has(self.contractRef)",
            "give either schema, or contractRef such as invoice@3",
            lambda c: (c.schema_text is None) != (c.contract_ref is None),
            "schema",
        ),
        Rule(
            "!has(self.contractRef) || (!has(self.type) && (!has(self.rules) || size(self.rules) == 0))",
            "type and rules are those of the OutputContract that contractRef names: remove them here",
            lambda c: c.contract_ref is None or (c.type is None and not c.checks),
            "contractRef",
        ),
        *POLICY_RULES,
    )


class OutputContractSpec(SpecModel):
    """One version of a contract. Nothing of it can be changed."""

    contract: Annotated[ContractName, Field(description="Name of the contract: the same for all of its versions.")]
    version: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_VERSION,
            description="Version. The object's name is contract, '-v' and version, such as invoice-v3; requests, "
            "headers and references write invoice@3.",
        ),
    ]
    type: Annotated[ContractKind, Field(description="What schema is written in.")] = "json_schema"
    schema_text: Annotated[
        SchemaText,
        Field(
            alias="schema",
            description="The contract itself, as text: for type json_schema a JSON Schema in JSON or YAML (write it "
            "with '|'), for choice a list of strings, else a regular expression or a grammar. At most 64 KiB. "
            "References to other documents are not followed.",
        ),
    ]
    checks: RulesMember = ()
    mode: ModeMember = None
    on_violation: OnViolationMember = None
    repair: RepairMember = None
    retry: RetryMember = None
    release: ReleaseMember = None

    rules: ClassVar[tuple[Rule, ...]] = (
        *POLICY_RULES,
        Rule(
            f"size(bytes(self.schema)) <= {MAX_CONTRACT}",
            "the schema is larger than 64 KiB: shorten it",
            lambda s: len(s.schema_text.encode()) <= MAX_CONTRACT,
            "schema",
        ),
    )

    @property
    def reference(self) -> str:
        """As requests, headers and references write it."""
        return f"{self.contract}@{self.version}"


def object_name(reference: str) -> str:
    """The name of the OutputContract that ``contract@version`` stands for."""
    contract, _, version = reference.rpartition("@")
    return f"{contract}-v{version}"
