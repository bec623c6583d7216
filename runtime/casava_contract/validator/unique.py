"""Elements that have been seen, compared as JSON Schema does: 1 is 1.0, true is not 1, members have no order."""

from collections.abc import Hashable

from casava_contract.source.jsontext import JsonValue


class Seen:
    __slots__ = ("_elements",)

    def __init__(self) -> None:
        self._elements: set[Hashable] = set()

    def again(self, value: JsonValue) -> bool:
        """Whether an equal element came before; it has come from now on."""
        kind = type(value)
        key: Hashable = value if kind is int or kind is str else _frozen(value)  # type: ignore[assignment]
        if key in self._elements:
            return True
        self._elements.add(key)
        return False


def _frozen(value: JsonValue) -> Hashable:
    if isinstance(value, dict):
        return frozenset((name, _frozen(member)) for name, member in value.items())
    if isinstance(value, list):
        return tuple(_frozen(element) for element in value)
    if isinstance(value, bool):
        return bool, value  # no list has the type itself in it
    return value
