"""A JSON Schema as a contract: validates answers and lowers itself to what an engine understands."""

from collections.abc import Sequence
from typing import Any

import jsonschema_rs

from casava_contract import size
from casava_contract.contract import NO_RULES, Contract
from casava_contract.limits import Limits
from casava_contract.lowering import Engine, unconstrained
from casava_contract.lowering.engine import free
from casava_contract.report import Lowering, Timing, Violation
from casava_contract.rules import RuleSet
from casava_contract.schema import satisfiability, work
from casava_contract.schema.dialect import Draft
from casava_contract.schema.explain import Explainer
from casava_contract.schema.graph import Graph
from casava_contract.schema.oracle import Parts
from casava_contract.source import jsontext, pointers
from casava_contract.validator.json_validator import JsonValidator
from casava_contract.validator.plans import Planner
from casava_contract.validator.timing import timing

_CODES = {
    "syntax": "syntax.json",
    "encoding": "syntax.encoding",
    "duplicate_key": "syntax.duplicate_key",
    "depth": "limit.output_depth",
    "number": "limit.number",
    "size": "limit.output_bytes",
}


class JsonContract(Contract):
    """``kind`` is "json_schema" or "json_object"."""

    repairable = True

    def __init__(
        self,
        *,
        kind: str,
        text: str,
        graph: Graph,
        validator: Any,
        canonical: jsonschema_rs.CanonicalSchema | None,
        limits: Limits,
        rules: RuleSet = NO_RULES,
        extent: Sequence[str] = (),
    ) -> None:
        satisfiable = satisfiability.satisfiable(canonical)
        super().__init__(kind=kind, text=text, limits=limits, satisfiable=satisfiable, rules=rules, extent=extent)
        self._canonical = canonical
        self._graph = graph
        self._validator = validator
        # All are made when first asked for. Two threads may make one twice: the results are equal.
        self._explainer: Explainer | None = None
        self._planner: Planner | None = None

    @property
    def draft(self) -> Draft:
        """The draft of JSON Schema."""
        return self._graph.draft

    @property
    def graph(self) -> Graph:
        return self._graph

    @property
    def canonical(self) -> jsonschema_rs.CanonicalSchema | None:
        """jsonschema-rs's normal form; None where it is not found in bounded work."""
        return self._canonical

    @property
    def parts(self) -> Parts:
        """Judges values by a subschema of this one."""
        return self._plans().parts

    def _meaning(self) -> str | None:
        """jsonschema-rs's canonical form: the order of properties and descriptions mean nothing to it."""
        return None if self._canonical is None else satisfiability.normal(self._canonical)

    @property
    def worst_case_bytes(self) -> int | None:
        return size.worst_case(self._graph, self.limits)

    @property
    def cost(self) -> int:
        return work.expansion(self._graph, self.limits.schema_expansion)

    def validate(self, text: bytes | str) -> tuple[Violation, ...]:
        """The final verdict on a whole answer: why it is not valid, at most 10 reasons; () when it is. Never raises.

        Formats are asserted. An object with the same key twice, a number beyond a 64-bit float's range and an answer
        over the limits are violations.
        """
        try:
            value = self._read(text)
        except jsontext.JsonError as error:
            return (_unreadable(text, error),)
        if self._validator.is_valid(value):
            return self._rules.check(value)
        if self._explainer is None:
            self._explainer = Explainer(self._graph, self.parts)
        return self._explainer.explain(value)

    def holds(self, text: bytes | str) -> bool:
        """Whether the schema takes a whole answer. Says not why not, and so is never dear."""
        try:
            return bool(self._validator.is_valid(self._read(text)))
        except jsontext.JsonError:
            return False

    def validator(self, *, subtrees: bool = False) -> JsonValidator:
        """Holds one answer against the contract while it comes. ``subtrees``: its verdicts list what was completed."""
        valid = self._holds if self._rules else self._validator.is_valid
        return JsonValidator(self._plans(), self.limits, valid, self.validate, subtrees=subtrees)

    def _holds(self, value: jsontext.JsonValue) -> bool:
        return self._validator.is_valid(value) and not self._rules.check(value)

    def timing(self, pointer: str) -> Timing | None:
        """When the validator finds the keyword at ``pointer`` violated, at the latest; None where there is none."""
        place, _, keyword = pointer.rpartition("/")
        node = self._graph.nodes.get(place)
        if node is None or keyword not in node.keywords:
            return None
        plans = self._plans()
        return timing(node, keyword, self._graph.draft, whole=not plans.exact, tangle=plans.tangled)

    def _lower(self, engine: Engine) -> Lowering:
        try:
            return engine.schema(self._graph)
        except RecursionError:  # hundreds of definitions, each behind the one before
            return free(unconstrained.listed(self._graph, "references lead on from one to the next too often"))

    def _plans(self) -> Planner:
        if self._planner is None:
            self._planner = Planner(self._graph)
        return self._planner

    def _read(self, text: bytes | str) -> jsontext.JsonValue:
        if len(text) > self.limits.output_bytes:
            raise jsontext.JsonError("size", f"more than {self.limits.output_bytes} bytes")
        return jsontext.read(text, depth=self.limits.output_depth, number_length=self.limits.number_length)


def _unreadable(text: bytes | str, error: jsontext.JsonError) -> Violation:
    line, column = None, None
    if error.offset is not None:
        readable = text if isinstance(text, str) else text.decode(errors="replace")
        line, column = jsontext.line_and_column(readable, error.offset)
    return Violation(_CODES[error.kind], error.message, pointers.of(error.path), line=line, column=column)
