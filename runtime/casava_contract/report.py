"""What a contract promises: violations of an answer, coverage of an engine."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Satisfiable(StrEnum):
    """Whether any document satisfies the contract. A contract that answers ``no`` is refused by the compiler."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Enforcer(StrEnum):
    """Who makes sure that a keyword holds."""

    ENGINE = "engine"  # the decoder cannot produce a violation: proven by test for the engine's version
    SIDECAR_EARLY = "sidecar-early"  # found while the answer comes, no later than when the value it applies to ends
    SIDECAR_FINAL = "sidecar-final"  # found when the answer has ended
    REFUSED = "refused"  # nobody can enforce it: the contract is not accepted
    ANNOTATION = "annotation"  # the keyword constrains nothing: an unknown format or an unknown keyword


class Guarantee(StrEnum):
    """What the engine alone promises of a complete answer."""

    FULL = "full"  # every keyword is enforced by the engine
    PARTIAL = "partial"  # some are
    NONE = "none"  # nothing of the contract constrains the engine


class Timing(StrEnum):
    """When the incremental validator finds a keyword violated: the stated bound, which tests hold it to."""

    BYTE = "at the byte"  # at the first byte that decides the keyword by itself
    VALUE = "at the value's end"  # no later than when the value that it applies to ends
    ANSWER = "at the answer's end"


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why an answer is not valid.

    ``code``: ``syntax.*``, ``schema.<keyword>``, ``text.<kind>``, ``tools.form``, ``rule.*``, ``limit.*``.
    ``pointer`` leads into the answer, ``schema_pointer`` into the contract. ``message`` is short and never repeats a
    long value. ``line`` and ``column`` count from 1; None where a value of JSON is wrong, whose place is its pointer.
    """

    code: str
    message: str
    pointer: str = ""
    schema_pointer: str = ""
    keyword: str = ""
    line: int | None = None
    column: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CoverageEntry:
    """Who enforces one keyword of the schema. ``reason`` says why it is not the engine; empty where it is."""

    pointer: str
    keyword: str
    enforced_by: Enforcer
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lowering:
    """A contract in the terms of one engine.

    ``guide_type`` is one of casava_wire.tensors.GUIDE_TYPES, or "" where the engine must run unconstrained; ``guide``
    is the text for the tensor of that name.
    """

    guide_type: str
    guide: str
    coverage: tuple[CoverageEntry, ...]
    guarantee: Guarantee

    @property
    def unenforced(self) -> tuple[CoverageEntry, ...]:
        """What neither the engine nor a sidecar that validates enforces: an empty tuple is a promise."""
        return self._by(Enforcer.ANNOTATION, Enforcer.REFUSED)

    @property
    def left(self) -> tuple[CoverageEntry, ...]:
        """What the engine leaves to the sidecar: enforced by nobody where the sidecar only observes."""
        return self._by(Enforcer.SIDECAR_EARLY, Enforcer.SIDECAR_FINAL)

    def _by(self, *enforcers: Enforcer) -> tuple[CoverageEntry, ...]:
        return tuple(entry for entry in self.coverage if entry.enforced_by in enforcers)
