"""Holds an answer that may call tools against them while it comes: the form, and each call's arguments."""

from dataclasses import replace
from typing import Final

from casava_contract.contract import Contract, Validator
from casava_contract.diagnose import HINT_LENGTH, from_reason, place
from casava_contract.errors import MESSAGE_LENGTH, shorten
from casava_contract.limits import Limits
from casava_contract.source.jsontext import JsonValue
from casava_contract.tools.declared import Tool
from casava_contract.tools.prose import AnyText
from casava_contract.tools.syntax import Arguments, Broken, Called, Event, Form, Given, Reader, Text
from casava_contract.verdict import Completed, Diagnostic, Partial, Reason, State, Verdict

FORM: Final = "tools.form"

_OPEN: Final = Verdict(State.OPEN)
_COMPLETE: Final = Verdict(State.COMPLETE)


class _DeadError(Exception):
    def __init__(self, *errors: Diagnostic) -> None:
        self.errors = errors


class ToolValidator:
    """Offsets count in the whole answer; pointers are those of the list of calls, as ``/0/arguments/city``.

    ``text``: the contract of an answer that calls nothing, or None; such an answer is held against it, pointers too.
    """

    def __init__(
        self, form: Form, tools: tuple[Tool, ...], text: Contract | None, limits: Limits, *, subtrees: bool = False
    ) -> None:
        self._reader = Reader(form)
        self._tools = {tool.name: tool for tool in tools}
        self._limits = limits
        self._subtrees = subtrees
        self._answer = bytearray()
        self._text: Validator = AnyText() if text is None else text.validator(subtrees=subtrees)
        self._text_state = State.COMPLETE if text is None else State.OPEN
        self._calls: list[dict[str, JsonValue]] = []
        self._tool = tools[0] if tools else None  # of the call that is open
        self._arguments: Validator | None = None  # of the arguments that are open
        self._begun = 0  # the offset of the arguments
        self._completed: list[Completed] = []
        self._last = _OPEN
        self._over = False

    @property
    def offset(self) -> int:
        """Bytes read."""
        return len(self._answer)

    def feed(self, piece: bytes) -> Verdict:
        """The verdict after the next bytes of the answer."""
        if self._over:
            return self._last
        most = self._limits.output_bytes
        taken = piece[: most - len(self._answer)]
        self._answer += taken
        try:
            for event in self._reader.feed(taken):
                self._take(event)
            if len(taken) < len(piece):
                raise self._dead("limit.output_bytes", f"more than {most} bytes", most)
        except _DeadError as dead:
            return self._end(State.DEAD, dead.errors)
        complete = self._reader.may_end and (bool(self._calls) or self._text_state is State.COMPLETE)
        if self._completed:
            return Verdict(State.COMPLETE if complete else State.OPEN, (), self._drain())
        return _COMPLETE if complete else _OPEN

    def finish(self) -> Verdict:
        """The final verdict."""
        if not self._over:
            try:
                self._finish()
            except _DeadError as dead:
                self._end(State.INVALID, dead.errors)
            else:
                self._end(State.VALID, ())
        elif self._last.state is State.DEAD:
            self._last = replace(self._last, state=State.INVALID)
        return self._last

    def partial(self) -> Partial:
        """The calls that have begun, as ``{"name", "arguments"}``; of a text that calls nothing what it is so far."""
        if not self._calls:
            return self._text.partial()
        if self._arguments is None:
            return Partial([*self._calls])
        inner = self._arguments.partial()
        calls: list[JsonValue] = [*self._calls[:-1], {**self._calls[-1], "arguments": inner.value}]
        return Partial(calls, self._pointer(inner.pointer) if inner.pointer else "", inner.text)

    def _take(self, event: Event) -> None:
        if isinstance(event, Arguments):
            self._hold_arguments(event.content)
        elif isinstance(event, Text):
            self._hold_text(event.content)
        elif isinstance(event, Called):
            self._tool = self._tools[event.name]
            self._begun = event.offset
            self._calls.append({"name": event.name})
            self._arguments = self._tool.contract.validator(subtrees=self._subtrees)
        elif isinstance(event, Given):
            self._end_arguments()
        elif isinstance(event, Broken):
            raise self._broken(event)
        elif self._subtrees:
            self._completed.append(Completed(f"/{len(self._calls) - 1}", self._calls[-1], event.offset))

    def _hold_text(self, content: bytes) -> None:
        verdict = self._text.feed(content)
        self._text_state = verdict.state
        self._completed += verdict.completed
        if verdict.state is State.DEAD:
            raise _DeadError(*verdict.errors)

    def _hold_arguments(self, content: bytes) -> None:
        if self._arguments is not None:
            self._judge(self._arguments.feed(content))

    def _end_arguments(self) -> None:
        if self._arguments is not None:
            self._judge(self._arguments.finish())
            self._calls[-1]["arguments"] = self._arguments.partial().value
            self._arguments = None

    def _judge(self, verdict: Verdict) -> None:
        for one in verdict.completed:
            self._completed.append(Completed(self._pointer(one.pointer), one.value, self._begun + one.stop))
        if verdict.state in {State.DEAD, State.INVALID}:
            raise _DeadError(*(self._moved(error) for error in verdict.errors))

    def _finish(self) -> None:
        held = self._reader.finish()
        if not self._reader.may_end:
            missing = "the answer ends inside of a call" if self._calls else "the answer calls no tool"
            raise self._dead("stream.truncated", missing, self.offset)
        if self._calls:
            return
        if held:
            self._hold_text(held)
        verdict = self._text.finish()
        self._completed += verdict.completed
        if verdict.state is State.INVALID:
            raise _DeadError(*verdict.errors)

    def _end(self, state: State, errors: tuple[Diagnostic, ...]) -> Verdict:
        self._over = True
        self._last = Verdict(state, errors, self._drain())
        return self._last

    def _drain(self) -> tuple[Completed, ...]:
        drained = tuple(self._completed)
        self._completed.clear()
        return drained

    def _pointer(self, pointer: str) -> str:
        return f"/{len(self._calls) - 1}/arguments{pointer}"

    def _moved(self, error: Diagnostic) -> Diagnostic:
        """An error in arguments as one in the answer."""
        call = f"call {len(self._calls)}, {self._calls[-1]['name']}: "
        offset = self._begun + error.offset
        line, column = place(self._answer, offset)
        schema_pointer = error.schema_pointer
        if schema_pointer and self._tool is not None:
            schema_pointer = self._tool.schema_pointer + schema_pointer
        return replace(
            error,
            message=shorten(call + error.message, MESSAGE_LENGTH),
            hint=shorten(call + error.hint, HINT_LENGTH),
            offset=offset,
            line=line,
            column=column,
            pointer=self._pointer(error.pointer),
            schema_pointer=schema_pointer,
        )

    def _broken(self, event: Broken) -> _DeadError:
        if event.white:
            return self._dead("stream.runaway_whitespace", "too much white space around a call", event.offset)
        got = shorten(repr(event.got)) if event.got else ""
        return self._dead(FORM, "this is not how a tool is called", event.offset, event.expected, got)

    def _dead(self, code: str, message: str, offset: int, expected: tuple[str, ...] = (), got: str = "") -> _DeadError:
        reason = Reason("", "", message, expected[:10], got, code=code)
        return _DeadError(from_reason(reason, self._answer, offset, f"/{len(self._calls)}" if self._calls else ""))
