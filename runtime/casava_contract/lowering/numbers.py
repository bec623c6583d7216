"""Which numbers and bounds mean to the engine what they mean to JSON Schema."""

from bisect import bisect_right
from decimal import Decimal
from typing import Final

from casava_contract.schema.graph import Graph, Subschema
from casava_contract.schema.kinds import is_number
from casava_contract.source.jsontext import JsonValue

_LARGEST: Final = 2**53  # the engine holds bounds and constants as doubles
_DIGITS: Final = 15
_SMALLEST: Final = Decimal("1e-9")

BOUNDS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


def exact(value: JsonValue) -> bool:
    """Whether every number in the value survives as a double, written without an exponent."""
    if isinstance(value, dict):
        return all(exact(member) for member in value.values())
    if isinstance(value, list):
        return all(exact(element) for element in value)
    if not is_number(value) or value == 0:
        return True
    number = Decimal(str(value))
    short = len(number.normalize().as_tuple().digits) <= _DIGITS or isinstance(value, int)
    return short and _SMALLEST <= abs(number) <= _LARGEST


class Bounds:
    """All bounds of a schema: combinations may bring any two of them together."""

    def __init__(self, graph: Graph) -> None:
        self._lower = _sorted(graph, "minimum", "exclusiveMinimum")
        self._upper = _sorted(graph, "maximum", "exclusiveMaximum")

    def left(self, node: Subschema, keyword: str) -> str:
        """Why a bound is left to the sidecar; "" where the engine holds it."""
        operand = node.keywords[keyword]
        if not isinstance(operand, bool) and not exact(operand):
            return "the engine rounds this number"
        if keyword == "multipleOf" and not _above_zero(node):
            return "of negative numbers the engine allows no multiple: add minimum 0"
        if keyword == "exclusiveMinimum" and _near(_number(node, keyword, "minimum"), self._upper):
            return "the engine takes the bound itself where the upper bound is less than 1 away"
        if keyword == "exclusiveMaximum" and _near(_number(node, keyword, "maximum"), self._lower):
            return "the engine takes the bound itself where the lower bound is less than 1 away"
        return ""


def _above_zero(node: Subschema) -> bool:
    lowest = [_number(node, word) for word in ("minimum", "exclusiveMinimum")]
    return any(bound is not None and bound >= 0 for bound in lowest)


def _sorted(graph: Graph, *words: str) -> list[Decimal]:
    found = (_number(node, word) for node in graph.nodes.values() for word in words)
    return sorted(bound for bound in found if bound is not None)


def _near(bound: Decimal | None, others: list[Decimal]) -> bool:
    if bound is None:
        return False
    next_above = bisect_right(others, bound - 1)  # the first that is more than bound - 1
    return next_above < len(others) and others[next_above] < bound + 1


def _number(node: Subschema, *words: str) -> Decimal | None:
    """The first of the words that holds a number: draft 4 has flags beside the bounds."""
    for word in words:
        value = node.keywords.get(word)
        if is_number(value):
            return Decimal(str(value))
    return None
