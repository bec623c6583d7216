"""The rules by which an answer may be mended: the class of each, and what it costs."""

from dataclasses import dataclass
from typing import Final, Literal

EditClass = Literal["lossless", "coercing", "lossy"]
CLASSES: Final[tuple[EditClass, ...]] = ("lossless", "coercing", "lossy")  # mildest first


@dataclass(frozen=True, slots=True)
class Rule:
    """``cost``: of one edit. One edit of a class is dearer than any number of edits of a milder one."""

    cls: EditClass
    cost: int
    what: str


# Dearer than what else may be wrong nearby: a quote that is taken for a part of the text may hide the rest of it.
INNER_QUOTE: Final = 16
_COERCING: Final = 100_000
_LOSSY: Final = 100_000_000

RULES: Final[dict[str, Rule]] = {
    # Around the document.
    "byte_order_mark": Rule("lossless", 1, "a byte-order mark before the answer"),
    "think_block": Rule("lossless", 1, "<think>...</think> outside of the document"),
    "fence": Rule("lossless", 1, "a Markdown fence around the document"),
    "prose": Rule("lossless", 2, "text before or after the document"),
    "double_encoded": Rule("lossless", 2, "JSON written as a string where the contract wants an object or an array"),
    # In its tokens.
    "white_space": Rule(
        "lossless",
        1,
        "white space that JSON does not know; around an answer that is no document, all of it",
    ),
    "quotes": Rule("lossless", 1, "a string in single or typographic quotes"),
    "unquoted_key": Rule("lossless", 1, "a key without quotes"),
    "inner_quote": Rule(
        "lossless", INNER_QUOTE, "quotes inside of a string that are not escaped; the cost is that of each"
    ),
    "control_character": Rule("lossless", 1, "a line end, a tab or another control character raw in a string"),
    "escape": Rule("lossless", 1, r"\' and \x41, which JSON does not know"),
    "literal": Rule("lossless", 1, "True, False, None, TRUE, FALSE, NULL; undefined where it means null"),
    "number": Rule("lossless", 1, "+1, 007, .5, 5., 1_000, 0x1F, 1,234.50"),
    "comment": Rule("lossless", 1, "// ..., /* ... */ and # ..."),
    # In its structure.
    "trailing_comma": Rule("lossless", 1, "a comma before a closing bracket"),
    "extra_comma": Rule("lossless", 1, "a comma too many between the members of an object"),
    "missing_comma": Rule("lossless", 1, "no comma between two members or elements"),
    "missing_bracket": Rule("lossless", 3, "an object or array that was not closed"),
    "wrong_bracket": Rule("lossless", 4, "} for ] or ] for }"),
    "extra_bracket": Rule("lossless", 4, "a closing bracket too many"),
    # In its values.
    "string_to_number": Rule("coercing", _COERCING, 'a number written as a string: "12"'),
    "number_to_string": Rule("coercing", _COERCING, "a number where the contract wants a string, as it was written"),
    "string_to_boolean": Rule("coercing", _COERCING, '"true" and "false"'),
    "scalar_to_array": Rule("coercing", _COERCING, "one scalar where the contract wants an array of such"),
    "enum_snap": Rule("lossy", _LOSSY, "a string that is nearly one of the enum's, and of one alone"),
    "drop_property": Rule("lossy", _LOSSY, "a property that the contract does not allow is left out"),
    "default": Rule("lossy", _LOSSY, "a required property that is missing, with the schema's default"),
    "duplicate_key": Rule("lossy", _LOSSY, "of a key that comes more than once the last one is kept"),
}

LOSSY_RULES: Final = frozenset(name for name, rule in RULES.items() if rule.cls == "lossy")
