"""What a contract is worth: its digests, and who enforces which of its keywords on each engine.

Works hard for some milliseconds: never on the event loop, see ``examiner``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from time import thread_time
from typing import Final

from casava_contract import Contract, ContractError, CoverageEntry, Enforcer, Rule, compile  # noqa: A004
from casava_contract.errors import located
from casava_contract.lowering import ENGINES
from casava_contract.versions import compare
from casava_operator.contracts.bounds import MAX_KEYWORDS
from casava_wire.config import ContractEntry

_WHOLE_MILLISECOND: Final = 1000


@dataclass(frozen=True)
class Problem:
    """Why a contract is refused. ``pointer`` leads into the schema, or is ``/rules/<i>/rule``; "" is the whole."""

    code: str
    message: str
    pointer: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return located(self.message, self.pointer, self.line, self.column)


@dataclass(frozen=True)
class Coverage:
    """What one engine enforces. ``counts`` has the number of keywords of each Enforcer.

    ``others``: the first keywords that are not the engine's. ``late``: the first that is judged only when the answer
    has ended.
    """

    engine: str
    guarantee: str
    counts: Counter[Enforcer]
    others: tuple[CoverageEntry, ...]
    late: CoverageEntry | None


@dataclass(frozen=True)
class Examined:
    """What is known of one contract. Small: a schema's keywords are counted, and few are kept."""

    digest: str = ""
    semantic_digest: str | None = None
    satisfiable: str = "unknown"
    worst_case_bytes: int | None = None
    milliseconds: float = 0.0  # of CPU time that compiling took, this time
    engines: tuple[Coverage, ...] = ()
    problem: Problem | None = None

    def on(self, engine: str) -> Coverage:
        """What that engine enforces. KeyError for one that Casava does not know."""
        for each in self.engines:
            if each.engine == engine:
                return each
        raise KeyError(engine)


@dataclass(frozen=True)
class Compared:
    """A version beside the former one; each answer is yes, no or unknown."""

    accepts: str = "unknown"
    readable: str = "unknown"
    reason: str = ""


def examine(entry: ContractEntry) -> Examined:
    """Compile a contract and lower it for every engine. Never raises for what is wrong with it."""
    began = thread_time()
    try:
        contract = _compiled(entry)
    except ContractError as error:
        return Examined(problem=problem_of(error))
    spent = round((thread_time() - began) * _WHOLE_MILLISECOND, 3)
    return Examined(
        digest=contract.digest,
        semantic_digest=contract.semantic_digest,
        satisfiable=str(contract.satisfiable),
        worst_case_bytes=contract.worst_case_bytes,
        milliseconds=spent,
        engines=tuple(_coverage(contract, engine) for engine in ENGINES),
    )


def problem_of(error: ContractError) -> Problem:
    return Problem(str(error.code), error.message, error.pointer, error.line, error.column)


def compare_entries(old: ContractEntry, new: ContractEntry) -> Compared:
    """Two versions side by side. Unknown where one of them is refused."""
    try:
        found = compare(_compiled(old), _compiled(new))
    except ContractError as error:
        return Compared(reason=f"one of the two is refused: {error}")
    said = [
        f"{what}: {finding.reason}"
        for what, finding in (("accepts", found.accepts), ("readable", found.readable))
        if finding.reason
    ]
    return Compared(str(found.accepts.answer), str(found.readable.answer), "; ".join(said))


def _compiled(entry: ContractEntry) -> Contract:
    rules = [Rule(each.rule, each.message) for each in entry.rules]
    return compile(entry.schema_text, kind=entry.kind, rules=rules)


def _coverage(contract: Contract, engine: str) -> Coverage:
    lowering = contract.lower(engine)
    return Coverage(
        engine=engine,
        guarantee=str(lowering.guarantee),
        counts=Counter(each.enforced_by for each in lowering.coverage),
        others=_first(each for each in lowering.coverage if each.enforced_by is not Enforcer.ENGINE),
        late=next((each for each in lowering.coverage if each.enforced_by is Enforcer.SIDECAR_FINAL), None),
    )


def _first(entries: Iterable[CoverageEntry]) -> tuple[CoverageEntry, ...]:
    """The first few, those that nobody or only the end can judge before the others."""
    order = {Enforcer.REFUSED: 0, Enforcer.SIDECAR_FINAL: 1, Enforcer.SIDECAR_EARLY: 2, Enforcer.ANNOTATION: 3}
    return tuple(sorted(entries, key=lambda each: order.get(each.enforced_by, 0))[:MAX_KEYWORDS])
