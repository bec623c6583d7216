"""Strings in EBNF: one of a pattern, a format and a length is said, since a grammar cannot say two of them at once."""

from decimal import Decimal
from typing import Final

from casava_contract import patterns
from casava_contract.dialect import FORMATS, Draft
from casava_contract.formats import SHAPES
from casava_contract.graph import Subschema
from casava_contract.jsontext import JsonValue
from casava_contract.lowering import ebnf
from casava_contract.lowering.ebnf_json import QUOTE, Words
from casava_contract.lowering.ebnf_patterns import Translated, in_json
from casava_contract.lowering.formats import FORMAT_PATTERNS

WORDS: Final = ("minLength", "maxLength", "pattern", "format")
_LONGEST: Final = 100_000
_BESIDE: Final = "the engine's grammar says one of pattern, format and length"
_FORMS: Final = FORMAT_PATTERNS | {name: f"^(?:{SHAPES[name]})$".replace("[.]", "\\.") for name in ("ipv4", "uuid")}


def string(words: Words, node: Subschema, draft: Draft, held: set[str], reasons: dict[str, str]) -> str:
    """``held`` gains what the grammar holds, ``reasons`` why the rest is left."""
    present = [word for word in WORDS if word in node.keywords]
    reasons.update(dict.fromkeys(present, _BESIDE))
    pattern, form = node.keywords.get("pattern"), str(node.keywords.get("format"))
    if isinstance(pattern, str):
        told = _pattern(words, pattern)
        if told is not None:
            if told.exact:
                held.add("pattern")
            reasons["pattern"] = "the engine takes bytes that are no text for one character"
            return told.body
        reasons["pattern"] = "the engine's grammar cannot say this regular expression"
    if form in _FORMS and form in FORMATS[draft]:
        held.add("format")
        return in_json(_FORMS[form], words.char()).body
    reasons["format"] = "the engine's grammar does not know this format"
    return _length(words, node, held, reasons)


def _pattern(words: Words, pattern: str) -> Translated | None:
    if not patterns.proven(pattern) or patterns.heavy(pattern):
        return None
    return in_json(pattern, words.char())


def _length(words: Words, node: Subschema, held: set[str], reasons: dict[str, str]) -> str:
    least, most = _bound(node.keywords.get("minLength")), _bound(node.keywords.get("maxLength"))
    if least is None and most is None:
        reasons.update(dict.fromkeys(("minLength", "maxLength"), "too large for the engine's grammar"))
        return words.string()
    held.update({"minLength"} & node.keywords.keys() if least is not None else ())
    reasons["maxLength"] = "the engine takes bytes that are no text for one character, which become several"
    return f"{QUOTE} {ebnf.times(words.char(), least or 0, most)} {QUOTE}"


def _bound(operand: JsonValue) -> int | None:
    fits = isinstance(operand, int | float | Decimal) and operand <= _LONGEST
    return int(operand) if fits else None  # type: ignore[arg-type]
