"""Strings in EBNF: one of a pattern, a format and a length is said, since a grammar cannot say two of them at once.

No maximum length is said: counting up to it is too slow (casava_contract.lowering.ebnf).
"""

from decimal import Decimal
from typing import Final

from casava_contract.lowering import ebnf
from casava_contract.lowering.ebnf_json import QUOTE, Words
from casava_contract.lowering.ebnf_patterns import TooSlowError, Translated, in_json
from casava_contract.lowering.formats import FORMAT_PATTERNS
from casava_contract.schema import patterns
from casava_contract.schema.dialect import FORMATS, Draft
from casava_contract.schema.formats import SHAPES
from casava_contract.schema.graph import Subschema

WORDS: Final = ("minLength", "maxLength", "pattern", "format")
_COUNTED: Final = 32  # characters that are counted: what comes after them costs the engine nothing more
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
    try:
        return in_json(pattern, words.char())
    except TooSlowError:
        return None


def _length(words: Words, node: Subschema, held: set[str], reasons: dict[str, str]) -> str:
    reasons["maxLength"] = "a maximum length is too slow to count in this engine"
    least = node.keywords.get("minLength")
    if not isinstance(least, int | float | Decimal):
        return words.string()
    if least > _COUNTED:
        reasons["minLength"] = f"to count more than {_COUNTED} characters is too slow in the engine"
        return words.string()
    held.add("minLength")
    return f"{QUOTE} {ebnf.times(words.char(), int(least), None)} {QUOTE}"
