"""What a node of the syntax is compiled to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from casava_contract.cel.values import Failure, Meter, Value, type_of

Frame = list[Value]  # the Meter, ``self``, then the variables of macros, each in its slot
Run = Callable[[Frame], Value]
Where = Callable[[Frame], str | None]


def nowhere(_: Frame) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Op:
    """``run`` gives the value or raises Failure or Spent. ``size``: the steps it takes, loops counted as one round.

    ``gives``: what kind of value, as far as the syntax tells: "int", "bool", "other" (neither) or "" (not known).

    JSON pointers into the answer, None where there is none: ``path`` leads to what the node reads, ``blame`` to what
    made it false or fail.
    """

    run: Run
    size: int
    path: Where = nowhere
    blame: Where = nowhere
    gives: str = ""


def meter_of(frame: Frame) -> Meter:
    meter: Meter = frame[0]
    return meter


def boolean(value: Value) -> bool:
    if type(value) is not bool:
        raise Failure(f"{type_of(value)} where true or false is asked")
    return value


def first_place(operands: Iterable[Op]) -> Where:
    """The first place that one of the operands has."""
    kept = tuple(operands)

    def where(frame: Frame) -> str | None:
        for operand in kept:
            place = operand.path(frame)
            if place is None:
                place = operand.blame(frame)
            if place is not None:
                return place
        return None

    return where
