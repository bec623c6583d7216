"""A compiled contract: validates finished answers and lowers itself to what an engine understands."""

import hashlib
from typing import Any

from casava_contract import jsontext, pointers
from casava_contract.dialect import Draft
from casava_contract.explain import Explainer
from casava_contract.graph import Graph
from casava_contract.limits import Limits
from casava_contract.lowering import lower
from casava_contract.plans import Planner
from casava_contract.report import Lowering, Satisfiable, Violation
from casava_contract.timing import Timing, timing
from casava_contract.validator import Validator

_CODES = {
    "syntax": "syntax.json",
    "encoding": "syntax.encoding",
    "duplicate_key": "syntax.duplicate_key",
    "depth": "limit.output_depth",
    "number": "limit.number",
    "size": "limit.output_bytes",
}


class Contract:
    """What an answer must look like. Made by ``compile`` alone; immutable and safe to share between threads.

    ``kind`` is "json_schema" or "json_object", ``draft`` the draft of JSON Schema. ``text`` is the schema as compact
    JSON, key order kept, and ``digest`` "sha256:<hex>" of its UTF-8 bytes: the contract's identity. ``satisfiable``
    is never "no", which ``compile`` refuses.
    """

    def __init__(
        self, *, kind: str, text: str, graph: Graph, validator: Any, satisfiable: Satisfiable, limits: Limits
    ) -> None:
        self.kind = kind
        self.text = text
        self.satisfiable = satisfiable
        self.digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        self._graph = graph
        self._validator = validator
        self._limits = limits
        # All are made when first asked for. Two threads may make one twice: the results are equal.
        self._explainer: Explainer | None = None
        self._lowerings: dict[str, Lowering] = {}
        self._planner: Planner | None = None

    def __repr__(self) -> str:
        return f"Contract({self.kind}, {self.digest})"

    @property
    def draft(self) -> Draft:
        return self._graph.draft

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
            return ()
        if self._explainer is None:
            self._explainer = Explainer(self._graph)
        return self._explainer.explain(value)

    def validator(self, *, subtrees: bool = False) -> Validator:
        """Holds one answer against the contract while it comes. ``subtrees``: its verdicts list what was completed."""
        return Validator(self._plans(), self._limits, self._validator.is_valid, self.validate, subtrees=subtrees)

    def timing(self, pointer: str) -> Timing | None:
        """When the validator finds the keyword at ``pointer`` violated, at the latest; None where there is none."""
        place, _, keyword = pointer.rpartition("/")
        node = self._graph.nodes.get(place)
        if node is None or keyword not in node.keywords:
            return None
        plans = self._plans()
        return timing(node, keyword, self._graph.draft, whole=not plans.exact, tangle=plans.tangled)

    @property
    def limits(self) -> Limits:
        return self._limits

    def lower(self, engine: str = "llama-cpp") -> Lowering:
        """The contract in the terms of an engine. For an engine that Casava does not know the guarantee is none."""
        if engine not in self._lowerings:
            self._lowerings[engine] = lower(self._graph, engine)
        return self._lowerings[engine]

    def _plans(self) -> Planner:
        if self._planner is None:
            self._planner = Planner(self._graph)
        return self._planner

    def _read(self, text: bytes | str) -> jsontext.JsonValue:
        if len(text) > self._limits.output_bytes:
            raise jsontext.JsonError("size", f"more than {self._limits.output_bytes} bytes")
        if isinstance(text, bytes):
            try:
                text = text.decode()
            except UnicodeDecodeError:
                raise jsontext.JsonError("encoding", "not UTF-8") from None
        return jsontext.read(text, depth=self._limits.output_depth, number_length=self._limits.number_length)


def _unreadable(text: bytes | str, error: jsontext.JsonError) -> Violation:
    line, column = None, None
    if error.offset is not None:
        readable = text if isinstance(text, str) else text.decode(errors="replace")
        line, column = jsontext.line_and_column(readable, error.offset)
    return Violation(_CODES[error.kind], error.message, pointers.of(error.path), line=line, column=column)
