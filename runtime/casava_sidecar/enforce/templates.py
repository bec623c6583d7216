"""Where violations happen, in words that are bounded: pointer templates for metrics."""

from typing import Final

_MOST: Final = 200  # different ones in the life of a process
_OTHER: Final = "other"
_NAMED: Final = frozenset({"properties"})
_EACH: Final = frozenset(
    {"items", "prefixItems", "additionalItems", "contains", "unevaluatedItems", "additionalProperties"}
    | {"patternProperties", "unevaluatedProperties", "propertyNames"}
)
_NUMBERED: Final = frozenset({"prefixItems", "patternProperties", "items"})
_PLACED: Final = frozenset({"$defs", "definitions", "allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies"})


def template(schema_pointer: str) -> str:
    """``/items/*/price`` for the keyword ``/properties/items/items/properties/price/minimum``.

    It holds names that the schema declares and no others: what a model writes never becomes a label.
    """
    steps = schema_pointer.split("/")[1:-1]
    path: list[str] = []
    at = 0
    while at < len(steps):
        word = steps[at]
        at += 1
        if word in _NAMED and at < len(steps):
            path.append(steps[at])
            at += 1
        elif word in _EACH:
            path.append("*")
            if word in _NUMBERED and at < len(steps) and (word == "patternProperties" or steps[at].isdigit()):
                at += 1
        elif word in _PLACED:
            at += 1
    return "".join(f"/{step}" for step in path)


class Templates:
    """Gives each place its label, and one label to all places beyond the first 200."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def label(self, schema_pointer: str) -> str:
        found = template(schema_pointer)
        if found in self._known:
            return found
        if len(self._known) >= _MOST:
            return _OTHER
        self._known.add(found)
        return found
