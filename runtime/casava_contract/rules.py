"""Cross-field rules: conditions in CEL over the finished value, which is called ``self``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from casava_contract.cel.nodes import UnsupportedError
from casava_contract.cel.program import ExpressionError, Program
from casava_contract.cel.values import Failure, Meter, Spent
from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.limits import Limits
from casava_contract.report import Violation
from casava_contract.source.jsontext import JsonValue

MOST_VIOLATIONS: Final = 10
_KEYWORD: Final = "rules"
_MESSAGE: Final = 200  # characters of an author's message that are shown


@dataclass(frozen=True, slots=True)
class Rule:
    """``rule``: a condition in CEL. ``message``: what is said where it does not hold; "" says the rule."""

    rule: str
    message: str = ""


class RuleSet:
    """The rules of one contract. Immutable: may be shared between threads. False where there are none."""

    def __init__(self, rules: tuple[Rule, ...], programs: tuple[Program, ...], steps: int) -> None:
        """For ``of``."""
        self.rules = rules
        self._programs = programs
        self._steps = steps

    @classmethod
    def of(cls, rules: Iterable[Rule], limits: Limits) -> "RuleSet":
        """Raises ContractError, with the pointer ``/rules/<index>/rule``."""
        kept = tuple(rules)
        if len(kept) > limits.rules:
            raise ContractError(ErrorCode.LIMIT_RULES, f"{len(kept)} rules: at most {limits.rules}", pointer="/rules")
        return cls(kept, tuple(_programs(kept, limits)), limits.rule_steps)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def check(self, value: JsonValue) -> tuple[Violation, ...]:
        """Why the rules do not hold, at most 10 reasons; () where all do. Never raises.

        ``value`` is what the answer reads to (of a text, the string), and satisfies the contract otherwise.
        """
        found: list[Violation] = []
        meter, second = Meter(self._steps), Meter(self._steps)  # to decide, and to find the place
        for index, program in enumerate(self._programs):
            try:
                violation = self._broken(index, program, value, meter, second)
            except Spent:
                message = f"the rules take more than {self._steps} steps over this answer"
                return (*found, Violation("limit.rule_steps", message, "", f"/rules/{index}", _KEYWORD))
            if violation is not None:
                found.append(violation)
                if len(found) == MOST_VIOLATIONS:
                    break
        return tuple(found)

    def _broken(self, index: int, program: Program, value: JsonValue, meter: Meter, second: Meter) -> Violation | None:
        rule = self.rules[index]
        place = f"/rules/{index}"
        try:
            if program.holds(value, meter):
                return None
        except Failure as failure:
            at = program.blame(value, second)
            message = f"cannot be decided, {failure}: {shorten(rule.rule, 100)}"
            return Violation("rule.error", message, at, place, _KEYWORD)
        at = program.blame(value, second)
        message = shorten(rule.message, _MESSAGE) or f"does not hold: {shorten(rule.rule, 100)}"
        return Violation("rule.violated", message, at, place, _KEYWORD)


def _programs(rules: tuple[Rule, ...], limits: Limits) -> Iterator[Program]:
    for index, rule in enumerate(rules):
        pointer = f"/rules/{index}/rule"
        _bound(rule, pointer, limits)
        try:
            yield Program(rule.rule)
        except ExpressionError as error:
            message = f"{shorten(error.message, 160)} (in {shorten(rule.rule)})"
            raise ContractError(
                ErrorCode.RULE_SYNTAX, message, pointer=pointer, line=error.line, column=error.column
            ) from None
        except UnsupportedError as error:
            message = f"{error} is not supported in rules (in {shorten(rule.rule)})"
            raise ContractError(ErrorCode.RULE_UNSUPPORTED, message, pointer=pointer) from None


def _bound(rule: Rule, pointer: str, limits: Limits) -> None:
    for text, where in ((rule.rule, pointer), (rule.message, pointer.removesuffix("rule") + "message")):
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise ContractError(ErrorCode.RULE_SYNTAX, "a lone surrogate is not text", pointer=where) from None
        if size > limits.rule_bytes:
            message = f"{size} bytes: at most {limits.rule_bytes} of one rule"
            raise ContractError(ErrorCode.LIMIT_RULES, message, pointer=where)
    if not rule.rule.strip():
        raise ContractError(ErrorCode.RULE_SYNTAX, "an empty rule: write a condition over self", pointer=pointer)
