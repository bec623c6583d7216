"""The drafts of JSON Schema: which keyword holds subschemas, which asserts, which only describes."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from casava_contract.errors import ErrorCode, shorten
from casava_contract.source.jsontext import JsonValue
from casava_contract.source.reading import Source


class Draft(StrEnum):
    D4 = "4"
    D6 = "6"
    D7 = "7"
    D2019 = "2019-09"
    D2020 = "2020-12"

    @property
    def old(self) -> bool:
        """Up to draft 7 the siblings of a $ref mean nothing."""
        return self in {Draft.D4, Draft.D6, Draft.D7}


_URIS: Final = {
    "http://json-schema.org/draft-04/schema": Draft.D4,
    "http://json-schema.org/draft-06/schema": Draft.D6,
    "http://json-schema.org/draft-07/schema": Draft.D7,
    "https://json-schema.org/draft/2019-09/schema": Draft.D2019,
    "https://json-schema.org/draft/2020-12/schema": Draft.D2020,
}


class Applies(StrEnum):
    """To what a keyword applies its subschemas."""

    SAME = "same"  # to the value itself
    PART = "part"  # to a member or an element of it
    NOTHING = "nothing"  # to nothing by itself: a place to refer to


ONE: Final = "one"  # the keyword's value is a schema
LIST: Final = "list"  # or a list of them
MAP: Final = "map"  # or an object of them by name

_EVERY: Final[dict[str, tuple[Applies, str]]] = {
    "allOf": (Applies.SAME, LIST),
    "anyOf": (Applies.SAME, LIST),
    "oneOf": (Applies.SAME, LIST),
    "not": (Applies.SAME, ONE),
    "properties": (Applies.PART, MAP),
    "patternProperties": (Applies.PART, MAP),
    "additionalProperties": (Applies.PART, ONE),
    "items": (Applies.PART, ONE),
    "definitions": (Applies.NOTHING, MAP),
}
_TO_2019: Final = {"additionalItems": (Applies.PART, ONE)}
_TO_7: Final = {"dependencies": (Applies.SAME, MAP)}
_FROM_6: Final = {"contains": (Applies.PART, ONE), "propertyNames": (Applies.PART, ONE)}
_FROM_7: Final = dict.fromkeys(("if", "then", "else"), (Applies.SAME, ONE))
_FROM_2019: Final = {
    "dependentSchemas": (Applies.SAME, MAP),
    "unevaluatedItems": (Applies.PART, ONE),
    "unevaluatedProperties": (Applies.PART, ONE),
    "contentSchema": (Applies.NOTHING, ONE),
    "$defs": (Applies.NOTHING, MAP),
}
_2020: Final = {"prefixItems": (Applies.PART, LIST)}

APPLICATORS: Final[dict[Draft, dict[str, tuple[Applies, str]]]] = {
    Draft.D4: _EVERY | _TO_2019 | _TO_7,
    Draft.D6: _EVERY | _TO_2019 | _TO_7 | _FROM_6,
    Draft.D7: _EVERY | _TO_2019 | _TO_7 | _FROM_6 | _FROM_7,
    Draft.D2019: _EVERY | _TO_2019 | _FROM_6 | _FROM_7 | _FROM_2019,
    Draft.D2020: _EVERY | _FROM_6 | _FROM_7 | _FROM_2019 | _2020,
}

_NUMBERS: Final = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
_STRINGS: Final = {"minLength", "maxLength", "pattern", "format"}
_ARRAYS: Final = {"minItems", "maxItems", "uniqueItems"}
_OBJECTS: Final = {"minProperties", "maxProperties", "required"}
_ANY_DRAFT: Final = {"type", "enum"} | _NUMBERS | _STRINGS | _ARRAYS | _OBJECTS
_META_SCHEMAS: Final = 8  # meta-schemas of meta-schemas that are followed
_CONTENT: Final = {"contentEncoding", "contentMediaType"}  # asserted in drafts 6 and 7, described since

ASSERTIONS: Final[dict[Draft, frozenset[str]]] = {
    Draft.D4: frozenset(_ANY_DRAFT),
    Draft.D6: frozenset(_ANY_DRAFT | {"const"} | _CONTENT),
    Draft.D7: frozenset(_ANY_DRAFT | {"const"} | _CONTENT),
    Draft.D2019: frozenset(_ANY_DRAFT | {"const", "minContains", "maxContains", "dependentRequired"}),
    Draft.D2020: frozenset(_ANY_DRAFT | {"const", "minContains", "maxContains", "dependentRequired"}),
}

_UNEVALUATED: Final = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_APPLYING: Final = {
    draft: frozenset(word for word, (applies, _) in APPLICATORS[draft].items() if applies is not Applies.NOTHING)
    for draft in (Draft.D2019, Draft.D2020)
}
_VOCABULARIES: Final = {
    Draft.D2019: {"validation": ASSERTIONS[Draft.D2019] - {"format"}, "applicator": _APPLYING[Draft.D2019]},
    Draft.D2020: {
        "validation": ASSERTIONS[Draft.D2020] - {"format"},
        "applicator": _APPLYING[Draft.D2020] - _UNEVALUATED,
        "unevaluated": _UNEVALUATED,
    },
}

REFERENCES: Final = ("$ref", "$recursiveRef", "$dynamicRef")

# Known to describe, in some draft: they are no news to a reader of the coverage report.
DESCRIPTIONS: Final = frozenset(
    {
        "$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$recursiveAnchor", "$schema", "$vocabulary",
        "default", "definitions", "deprecated", "description", "examples", "id", "readOnly", "title", "writeOnly",
    }
)  # fmt: skip

# Formats that the oracle asserts (tested). Any other is an annotation, as the specification has it.
_FORMATS: Final = frozenset(
    {"date", "date-time", "email", "hostname", "idn-email", "ipv4", "ipv6", "regex", "time", "uri"}
)
_FORMATS_6: Final = _FORMATS | {"uri-reference", "uri-template", "json-pointer"}
_FORMATS_7: Final = _FORMATS_6 | {
    "idn-hostname", "iri", "iri-reference", "relative-json-pointer",
}  # fmt: skip
FORMATS: Final[dict[Draft, frozenset[str]]] = {
    Draft.D4: _FORMATS,
    Draft.D6: _FORMATS_6,
    Draft.D7: _FORMATS_7,
    Draft.D2019: _FORMATS_7 | {"duration", "uuid"},
    Draft.D2020: _FORMATS_7 | {"duration", "uuid"},
}


def draft_of(source: Source) -> Draft:
    """The draft that ``$schema`` names; 2020-12 without it. Raises ContractError."""
    value = source.value
    if not isinstance(value, dict):
        return Draft.D2020
    draft = _declared(source, value, "")
    return Draft.D2020 if draft is None else draft


def check_embedded(source: Source, value: dict[str, JsonValue], pointer: str, draft: Draft) -> None:
    """A subschema of another draft is refused: its keywords would mean something else."""
    declared = _declared(source, value, pointer)
    if declared not in {None, draft}:
        raise source.error(
            ErrorCode.DIALECT, f"a subschema of draft {declared} in a schema of draft {draft}: use one", pointer
        )


def _declared(source: Source, value: dict[str, JsonValue], pointer: str) -> Draft | None:
    if "$schema" not in value:
        return None
    uri = value["$schema"]
    named = _meta_schemas(source, value)
    draft = _URIS.get(named[-1])
    if draft is None:
        message = f"$schema {shorten(str(uri))} is not known: use one of {', '.join(_URIS)}"
        raise source.error(ErrorCode.DIALECT, message, f"{pointer}/$schema")
    return draft


def _meta_schemas(source: Source, value: dict[str, JsonValue]) -> list[str]:
    """The URI of the meta-schema, of its meta-schema and so on, as far as resources are given for them."""
    named: list[str] = []
    meta: JsonValue = value
    while isinstance(meta, dict) and len(named) < _META_SCHEMAS:
        uri = meta.get("$schema")
        named.append(uri.removesuffix("#") if isinstance(uri, str) else "")
        meta = None if named[-1] in _URIS else source.resources.get(named[-1])
    return named


def silent(source: Source, value: JsonValue) -> frozenset[str]:
    """The keywords that the meta-schema of a schema or resource leaves out, where one of its own is given."""
    if not isinstance(value, dict) or "$schema" not in value:
        return frozenset()
    named = _meta_schemas(source, value)
    meta = source.resources.get(named[0])
    spoken = meta.get("$vocabulary") if isinstance(meta, dict) else None
    if not isinstance(spoken, dict):
        return frozenset()
    names = {uri.rpartition("/")[2] for uri in spoken}
    known = _VOCABULARIES.get(_URIS.get(named[-1], Draft.D2020), {})
    return frozenset().union(*(words for name, words in known.items() if name not in names))


def plain(value: JsonValue, draft: Draft) -> JsonValue:
    """A schema that names the draft itself, where it named a meta-schema of its own."""
    if not isinstance(value, dict) or "$schema" not in value or _uri(value) in _URIS:
        return value
    return value | {"$schema": next(uri for uri, known in _URIS.items() if known is draft)}


def _uri(value: dict[str, JsonValue]) -> str:
    return str(value.get("$schema")).removesuffix("#")


def applied(draft: Draft, keyword: str, operand: JsonValue) -> Iterator[tuple[Applies, str | int | None, JsonValue]]:
    """The subschemas under one keyword: what they apply to, their name or index, and themselves."""
    known = APPLICATORS[draft].get(keyword)
    if known is None:
        return
    applies, shape = known
    if shape == ONE and isinstance(operand, list) and keyword == "items" and draft is not Draft.D2020:
        shape = LIST
    if shape == ONE and isinstance(operand, dict | bool):
        yield applies, None, operand
    elif shape == LIST and isinstance(operand, list):
        for index, below in enumerate(operand):
            yield applies, index, below
    elif shape == MAP and isinstance(operand, dict):
        for name, below in operand.items():
            if isinstance(below, dict | bool):  # an array under dependencies is a list of names
                yield applies, name, below
