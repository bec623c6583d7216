"""One compiled expression: Google's library parses it, build.py makes it run."""

import re
import threading
from functools import cache
from typing import Any, Final

from casava_contract.cel import build, wire
from casava_contract.cel.nodes import UnknownNameError
from casava_contract.cel.values import Failure, Meter, Spent, Value

_ERROR: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_LOCK: Final = threading.Lock()  # the library does not say that its environment may be shared


class ExpressionError(Exception):
    """Not CEL, or CEL that does not fit. ``line`` and ``column`` count from 1, in the expression."""

    def __init__(self, message: str, line: int | None, column: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class Program:
    """A condition over ``self``. Immutable: may be shared between threads."""

    def __init__(self, source: str) -> None:
        """Raises ExpressionError and UnsupportedError."""
        try:
            self._op, self._slots = build.build(wire.read(_parsed(source)))
        except UnknownNameError as error:
            raise ExpressionError(f"{error} is not known: the answer is called self", None, None) from None
        if self._op.gives not in {"bool", ""}:
            raise ExpressionError("a rule is a condition: compare its value with something", None, None)

    def holds(self, value: Value, meter: Meter) -> bool:
        """Raises Failure where the condition has no value or not a boolean one, and Spent."""
        meter.charge(self._op.size)
        result = self._op.run(build.frame(meter, value, self._slots))
        if type(result) is not bool:
            raise Failure("the rule is neither true nor false")
        return result

    def blame(self, value: Value, meter: Meter) -> str:
        """The JSON pointer of what made the condition false, as far as it can be told; "" is the whole value."""
        try:
            return self._op.blame(build.frame(meter, value, self._slots)) or ""
        except (Failure, Spent):
            return ""


def _parsed(source: str) -> bytes:
    try:
        with _LOCK:
            expression = _environment().compile(source, disable_check=True)
    except RuntimeError as error:
        raise _refusal(str(error)) from None
    serialized: bytes = expression.serialize()
    return serialized


@cache
def _environment() -> Any:
    from cel_expr_python import cel  # noqa: PLC0415 - 15 MB that only a contract with rules needs

    return cel.NewEnv()


def _refusal(message: str) -> ExpressionError:
    found = _ERROR.search(message)
    if "recursion" in message:
        return ExpressionError("nested or chained too deeply: at most 32 levels", None, None)
    if found is None:
        return ExpressionError("not CEL", None, None)
    return ExpressionError(found[3].partition(" expecting ")[0], int(found[1]), int(found[2]))
