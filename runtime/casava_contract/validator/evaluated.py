"""What ``unevaluatedProperties`` and ``unevaluatedItems`` cannot miss: members that no subschema beside them names.

Which alternative holds is not asked: a name that any of them has may be evaluated, so only what none has is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from casava_contract.schema.dialect import Applies
from casava_contract.schema.graph import Subschema

_OPEN_NAMES: Final = frozenset({"patternProperties", "additionalProperties", "unevaluatedProperties"})
_OPEN_ITEMS: Final = frozenset({"additionalItems", "unevaluatedItems", "contains"})


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The names and the number of elements that may be evaluated; None where any may."""

    names: frozenset[str] | None
    elements: int | None


def evaluated(start: Subschema, nodes: Mapping[str, Subschema]) -> Evaluated:
    """By the subschemas that may apply to the same value as ``start``, itself included."""
    names: set[str] = set()
    elements, any_name, any_element = 0, False, False
    seen: set[str] = set()
    pending = [start]
    while pending:
        node = pending.pop()
        if node.pointer in seen:
            continue
        seen.add(node.pointer)
        words = node.keywords.keys()
        own = {"unevaluatedProperties", "unevaluatedItems"} if node is start else set()
        any_name = any_name or not _OPEN_NAMES.isdisjoint(words - own)
        any_element = any_element or not _OPEN_ITEMS.isdisjoint(words - own)
        names.update(str(edge.token) for edge in node.edges if edge.keyword == "properties")
        listed = [edge.token for edge in node.edges if edge.keyword in {"items", "prefixItems"}]
        any_element = any_element or None in listed
        elements = max(elements, len(listed))
        pending += [nodes[edge.target] for edge in node.edges if edge.applies is Applies.SAME]
    return Evaluated(None if any_name else frozenset(names), None if any_element else elements)
