"""jsonschema-rs, which has the final word: built to fetch nothing, to assert formats and to match in linear time."""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, Final, NoReturn
from urllib.parse import quote, urldefrag, urljoin

import jsonschema_rs

from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.schema import formats
from casava_contract.schema.dialect import Draft
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue
from casava_contract.source.reading import Source

_PATTERN_BYTES: Final = 1 << 20  # of a compiled regex
_REPETITION: Final = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_BASE: Final = "https://contract.invalid/"  # of a schema without an absolute $id
_TYPES: Final = "array, boolean, integer, null, number, object or string"


def _refuse_to_fetch(uri: str) -> NoReturn:
    raise LookupError(f"{shorten(uri)} is not part of the schema")


@cache
def _options() -> dict[str, Any]:
    linear = jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES, dfa_size_limit=_PATTERN_BYTES)
    return {
        "pattern_options": linear,
        "validate_formats": True,
        "retriever": _refuse_to_fetch,
        "formats": {form: formats.strict(form, _own_format(form)) for form in ("date", "time", "date-time")},
    }


def _own_format(form: str) -> Callable[[str], bool]:
    return jsonschema_rs.Draft202012Validator({"format": form}, validate_formats=True).is_valid


_CLASSES: Final = {
    Draft.D4: jsonschema_rs.Draft4Validator,
    Draft.D6: jsonschema_rs.Draft6Validator,
    Draft.D7: jsonschema_rs.Draft7Validator,
    Draft.D2019: jsonschema_rs.Draft201909Validator,
    Draft.D2020: jsonschema_rs.Draft202012Validator,
}


_NUMBERS: Final = {
    Draft.D4: jsonschema_rs.Draft4,
    Draft.D6: jsonschema_rs.Draft6,
    Draft.D7: jsonschema_rs.Draft7,
    Draft.D2019: jsonschema_rs.Draft201909,
    Draft.D2020: jsonschema_rs.Draft202012,
}


def _registry(resources: Mapping[str, JsonValue], draft: Draft) -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry(resources.items(), draft=_NUMBERS[draft], retriever=_refuse_to_fetch)


def validator(source: Source, text: str, draft: Draft, resources: Mapping[str, JsonValue]) -> jsonschema_rs.Validator:
    """The validator of a schema's normalised text, and of what it refers to. Raises ContractError."""
    if not resources:
        return _made(source, text, draft, {})
    options = {"registry": _registry(resources, draft)}
    for uri, value in resources.items():  # each by itself, so that it is held against the meta-schema
        _made(source, jsontext.dump(value), draft, options | {"base_uri": uri}, f"{uri}#")
    return _made(source, text, draft, options)


def _made(
    source: Source, text: str, draft: Draft, options: Mapping[str, Any], root: str = ""
) -> jsonschema_rs.Validator:
    try:
        return _CLASSES[draft](text, **_options(), **options)
    except jsonschema_rs.ValidationError as error:
        raise _refusal(source, draft, error, root) from None
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise source.error(ErrorCode.INVALID, f"not a schema of draft {draft}: {shorten(str(error))}", root) from None


class Parts:
    """Validators of the subschemas of a schema that validator() has accepted, each made when first asked for."""

    def __init__(self, schema: JsonValue, draft: Draft, resources: Mapping[str, JsonValue]) -> None:
        self._class = _CLASSES[draft]
        identifier = schema.get("id" if draft is Draft.D4 else "$id") if isinstance(schema, dict) else None
        self._whole = urldefrag(urljoin(_BASE, identifier if isinstance(identifier, str) else "")).url
        self._registry = _registry({self._whole: schema} | dict(resources), draft)
        self._made: dict[str, jsonschema_rs.Validator] = {}

    def valid(self, pointer: str, value: JsonValue) -> bool:
        if pointer not in self._made:
            uri, _, fragment = (self._whole, "", pointer) if pointer[:1] in {"", "/"} else pointer.partition("#")
            reference = {"$ref": f"{uri}#{quote(fragment)}"}
            self._made[pointer] = self._class(reference, registry=self._registry, **_options())
        return self._made[pointer].is_valid(value)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern that validator() has accepted is found in the text."""
    return _pattern(pattern).is_valid(text)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}, **_options())


def assertion(draft: Draft, text: str) -> jsonschema_rs.Validator:
    """The validator of a part of a schema that validator() has accepted, without references."""
    return _CLASSES[draft](text, **_options())


def canonicalize(schema: Any, draft: Draft, resources: Mapping[str, JsonValue]) -> jsonschema_rs.CanonicalSchema:
    """Experimental in jsonschema-rs: it may raise anything, and its work is not bounded."""
    options = {name: value for name, value in _options().items() if name != "formats"}
    if resources:
        options["registry"] = _registry(resources, draft)
    return jsonschema_rs.canonicalize(schema, **options)


def _refusal(source: Source, draft: Draft, error: jsonschema_rs.ValidationError, root: str) -> ContractError:
    pointer = root + pointers.of(error.instance_path)
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing):
        return source.error(ErrorCode.REFERENCE_UNRESOLVED, error.kind.error.message, pointer)
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Format) and error.kind.format == "regex":
        return _bad_pattern(source, pointer, error.instance)
    return source.error(ErrorCode.INVALID, _what_is_wrong(draft, error), pointer)


def _bad_pattern(source: Source, pointer: str, pattern: Any) -> ContractError:
    shown = shorten(str(pattern))
    if _legal(pattern, jsonschema_rs.FancyRegexOptions()):
        fix = "write it without look-around and back-references, so that it runs in linear time"
        return source.error(ErrorCode.PATTERN_NOT_LINEAR, f"{shown} is not a linear regular expression: {fix}", pointer)
    if _legal(_REPETITION.sub("+", str(pattern)), jsonschema_rs.RegexOptions()):
        return source.error(ErrorCode.LIMIT_PATTERN, f"{shown} is too large when compiled: repeat less", pointer)
    return source.error(ErrorCode.PATTERN, f"{shown} is not a regular expression of ECMA-262", pointer)


def _legal(pattern: str, options: Any) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except jsonschema_rs.ValidationError:
        return False
    return True


def _what_is_wrong(draft: Draft, error: jsonschema_rs.ValidationError) -> str:
    shown = shorten(str(error.instance))
    last = error.instance_path[-1] if error.instance_path else None
    if last == "type":
        return f"type {shown} is not known: use {_TYPES}"
    if not error.instance_path or isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Type):
        expected = " or ".join(getattr(error.kind, "types", ())) or "schema"
        return f"{shown} where draft {draft} expects {expected}"
    return f"{shown} is not a legal value of this keyword in draft {draft} ({error.kind.name} of its meta-schema)"
