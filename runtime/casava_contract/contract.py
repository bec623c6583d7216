"""What every compiled contract can do, whatever its kind."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, Protocol

from casava_contract import lowering
from casava_contract.coverage import settled
from casava_contract.limits import Limits
from casava_contract.lowering import Engine
from casava_contract.report import Lowering, Satisfiable, Timing, Violation
from casava_contract.rules import Rule, RuleSet
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue
from casava_contract.verdict import Partial, Verdict

_SCHEMA: Final = "json_schema"
NO_RULES: Final = RuleSet.of((), Limits())


class Validator(Protocol):
    """Holds one answer against a contract while it comes. Not for use by two threads at once."""

    def feed(self, piece: bytes) -> Verdict:
        """The verdict after the next bytes of the answer."""

    def finish(self) -> Verdict:
        """The final verdict: what Contract.validate says of the same bytes, within the limits on whole answers."""

    def partial(self) -> Partial:
        """What is known so far, without reading anything again."""

    @property
    def offset(self) -> int:
        """Bytes read."""


class Contract(ABC):
    """What an answer must look like. Made by ``compile`` alone; immutable and safe to share between threads.

    ``kind`` is one of casava_contract.Kind. ``text`` is the source in its normal form: of a schema compact JSON, key
    order kept. ``digest`` is "sha256:<hex>", the contract's identity: of a schema by itself that of its text, else that
    of the JSON array of kind, text, what else belongs to it (resources that it refers to) and rules. ``satisfiable`` is
    never "no", which ``compile`` refuses.
    """

    repairable = False  # whether casava_contract.repair knows how to mend an answer

    def __init__(
        self,
        *,
        kind: str,
        text: str,
        limits: Limits,
        satisfiable: Satisfiable,
        rules: RuleSet = NO_RULES,
        extent: Sequence[str] = (),
    ) -> None:
        """``extent``: what belongs to the contract's identity beside its text and its rules."""
        self.kind = kind
        self.text = text
        self.limits = limits
        self.satisfiable = satisfiable
        self._rules = rules
        self.digest = self._digest_of(text, extent)
        # Made when first asked for. Two threads may make one twice: the results are equal.
        self._lowerings: dict[str, Lowering] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kind}, {self.digest})"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What must hold of the finished answer beside its form."""
        return self._rules.rules

    @property
    def semantic_digest(self) -> str | None:
        """Equal digests prove that two contracts of one kind take the same answers; different ones prove nothing.

        None where no normal form is found in bounded work.
        """
        meaning = self._meaning()
        return None if meaning is None else self._digest_of(meaning)

    @abstractmethod
    def _meaning(self) -> str | None:
        """The same for contracts that differ in nothing but spelling."""

    def _digest_of(self, text: str, extent: Sequence[str] = ()) -> str:
        rules: list[JsonValue] = [[rule.rule, rule.message] for rule in self.rules]
        identity = text
        if self.kind != _SCHEMA or extent or rules:  # an array, which is no schema
            identity = jsontext.dump([self.kind, text, [*extent], rules])
        return f"sha256:{hashlib.sha256(identity.encode()).hexdigest()}"

    @property
    @abstractmethod
    def worst_case_bytes(self) -> int | None:
        """No valid answer, written without needless white space and escapes, is longer. None: no bound is known."""

    @property
    @abstractmethod
    def cost(self) -> int:
        """The work of compiling, counted: subschemas when references are written out, parts of a grammar, choices."""

    @abstractmethod
    def validate(self, text: bytes | str) -> tuple[Violation, ...]:
        """The final verdict on a whole answer: why it is not valid, at most 10 reasons; () when it is. Never raises."""

    @abstractmethod
    def validator(self, *, subtrees: bool = False) -> Validator:
        """Holds one answer against the contract while it comes. ``subtrees``: its verdicts list what was completed."""

    @abstractmethod
    def timing(self, pointer: str) -> Timing | None:
        """When the validator finds the keyword at ``pointer`` violated, at the latest; None where there is none."""

    def lower(self, engine: str = "llama-cpp") -> Lowering:
        """The contract in the terms of an engine. For an engine that Casava does not know the guarantee is none."""
        if engine not in self._lowerings:
            self._lowerings[engine] = settled(self._lower(lowering.named(engine)), self.timing, len(self.rules))
        return self._lowerings[engine]

    @abstractmethod
    def _lower(self, engine: Engine) -> Lowering: ...
