"""An expression, a list of choices or a grammar as a contract over the whole text of an answer."""

from collections.abc import Callable
from dataclasses import replace

from casava_contract.contract import NO_RULES, Contract
from casava_contract.diagnose import violation
from casava_contract.limits import Limits
from casava_contract.lowering import Engine
from casava_contract.report import Lowering, Satisfiable, Timing, Violation
from casava_contract.rules import RuleSet
from casava_contract.text.validators import Matcher, TextValidator

_TRUNCATED = "stream.truncated"


class TextContract(Contract):
    """``kind`` is "regex", "choice", "lark" or "gbnf". ``lark`` is the grammar that llguidance is told.

    ``matcher`` makes what reads one answer.
    """

    repairable = True  # what is around a text can be taken away

    def __init__(
        self,
        *,
        kind: str,
        text: str,
        lark: str,
        meaning: str,
        matcher: Callable[[], Matcher],
        worst_case: int | None,
        cost: int,
        satisfiable: Satisfiable,
        limits: Limits,
        lower: Callable[[Engine], Lowering],
        rules: RuleSet = NO_RULES,
    ) -> None:
        """``meaning``: the same for texts that mean the same. ``matcher`` makes one for an answer."""
        super().__init__(kind=kind, text=text, limits=limits, satisfiable=satisfiable, rules=rules)
        self.lark = lark
        self._normal = meaning
        self.matcher = matcher
        self._worst_case = worst_case
        self._cost = cost
        self._lower_to = lower

    def _meaning(self) -> str | None:
        """How characters and classes are spelled means nothing, nor do the comments and names of GBNF."""
        return self._normal

    @property
    def worst_case_bytes(self) -> int | None:
        return self._worst_case

    @property
    def cost(self) -> int:
        return self._cost

    def validate(self, text: bytes | str) -> tuple[Violation, ...]:
        """The final verdict on a whole answer: why it is not valid; () when it is. Never raises."""
        try:
            answer = text.encode() if isinstance(text, str) else text
        except UnicodeEncodeError:
            return (Violation("syntax.encoding", "a lone surrogate is not text"),)
        validator = self._validator(subtrees=False, streaming=False)
        validator.feed(answer)
        return tuple(self._final(violation(error)) for error in validator.finish().errors)

    def _final(self, found: Violation) -> Violation:
        """Of a whole answer: nothing more can come, so that one that ends too soon does not match."""
        return replace(found, code=f"text.{self.kind}") if found.code == _TRUNCATED else found

    def validator(self, *, subtrees: bool = False) -> TextValidator:
        """Holds one answer against the contract while it comes. ``subtrees``: the last verdict has the valid text."""
        return self._validator(subtrees=subtrees, streaming=True)

    def _validator(self, *, subtrees: bool, streaming: bool) -> TextValidator:
        return TextValidator(
            self.kind, self.matcher(), self.limits, self._rules.check, subtrees=subtrees, streaming=streaming
        )

    def timing(self, pointer: str) -> Timing | None:
        """At the byte: of the whole contract, whose pointer is ""."""
        return None if pointer else Timing.BYTE

    def _lower(self, engine: Engine) -> Lowering:
        return self._lower_to(engine)
