"""Operators and functions. ``&&`` and ``||`` absorb the failure of one side where the other side decides."""

from collections.abc import Callable, Sequence
from typing import Final

from casava_contract.cel import values
from casava_contract.cel.expressions import compile_expression
from casava_contract.cel.functions import ARITY, FUNCTIONS
from casava_contract.cel.nodes import Call, Const, UnknownNameError, UnsupportedError
from casava_contract.cel.op import Frame, Op, boolean, first_place, meter_of
from casava_contract.cel.values import Failure, Value
from casava_contract.errors import shorten
from casava_contract.source import pointers

_ARITHMETIC: Final = frozenset({"_+_", "_-_", "_*_", "_/_", "_%_", "-_"})
_BOOLEAN: Final = frozenset(
    {"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "contains", "startsWith", "endsWith"}
)  # fmt: skip
# Functions of CEL's standard that are not evaluated here.
_STANDARD: Final = frozenset(
    {
        "bool", "bytes", "uint", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours",
        "getMilliseconds", "getMinutes", "getMonth", "getSeconds",
    }
)  # fmt: skip


def call(node: Call, operands: Sequence[Op]) -> Op:
    """Raises UnsupportedError and UnknownNameError."""
    name = node.function
    if name not in ARITY:
        known = name in _STANDARD
        raise UnsupportedError(f"{name}()") if known else UnknownNameError(f"{name}()")
    if len(operands) != ARITY[name]:
        raise UnsupportedError(f"{name}() of {len(operands)} values")
    if name in _SPECIAL:
        return _SPECIAL[name](node, operands)
    gives = _gives(name, operands)
    function = values.quotient if name == "_/_" and gives == "int" else FUNCTIONS[name]
    size = 1 + sum(operand.size for operand in operands)
    blame = first_place(operands)
    if len(operands) == 1:
        return Op(_unary(function, operands[0].run), size, blame=blame, gives=gives)
    left, right = operands
    run = _binary(function, left.run, right.run)
    if name == "_[_]":
        where = _element_path(left, right)
        return Op(run, size, where, where)
    return Op(run, size, blame=blame, gives=gives)


def _gives(name: str, operands: Sequence[Op]) -> str:
    if name in _BOOLEAN:
        return "bool"
    if name in {"size", "int"}:
        return "int"
    if name in {"_[_]", "dyn", "min", "max"}:
        return ""
    return "int" if name in _ARITHMETIC and all(operand.gives == "int" for operand in operands) else "other"


def _unary(function: Callable[..., Value], only: Callable[[Frame], Value]) -> Callable[[Frame], Value]:
    return lambda frame: function(only(frame), frame[0])


def _binary(
    function: Callable[..., Value], left: Callable[[Frame], Value], right: Callable[[Frame], Value]
) -> Callable[[Frame], Value]:
    return lambda frame: function(left(frame), right(frame), frame[0])


def _element_path(operand: Op, key: Op) -> Callable[[Frame], str | None]:
    def where(frame: Frame) -> str | None:
        place = operand.path(frame)
        if place is None:
            return None
        token = key.run(frame)
        return pointers.join(place, token if type(token) is str else values.whole(token, "an index"))

    return where


def _logic(node: Call, operands: Sequence[Op]) -> Op:
    decisive = node.function == "_||_"
    left, right = operands

    def run(frame: Frame) -> bool:
        try:
            if boolean(left.run(frame)) is decisive:
                return decisive
        except Failure:
            if boolean(right.run(frame)) is decisive:
                return decisive
            raise
        return boolean(right.run(frame))

    def blame(frame: Frame) -> str | None:
        return right.blame(frame) if _holds(left, frame) else left.blame(frame)

    return Op(run, 1 + left.size + right.size, blame=first_place(operands) if decisive else blame, gives="bool")


def _holds(op: Op, frame: Frame) -> bool:
    try:
        return op.run(frame) is True
    except Failure:
        return False


def _conditional(_: Call, operands: Sequence[Op]) -> Op:
    condition, then, otherwise = operands

    def chosen(frame: Frame) -> Op:
        return then if boolean(condition.run(frame)) else otherwise

    return Op(
        lambda frame: chosen(frame).run(frame),
        1 + sum(operand.size for operand in operands),
        lambda frame: chosen(frame).path(frame),
        lambda frame: chosen(frame).blame(frame),
        then.gives if then.gives == otherwise.gives else "",
    )


def _not(_: Call, operands: Sequence[Op]) -> Op:
    (only,) = operands
    return Op(lambda frame: not boolean(only.run(frame)), 1 + only.size, blame=first_place(operands), gives="bool")


def _matches(node: Call, operands: Sequence[Op]) -> Op:
    """The expression is in the rule's text, so that no answer can bring its own."""
    pattern = node.operands[1]
    if not isinstance(pattern, Const) or not isinstance(pattern.value, str):
        raise UnsupportedError("matches() of an expression that is not written in the rule")
    compiled, subject = compile_expression(pattern.value), operands[0]
    if compiled is None:
        what = f"the regular expression {shorten(pattern.value)} (not one, not linear, or too large)"
        raise UnsupportedError(what)
    found, characters = compiled

    def run(frame: Frame) -> bool:
        text = subject.run(frame)
        if type(text) is not str:
            raise Failure(f"matches() is not defined for {values.type_of(text)}")
        meter_of(frame).charge(1 + len(text) // characters)
        return found(text)

    return Op(run, 2 + subject.size, blame=first_place(operands[:1]), gives="bool")


_SPECIAL: Final[dict[str, Callable[[Call, Sequence[Op]], Op]]] = {
    "_&&_": _logic,
    "_||_": _logic,
    "_?_:_": _conditional,
    "!_": _not,
    "matches": _matches,
}
