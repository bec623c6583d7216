"""The syntax of an expression, its macros as what they were written as."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Constant: TypeAlias = bool | int | float | str | None


class UnsupportedError(Exception):
    """CEL that is legal and not evaluated here; says what."""


class UnknownNameError(Exception):
    """A name that stands for nothing: a typing error of the author's."""


@dataclass(frozen=True, slots=True)
class Const:
    value: Constant


@dataclass(frozen=True, slots=True)
class Ident:
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """``operand.field``; ``test``: ``has(operand.field)``."""

    operand: "Node"
    field: str
    test: bool


@dataclass(frozen=True, slots=True)
class Call:
    """``operands``: the receiver first, where there is one."""

    function: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    elements: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    entries: tuple[tuple["Node", "Node"], ...]


@dataclass(frozen=True, slots=True)
class Macro:
    """``condition``: what ``all``, ``exists``, ``exists_one``, ``filter`` and ``map`` with three arguments ask."""

    kind: Literal["all", "exists", "exists_one", "map"]
    variable: str
    over: "Node"
    condition: "Node | None"
    body: "Node | None"  # of map and filter


Node: TypeAlias = Const | Ident | Select | Call | ListOf | MapOf | Macro


@dataclass(frozen=True, slots=True)
class Comprehension:
    """A macro as the parser writes it out."""

    variable: str
    over: Node
    accumulator: str
    start: Node
    step: Node


def macro(made: Comprehension) -> Macro:
    """What was written: comprehensions come from macros alone. Raises UnsupportedError for a macro not known here."""
    so_far = Ident(made.accumulator)
    match made.start, made.step:
        case Const(True), Call("_&&_", (first, condition)) if first == so_far:
            return Macro("all", made.variable, made.over, condition, None)
        case Const(False), Call("_||_", (first, condition)) if first == so_far:
            return Macro("exists", made.variable, made.over, condition, None)
        case Const(0), Call("_?_:_", (condition, Call("_+_", (first, Const(1))), last)) if first == last == so_far:
            return Macro("exists_one", made.variable, made.over, condition, None)
        case ListOf(()), Call("_?_:_", (condition, Call("_+_", (first, ListOf((body,)))), last)) if (
            first == last == so_far
        ):
            return Macro("map", made.variable, made.over, condition, body)
        case ListOf(()), Call("_+_", (first, ListOf((body,)))) if first == so_far:
            return Macro("map", made.variable, made.over, None, body)
    raise UnsupportedError("this macro")
