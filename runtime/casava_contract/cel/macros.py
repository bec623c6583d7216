"""``all``, ``exists``, ``exists_one``, ``map`` and ``filter``: every round is charged for."""

from collections.abc import Callable, Iterable
from typing import Final

from casava_contract.cel.op import Frame, Op, boolean, meter_of
from casava_contract.cel.values import Failure, Value, type_of
from casava_contract.source import pointers


def macro(kind: str, slot: int, over: Op, condition: Op | None, body: Op | None) -> Op:
    """``slot``: where the element stands. ``condition`` and ``body`` as in nodes.Macro."""
    steps = 1 + sum(one.size for one in (condition, body) if one is not None)
    if kind == "map":
        return Op(_map(slot, over, condition, body, steps), over.size + steps, blame=over.path, gives="other")
    assert condition is not None  # noqa: S101 - these macros have one
    if kind == "exists_one":
        return Op(_exists_one(slot, over, condition, steps), over.size + steps, blame=over.path, gives="bool")
    run = _quantifier(slot, over, condition, steps, decisive=kind == "exists")
    blame = _first_that_fails(slot, over, condition, steps) if kind == "all" else over.path
    return Op(run, over.size + steps, blame=blame, gives="bool")


def _elements(value: Value) -> Iterable[Value]:
    """Of a list its elements, of a map its keys."""
    if type(value) in {list, dict}:
        return value  # type: ignore[no-any-return]
    raise Failure(f"a macro asks for a list or a map, not {type_of(value)}")


def _quantifier(slot: int, over: Op, condition: Op, steps: int, *, decisive: bool) -> Callable[[Frame], bool]:
    """``exists`` is decided by one true element, ``all`` by one false one; a failure counts where none decides."""

    def run(frame: Frame) -> bool:
        charge = meter_of(frame).charge
        failed: Failure | None = None
        for element in _elements(over.run(frame)):
            charge(steps)
            frame[slot] = element
            try:
                if boolean(condition.run(frame)) is decisive:
                    return decisive
            except Failure as failure:
                failed = failed or failure
        if failed is not None:
            raise failed
        return not decisive

    return run


def _exists_one(slot: int, over: Op, condition: Op, steps: int) -> Callable[[Frame], bool]:
    def run(frame: Frame) -> bool:
        charge = meter_of(frame).charge
        count = 0
        for element in _elements(over.run(frame)):
            charge(steps)
            frame[slot] = element
            count += boolean(condition.run(frame))
        return count == 1

    return run


def _map(slot: int, over: Op, condition: Op | None, body: Op | None, steps: int) -> Callable[[Frame], Value]:
    def run(frame: Frame) -> Value:
        charge = meter_of(frame).charge
        made = []
        for element in _elements(over.run(frame)):
            charge(steps)
            frame[slot] = element
            if condition is None or boolean(condition.run(frame)):
                made.append(_made(frame))
        return made

    _made: Final = body.run if body is not None else lambda frame: frame[slot]
    return run


def _first_that_fails(slot: int, over: Op, condition: Op, steps: int) -> Callable[[Frame], str | None]:
    def where(frame: Frame) -> str | None:
        place = over.path(frame)
        try:
            value = over.run(frame)
        except Failure:
            return over.blame(frame)
        if type(value) not in {list, dict}:
            return place
        for index, element in enumerate(_elements(value)):
            meter_of(frame).charge(steps)
            frame[slot] = element
            token = element if type(value) is dict else index
            meter_of(frame).places[slot] = None if place is None else pointers.join(place, token)
            try:
                holds = condition.run(frame) is True
            except Failure:
                holds = False
            if not holds:
                return condition.blame(frame) or meter_of(frame).places[slot]
        return place

    return where
