"""When the incremental validator finds a keyword violated: the stated bound, which tests hold it to."""

from typing import Final

from casava_contract.report import Timing
from casava_contract.schema.components import Components, targets
from casava_contract.schema.dialect import Applies, Draft
from casava_contract.schema.graph import Edge, Graph, Subschema
from casava_contract.source import pointers
from casava_contract.validator import leaves

_DEEPEST: Final = 48  # choices inside of choices; each is a few calls inside of each other
_ON_THE_WAY: Final = frozenset({"$dynamicRef", "$recursiveRef"})
_PLAIN: Final = frozenset({"$ref", "allOf"})


_AT_THE_BYTE: Final = frozenset(
    {
        "type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "properties",
        "additionalProperties", "required", "minProperties", "maxProperties", "items", "prefixItems", "additionalItems",
        "minItems", "maxItems", "uniqueItems", "minContains", "maxContains", "contains", "dependentRequired", "allOf",
        "anyOf", "$ref",
    }
)  # fmt: skip
# What needs a part of the answer to be judged by itself.
_JUDGED: Final = frozenset(
    {
        "not", "oneOf", "if", "then", "else", "contains", "minContains", "maxContains", "propertyNames",
        "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef",
    }
)  # fmt: skip


def dynamic(graph: Graph) -> bool:
    """Whether a part of the answer cannot be judged by itself.

    What a dynamic reference means depends on the way to it, and a schema inside a schema has a base of its own.
    """
    return any(
        word in node.keywords and (not pointers.is_root(node.pointer) or word in _ON_THE_WAY)
        for node in graph.nodes.values()
        for word in ("$dynamicRef", "$recursiveRef", "$id", "id")
    )


def tangled(graph: Graph) -> bool:
    """Whether choices stand inside each other, over one value, deeper than is followed."""
    depths: dict[str, int] = {}
    for (pointer,) in Components(graph, lambda node: targets(node, Applies.SAME)):  # no loops over one value
        below = (depths[e.target] + (e.keyword not in _PLAIN) for e in graph.nodes[pointer].edges if _same(e))
        depths[pointer] = max(below, default=0)
    return max(depths.values()) > _DEEPEST


def _same(edge: Edge) -> bool:
    return edge.applies is Applies.SAME


def timing(node: Subschema, keyword: str, draft: Draft, *, whole: bool, tangle: bool) -> Timing:
    """``whole``: parts cannot be judged by themselves; ``tangle``: nothing but JSON is followed."""
    if tangle:
        return Timing.ANSWER
    if whole and keyword in _JUDGED:
        return Timing.ANSWER
    operand = node.keywords.get(keyword)
    if keyword == "pattern":
        return Timing.BYTE if isinstance(operand, str) and leaves.regex_of(operand) else Timing.VALUE
    if keyword == "format":
        return Timing.BYTE if leaves.format_regex(operand, draft) else Timing.VALUE
    if keyword in {"enum", "const"}:
        values = operand if keyword == "enum" and isinstance(operand, list) else [operand]
        composed = any(isinstance(value, dict | list) for value in values)
        if whole and composed:
            return Timing.ANSWER
        return Timing.VALUE if composed else Timing.BYTE
    return Timing.BYTE if keyword in _AT_THE_BYTE else Timing.VALUE
