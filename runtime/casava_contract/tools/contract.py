"""Tool calls as a contract: how an answer is held against the tools, what the engine is told, who enforces what."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from casava_contract.contract import Contract, Validator
from casava_contract.diagnose import violation
from casava_contract.errors import ContractError, ErrorCode
from casava_contract.limits import Limits
from casava_contract.lowering import Engine
from casava_contract.lowering.judgement import left
from casava_contract.report import CoverageEntry, Guarantee, Lowering, Satisfiable, Timing, Violation
from casava_contract.rules import Rule
from casava_contract.tools import declared, lark
from casava_contract.tools.declared import Declared, Tool
from casava_contract.tools.prose import AnyText
from casava_contract.tools.syntax import END, MARK, MOST_CALLS, Form, Prose
from casava_contract.tools.validator import ToolValidator

KIND: Final = "tool_calls"
_JSON: Final = frozenset({"json_schema", "json_object"})
_ENVELOPE: Final = len(MARK) + len('{"name":"","arguments":}') + len(END)


class ToolCalls(Contract):
    """An answer that calls tools, or may. Made by ``compile_tools`` alone.

    ``declared`` is what was asked for. ``text`` is the contract of an answer that calls nothing; None: any text.
    """

    def __init__(self, asked: Declared, plain: Contract | None, limits: Limits) -> None:
        text = asked.text if plain is None else f"{asked.text}\n{plain.digest}"
        satisfiable = Satisfiable.YES
        if asked.choice == "required" and all(
            tool.contract.satisfiable is not Satisfiable.YES for tool in asked.allowed
        ):
            satisfiable = Satisfiable.UNKNOWN
        self.declared = asked
        self._plain = plain
        self._tools: tuple[Tool, ...] = asked.allowed
        super().__init__(kind=KIND, text=text, limits=limits, satisfiable=satisfiable)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those of an answer that calls nothing."""
        return () if self._plain is None else self._plain.rules

    @property
    def form(self) -> Form | None:
        """How calls are written in the answer; None where there are none."""
        if self.declared.choice == "none":
            return None
        prose: Prose = "before" if self._plain is None else "instead"
        if self.declared.choice == "required":
            prose = "none"
        return Form(tuple(tool.name for tool in self._tools), prose, MOST_CALLS if self.declared.parallel else 1)

    def _meaning(self) -> str | None:
        parts = sorted((tool.name, tool.contract.semantic_digest) for tool in self._tools)
        plain = None if self._plain is None else self._plain.semantic_digest
        if any(digest is None for _, digest in parts) or (self._plain is not None and plain is None):
            return None
        return json.dumps([parts, self.declared.choice, self.declared.parallel, plain])

    @property
    def worst_case_bytes(self) -> int | None:
        form = self.form
        if form is None or form.text == "before":
            return None if self._plain is None else self._plain.worst_case_bytes
        sizes = [tool.contract.worst_case_bytes for tool in self._tools]
        bounded = [size + len(tool.name) for size, tool in zip(sizes, self._tools, strict=True) if size is not None]
        plain = 0 if self._plain is None else self._plain.worst_case_bytes
        if len(bounded) < len(sizes) or plain is None:
            return None
        return max(plain, form.most_calls * (_ENVELOPE + max(bounded)))

    @property
    def cost(self) -> int:
        return sum(tool.contract.cost for tool in self.declared.tools) + (self._plain.cost if self._plain else 0)

    def validate(self, text: bytes | str) -> tuple[Violation, ...]:
        """Why the answer is not valid, at most 10 reasons; () when it is. Bounded as a stream is. Never raises."""
        validator = self.validator()
        validator.feed(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
        return tuple(map(violation, validator.finish().errors))

    def validator(self, *, subtrees: bool = False) -> Validator:
        form = self.form
        if form is not None:
            return ToolValidator(form, self._tools, self._plain, self.limits, subtrees=subtrees)
        return AnyText() if self._plain is None else self._plain.validator(subtrees=subtrees)

    def timing(self, pointer: str) -> Timing | None:
        if not pointer:
            return Timing.BYTE
        for tool in self.declared.tools:
            if pointer.startswith(f"{tool.schema_pointer}/"):
                return tool.contract.timing(pointer.removeprefix(tool.schema_pointer))
        return None if self._plain is None else self._plain.timing(pointer)

    def _lower(self, engine: Engine) -> Lowering:
        form, plain = self.form, None if self._plain is None else _lowered(self._plain, engine)
        if form is None:
            return plain or Lowering("", "", (), Guarantee.NONE)
        lowered = [_lowered(tool.contract, engine) for tool in self._tools]
        entries: list[CoverageEntry] = [] if plain is None or form.text == "none" else [*plain.coverage]
        for tool, lowering in zip(self._tools, lowered, strict=True):
            entries += (replace(entry, pointer=tool.schema_pointer + entry.pointer) for entry in lowering.coverage)
        made = self._told(engine, form, [_guide(lowering) for lowering in lowered], plain)
        if made.guide_type:
            return replace(made, coverage=(*made.coverage, *entries))
        reason = made.coverage[0].reason
        # The grammar as a whole is too much: the form and an object in it still are not.
        made = self._told(engine, form, [lark.OBJECT] * len(lowered), None)
        return replace(made, coverage=(*made.coverage, *(left(entry, reason) for entry in entries)))

    def _told(self, engine: Engine, form: Form, guides: list[str], plain: Lowering | None) -> Lowering:
        text = lark.grammar(
            [(tool.name, guide) for tool, guide in zip(self._tools, guides, strict=True)],
            prose=form.text,
            text_guide=lark.ANY if plain is None else plain.guide,
            most_calls=form.most_calls,
        )
        return engine.grammar(KIND, text)


def compile_tools(
    source: str,
    *,
    compile_schema: Callable[[str, Limits], Contract],
    plain: Contract | None = None,
    limits: Limits | None = None,
) -> ToolCalls:
    """The contract of an answer to a request with tools.

    ``source``: JSON or YAML, an object with OpenAI's ``tools``, ``tool_choice`` and ``parallel_tool_calls``, or the
    list of tools alone. ``compile_schema`` compiles the parameters of each. ``plain`` is the contract, a JSON one, of
    an answer that calls nothing. Raises ContractError, whose pointer leads into the source.
    """
    if plain is not None and plain.kind not in _JSON:
        message = f"beside tools an answer may be text or JSON, not {plain.kind}: leave out one of them"
        raise ContractError(ErrorCode.KIND, message)
    bounds = limits or Limits()
    return ToolCalls(declared.read(source, bounds, compile_schema), plain, bounds)


def _lowered(contract: Contract, engine: Engine) -> Lowering:
    return contract._lower(engine)  # noqa: SLF001 - what a contract is made of are contracts


def _guide(lowering: Lowering) -> str:
    """Where the engine is told nothing of a schema it is still told that arguments are an object."""
    return lark.OBJECT if lowering.guarantee is Guarantee.NONE else lowering.guide
