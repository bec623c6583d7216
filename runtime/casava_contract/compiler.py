"""Text to contract: read, resolve, bound, check against the meta-schema, prove that something can satisfy it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, overload

from casava_contract.contract import Contract
from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.json_contract import JsonContract
from casava_contract.limits import Limits
from casava_contract.report import Satisfiable
from casava_contract.rules import Rule, RuleSet
from casava_contract.schema import dialect, graph, oracle, pattern_work, satisfiability, silence, work
from casava_contract.source import jsontext, models, reading
from casava_contract.source.jsontext import JsonValue
from casava_contract.text.compiling import TEXT_KINDS, TextKind, compile_text
from casava_contract.text.contract import TextContract
from casava_contract.tools import ToolCalls, compile_tools

JsonKind = Literal["json_schema", "json_object"]
ToolKind = Literal["tool_calls"]
Kind = JsonKind | TextKind | ToolKind
Source = str | type | Sequence[str]
KINDS: Final[tuple[Kind, ...]] = ("json_schema", "json_object", *TEXT_KINDS, "tool_calls")
Formats = Literal["assert", "annotate"]

_ANY_OBJECT: Final = '{"type":"object"}'
_DEFAULTS: Final = Limits()
_NOTHING: Final = MappingProxyType[str, str]({})
_FORMAT: Final = frozenset({"format"})


@overload
def compile(  # noqa: A001
    source: str | type,
    *,
    kind: JsonKind = ...,
    limits: Limits = ...,
    formats: Formats = ...,
    resources: Mapping[str, str] = ...,
    rules: Sequence[Rule] = ...,
) -> JsonContract: ...
@overload
def compile(  # noqa: A001
    source: str | Sequence[str],
    *,
    kind: TextKind,
    limits: Limits = ...,
    formats: Formats = ...,
    resources: Mapping[str, str] = ...,
    rules: Sequence[Rule] = ...,
) -> TextContract: ...
@overload
def compile(  # noqa: A001
    source: str,
    *,
    kind: ToolKind,
    limits: Limits = ...,
    formats: Formats = ...,
    resources: Mapping[str, str] = ...,
    rules: Sequence[Rule] = ...,
) -> ToolCalls: ...
@overload
def compile(  # noqa: A001
    source: Source,
    *,
    kind: Kind,
    limits: Limits = ...,
    formats: Formats = ...,
    resources: Mapping[str, str] = ...,
    rules: Sequence[Rule] = ...,
) -> Contract: ...
def compile(  # noqa: A001
    source: Source,
    *,
    kind: Kind = "json_schema",
    limits: Limits = _DEFAULTS,
    formats: Formats = "assert",
    resources: Mapping[str, str] = _NOTHING,
    rules: Sequence[Rule] = (),
) -> Contract:
    """The contract that a text states.

    ``kind`` "json_schema": the text is a JSON Schema (draft 4, 6, 7, 2019-09 or 2020-12, by its ``$schema``) as JSON,
    or as YAML where it does not start like JSON; or a class is given: a pydantic model, a dataclass or a TypedDict.
    "json_object": any JSON object, and the source is not read. "regex": the whole answer matches the expression.
    "choice": the answer is one of a list, given as JSON, as YAML or as strings. "lark", "gbnf": the answer is in the
    language of the grammar, which is in llguidance's dialect of Lark or in llama.cpp's GBNF. "tool_calls": the answer
    calls tools as the members ``tools``, ``tool_choice`` and ``parallel_tool_calls`` of a request to OpenAI's API say.
    ``formats`` "annotate": ``format`` only describes, which is JSON Schema's own default.
    ``resources``: what the schema may refer to outside of itself, JSON or YAML by absolute URI; the meta-schema that
    ``$schema`` names too, where it is no draft's own. Only what is referred to counts.
    ``rules``: conditions over the finished answer.
    Raises ContractError and nothing else; no reference is fetched, not even tried.
    """
    if kind in TEXT_KINDS:
        return _text(source, kind, limits, rules)
    if kind == "json_object":
        return _any_object(limits, tuple(rules))
    if kind == "tool_calls":
        return _tools(source, limits, rules)
    if kind != "json_schema":
        raise ContractError(ErrorCode.KIND, f"kind {shorten(str(kind))}: use {', '.join(KINDS)}")
    read = reading.read(models.schema_of(source) if isinstance(source, type) else _given(source), limits)
    if resources:
        read = replace(read, resources=reading.resources(resources, limits))
    return _compile(read, kind, limits, rules, _FORMAT if formats == "annotate" else frozenset())


def json_object() -> JsonContract:
    """Any JSON object."""
    return _any_object(_DEFAULTS, ())


@lru_cache(maxsize=16)
def _any_object(limits: Limits, rules: tuple[Rule, ...]) -> JsonContract:
    return _compile(reading.read(_ANY_OBJECT, limits), "json_object", limits, rules)


def _text(source: Source, kind: TextKind, limits: Limits, rules: Sequence[Rule]) -> TextContract:
    if isinstance(source, type):
        raise ContractError(ErrorCode.KIND, f"a class where the kind is {kind}: use json_schema")
    if not isinstance(source, str):
        source = jsontext.dump([_given(one) for one in source])
    return compile_text(kind, source, limits, RuleSet.of(rules, limits))


def _tools(source: Source, limits: Limits, rules: Sequence[Rule]) -> ToolCalls:
    if rules:
        raise ContractError(ErrorCode.KIND, "tool calls take no rules: say them of what a tool is given, in its schema")
    return compile_tools(_given(source), compile_schema=_parameters, limits=limits)


def _parameters(text: str, limits: Limits) -> JsonContract:
    return compile(text, limits=limits)


def _given(source: object) -> str:
    if not isinstance(source, str):
        raise ContractError(ErrorCode.SYNTAX, f"a contract is text, not {type(source).__name__}")
    return source


def _compile(
    read: reading.Source,
    kind: JsonKind,
    limits: Limits,
    rules: Sequence[Rule],
    silent: frozenset[str] = frozenset(),
) -> JsonContract:
    """``silent``: keywords that mean nothing."""
    if not isinstance(read.value, dict | bool):
        shown = shorten(jsontext.dump(read.value))
        raise read.error(ErrorCode.INVALID, f"a schema is an object or a boolean, not {shown}")
    draft = dialect.draft_of(read)
    built = graph.build(read, draft, limits)
    work.check(read, built, limits)
    text = jsontext.dump(read.value)
    validator = oracle.validator(read, text, draft, built.resources)
    pattern_work.check(read, built)
    quiet = _quiet(read, built, silent)
    if quiet is not read:
        built = graph.build(quiet, draft, limits)
        validator = oracle.validator(read, jsontext.dump(quiet.value), draft, built.resources)
    contract = JsonContract(
        kind=kind,
        text=text,
        graph=built,
        validator=validator,
        canonical=satisfiability.canonical(built),
        limits=limits,
        rules=RuleSet.of(rules, limits),
        extent=[
            *(f"{word} means nothing" for word in sorted(silent)),
            *(f"{uri} {jsontext.dump(value)}" for uri, value in sorted(built.resources.items())),
        ],
    )
    if contract.satisfiable is Satisfiable.NO:
        message = "no document can satisfy this schema: look for bounds or types that exclude each other"
        raise read.error(ErrorCode.UNSATISFIABLE, message)
    return contract


def _quiet(read: reading.Source, built: graph.Graph, silent: frozenset[str]) -> reading.Source:
    """The source without the keywords that mean nothing; itself where there are none."""
    value = _without(read, read.value, built, silent)
    resources = {uri: _without(read, one, built, silent, f"{uri}#") for uri, one in built.resources.items()}
    if value is read.value and all(resources[uri] is built.resources[uri] for uri in resources):
        return read
    return replace(read, value=value, resources=read.resources | resources)


def _without(
    read: reading.Source, value: JsonValue, built: graph.Graph, silent: frozenset[str], pointer: str = ""
) -> JsonValue:
    words = silent | dialect.silent(read, value)
    return dialect.plain(silence.silenced(value, built, words, pointer=pointer) if words else value, built.draft)
