"""A text that is read from left to right, with the place of every error."""

import re
from typing import NoReturn

from casava_contract.errors import ContractError, ErrorCode
from casava_contract.limits import Limits
from casava_contract.source import jsontext


class Reader:
    """``most``: the parts that may be read, and ``too_many`` the error where there are more."""

    def __init__(self, text: str, limits: Limits, most: int, too_many: ErrorCode) -> None:
        self.text = text
        self.at = 0
        self.limits = limits
        self.most = most
        self.parts = 0
        self._too_many = too_many
        self._depth = 0

    def count(self) -> None:
        """One part more."""
        self.parts += 1
        if self.parts > self.most:
            self.fail(self._too_many, f"more than {self.most} parts: make it smaller")

    def peek(self, length: int = 1) -> str:
        """What comes next; "" at the end."""
        return self.text[self.at : self.at + length]

    def take(self, *tokens: str) -> str:
        """The first of the tokens that comes next, which is read; "" where none does."""
        for token in tokens:
            if self.text.startswith(token, self.at):
                self.at += len(token)
                return token
        return ""

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What comes next, if it has the form of the pattern, which is then read."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def repetition(self, count: re.Pattern[str], fault: ErrorCode) -> tuple[int, int | None] | None:
        """How often what came before may stand, least and most (None: without end), if a sign or a count says it.

        ``count`` has the groups least, comma and most. ``fault``: the code of a count that ends before it begins.
        """
        start = self.at
        sign = self.take("*", "+", "?")
        if sign:
            return (1 if sign == "+" else 0), (1 if sign == "?" else None)
        counted = self.match(count)
        if counted is None:
            return None
        least = int(counted[1])
        most = int(counted[3]) if counted[3] else None if counted[2] else least
        if most is not None and most < least:
            self.fail(fault, "a count that ends before it begins: write the smaller number first", start)
        return least, most

    @property
    def ended(self) -> bool:
        return self.at >= len(self.text)

    def enter(self) -> None:
        """One level deeper; left by ``leave``."""
        self._depth += 1
        if self._depth > self.limits.schema_depth:
            self.fail(ErrorCode.LIMIT_DEPTH, f"groups nest deeper than {self.limits.schema_depth}")

    def leave(self) -> None:
        self._depth -= 1

    def fail(self, code: ErrorCode, message: str, at: int | None = None) -> NoReturn:
        """``at``: where it is wrong; here, if not said."""
        raise error_at(self.text, self.at if at is None else at, code, message)


def error_at(text: str, at: int, code: ErrorCode, message: str) -> ContractError:
    line, column = jsontext.line_and_column(text, min(at, len(text)))
    return ContractError(code, message, line=line, column=column)
