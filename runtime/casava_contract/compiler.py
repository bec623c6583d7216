"""Text to contract: read, resolve, bound, check against the meta-schema, prove that something can satisfy it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

from casava_contract import dialect, graph, jsontext, oracle, satisfiability, silence, sources, work
from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.json_contract import JsonContract
from casava_contract.jsontext import JsonValue
from casava_contract.limits import Limits
from casava_contract.report import Satisfiable

Kind = Literal["json_schema", "json_object"]
Formats = Literal["assert", "annotate"]

_ANY_OBJECT: Final = '{"type":"object"}'
_DEFAULTS: Final = Limits()
_NOTHING: Final = MappingProxyType[str, str]({})
_FORMAT: Final = frozenset({"format"})


def compile(  # noqa: A001
    source: str,
    *,
    kind: Kind = "json_schema",
    limits: Limits = _DEFAULTS,
    formats: Formats = "assert",
    resources: Mapping[str, str] = _NOTHING,
) -> JsonContract:
    """The contract that a text states.

    ``kind`` "json_schema": the text is a JSON Schema (draft 4, 6, 7, 2019-09 or 2020-12, by its ``$schema``) as JSON,
    or as YAML where it does not start like JSON. ``kind`` "json_object": any JSON object, and the text is not read.
    ``formats`` "annotate": ``format`` only describes, which is JSON Schema's own default.
    ``resources``: what the schema may refer to outside of itself, JSON or YAML by absolute URI; the meta-schema that
    ``$schema`` names too, where it is no draft's own. Only what is referred to counts.
    Raises ContractError and nothing else; no reference is fetched, not even tried.
    """
    if kind == "json_object":
        return json_object()
    if kind != "json_schema":
        raise ContractError(ErrorCode.KIND, f"kind {shorten(str(kind))}: use json_schema or json_object")
    read = sources.read(source, limits)
    if resources:
        read = replace(read, resources=sources.resources(resources, limits))
    return _compile(read, kind, limits, _FORMAT if formats == "annotate" else frozenset())


@cache
def json_object() -> JsonContract:
    """Any JSON object."""
    return _compile(sources.read(_ANY_OBJECT, _DEFAULTS), "json_object", _DEFAULTS)


def _compile(read: sources.Source, kind: Kind, limits: Limits, silent: frozenset[str] = frozenset()) -> JsonContract:
    """``silent``: keywords that mean nothing."""
    if not isinstance(read.value, dict | bool):
        shown = shorten(jsontext.dump(read.value))
        raise read.error(ErrorCode.INVALID, f"a schema is an object or a boolean, not {shown}")
    draft = dialect.draft_of(read)
    built = graph.build(read, draft, limits)
    work.check(read, built, limits)
    text = jsontext.dump(read.value)
    validator = oracle.validator(read, text, draft, built.resources)
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
        extent=tuple(f"{uri} {jsontext.dump(value)}" for uri, value in sorted(built.resources.items())),
    )
    if contract.satisfiable is Satisfiable.NO:
        message = "no document can satisfy this schema: look for bounds or types that exclude each other"
        raise read.error(ErrorCode.UNSATISFIABLE, message)
    return contract


def _quiet(read: sources.Source, built: graph.Graph, silent: frozenset[str]) -> sources.Source:
    """The source without the keywords that mean nothing; itself where there are none."""
    value = _without(read, read.value, built, silent)
    resources = {uri: _without(read, one, built, silent, f"{uri}#") for uri, one in built.resources.items()}
    if value is read.value and all(resources[uri] is built.resources[uri] for uri in resources):
        return read
    return replace(read, value=value, resources=read.resources | resources)


def _without(
    read: sources.Source, value: JsonValue, built: graph.Graph, silent: frozenset[str], pointer: str = ""
) -> JsonValue:
    words = silent | dialect.silent(read, value)
    return dialect.plain(silence.silenced(value, built, words, pointer=pointer) if words else value, built.draft)
