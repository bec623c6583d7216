"""From syntax to closures."""

from typing import Final

from casava_contract.cel import calls, macros, values
from casava_contract.cel.functions import TYPES
from casava_contract.cel.nodes import (
    Call,
    Const,
    Constant,
    Ident,
    ListOf,
    Macro,
    MapOf,
    Node,
    Select,
    UnknownNameError,
)
from casava_contract.cel.op import Frame, Op, first_place, meter_of
from casava_contract.cel.values import Failure, Meter, TypeName, Value
from casava_contract.source import pointers

_SELF: Final = 1


def build(node: Node) -> tuple[Op, int]:
    """An expression over ``self``, and how many slots its frames have. Raises UnsupportedError, UnknownNameError."""
    builder = _Builder()
    return builder.op(node, {"self": _SELF}), builder.slots


def frame(meter: Meter, value: Value, slots: int) -> Frame:
    meter.places[_SELF] = ""
    return [meter, value, *[None] * (slots - 2)]


class _Builder:
    def __init__(self) -> None:
        self.slots = 2

    def op(self, node: Node, scope: dict[str, int]) -> Op:
        match node:
            case Const(value):
                return _constant(value)
            case Ident(name):
                return _ident(name, scope)
            case Select():
                return _select(node, self.op(node.operand, scope))
            case ListOf(elements):
                return _list([self.op(element, scope) for element in elements])
            case MapOf(entries):
                return _map([(self.op(key, scope), self.op(value, scope)) for key, value in entries])
            case Macro():
                return self._macro(node, scope)
            case Call():
                return calls.call(node, [self.op(operand, scope) for operand in node.operands])

    def _macro(self, node: Macro, scope: dict[str, int]) -> Op:
        slot = self.slots
        self.slots += 1
        inner = scope | {node.variable: slot}
        over = self.op(node.over, scope)
        condition = None if node.condition is None else self.op(node.condition, inner)
        body = None if node.body is None else self.op(node.body, inner)
        return macros.macro(node.kind, slot, over, condition, body)


def _constant(value: Constant) -> Op:
    kept = values.number(value, "") if isinstance(value, float) else value
    return Op(lambda _: kept, 1, gives=_GIVES.get(type(kept), "other"))


_GIVES: Final = {int: "int", bool: "bool"}


def _ident(name: str, scope: dict[str, int]) -> Op:
    if name in scope:
        slot = scope[name]

        def where(at: Frame) -> str | None:
            return meter_of(at).places.get(slot)

        return Op(lambda at: at[slot], 1, where, where)
    if name in TYPES:
        constant = TypeName(name)
        return Op(lambda _: constant, 1, gives="other")
    raise UnknownNameError(name)


def _select(node: Select, operand: Op) -> Op:
    name = node.field

    def where(at: Frame) -> str | None:
        place = operand.path(at)
        return None if place is None else pointers.join(place, name)

    if node.test:

        def present(at: Frame) -> bool:
            value = operand.run(at)
            if type(value) is not dict:
                raise Failure(f"has() asks for a map, not {values.type_of(value)}")
            return name in value

        return Op(present, operand.size + 1, blame=operand.path, gives="bool")
    return Op(lambda at: values.member(operand.run(at), name), operand.size + 1, where, where)


def _list(elements: list[Op]) -> Op:
    runs = [element.run for element in elements]
    size = 1 + sum(element.size for element in elements)
    return Op(lambda at: [run(at) for run in runs], size, blame=first_place(elements), gives="other")


def _map(entries: list[tuple[Op, Op]]) -> Op:
    def run(at: Frame) -> Value:
        made: dict[str, Value] = {}
        for key, value in entries:
            name = key.run(at)
            if type(name) is not str:
                raise Failure(f"a map's key is a string here, not {values.type_of(name)}")
            if name in made:
                raise Failure("a map with the same key twice")
            made[name] = value.run(at)
        return made

    return Op(run, 1 + sum(key.size + value.size for key, value in entries), gives="other")
