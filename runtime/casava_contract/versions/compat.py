"""Two versions of a contract: does the new one take what the old one took, and can old readers read what it gives.

Both are one question, asked in both directions: is every answer of one contract an answer of the other? "yes" is said
only where it is proven, "no" where an answer is found that shows it, or where jsonschema-rs proves that there is one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from typing import Any, Final

from casava_contract.contract import Contract
from casava_contract.errors import shorten
from casava_contract.json_contract import JsonContract
from casava_contract.limits import Limits
from casava_contract.rules import Rule
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue
from casava_contract.versions import containment
from casava_contract.versions.samples import samples

_TEXTS: Final = frozenset({"regex", "lark", "gbnf"})  # the text is all that they are beside their rules
_TRIED: Final = 600  # answers that are held against both
_LONGEST: Final = 4_000  # characters of a witness


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """``reason``: why, in one sentence. ``witness``: an answer that the one takes and the other does not; of a "no"."""

    answer: Answer
    reason: str
    witness: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"answer": str(self.answer), "reason": self.reason, "witness": self.witness}


@dataclass(frozen=True, slots=True)
class Compatibility:
    """``accepts``: the new contract takes every answer that the old one took.

    ``readable``: every answer that the new contract takes, the old one took, so that who reads by the old one reads it.
    """

    accepts: Finding
    readable: Finding

    def to_dict(self) -> dict[str, Any]:
        return {"accepts": self.accepts.to_dict(), "readable": self.readable.to_dict()}


def compare(old: Contract, new: Contract) -> Compatibility:
    """Never raises. Bounded by count: it takes some milliseconds, and a second for the largest that it looks into."""
    return Compatibility(accepts=_within(old, new), readable=_within(new, old))


def _within(given: Contract, taker: Contract) -> Finding:
    """Whether every answer of ``given`` is one of ``taker``."""
    if given.kind == "choice":
        return _listed(given, taker)
    apart = _rules_apart(given, taker) or _limits_apart(given.limits, taker.limits)
    shape = _shape(given, taker)
    if shape.answer is Answer.YES and not apart:
        return shape
    witness = next(_witnesses(given, taker), None)
    if witness is not None:
        return Finding(Answer.NO, _why(taker, witness), witness)
    if shape.answer is Answer.NO and not given.rules:
        return shape
    return Finding(Answer.UNKNOWN, apart or shape.reason)


def _shape(given: Contract, taker: Contract) -> Finding:
    """The same without rules and limits."""
    if isinstance(given, JsonContract) and isinstance(taker, JsonContract):
        found = containment.covers(taker, given)
        return Finding(Answer(found.answer), found.reason)
    if _same_text(given, taker):
        return Finding(Answer.YES, f"the same {given.kind}")
    return Finding(Answer.UNKNOWN, f"not decided between {given.kind} and {taker.kind}")


def _same_text(given: Contract, taker: Contract) -> bool:
    same = given.kind == taker.kind and given.text == taker.text
    return same and (given.kind in _TEXTS or given.digest == taker.digest)


def _rules_apart(given: Contract, taker: Contract) -> str:
    """What a taker's rules may refuse; "" where the giver has them too."""
    kept = Counter(_condition(rule) for rule in given.rules)
    for index, rule in enumerate(taker.rules):
        kept[_condition(rule)] -= 1  # twice the same rule takes twice the steps
        if kept[_condition(rule)] < 0:
            return f"the rule /rules/{index} is on one side only: {shorten(rule.rule, 80)}"
    return ""


def _condition(rule: Rule) -> str:
    return rule.rule.strip()


def _limits_apart(given: Limits, taker: Limits) -> str:
    for name in ("output_bytes", "output_depth", "number_length"):
        if getattr(taker, name) < getattr(given, name):
            return f"the limit {name} is lower"
    return "" if taker.rule_steps >= given.rule_steps else "the limit rule_steps is lower"


def _listed(given: Contract, taker: Contract) -> Finding:
    """A choice is a list: each of its texts is tried."""
    values = jsontext.read(given.text, depth=2, number_length=1)
    texts = [one for one in values if isinstance(one, str)] if isinstance(values, list) else []
    for text in texts:
        if _takes(given, text) and not _takes(taker, text):
            return Finding(Answer.NO, _why(taker, text), text)
    return Finding(Answer.YES, "every choice was tried")


def _witnesses(given: Contract, taker: Contract) -> Iterator[str]:
    """Answers of the one that are none of the other."""
    if not isinstance(given, JsonContract):
        return
    for value in islice(chain(_samples_of_difference(given, taker), samples(given.graph)), _TRIED):
        text = jsontext.dump(value)
        if len(text) <= _LONGEST and _takes(given, text) and not _takes(taker, text):
            yield text


def _takes(contract: Contract, text: str) -> bool:
    if isinstance(contract, JsonContract) and not contract.rules:
        return contract.holds(text)  # which does not look for reasons
    return not contract.validate(text)


def _samples_of_difference(given: JsonContract, taker: Contract) -> Iterator[JsonValue]:
    graph = containment.difference(given, taker) if isinstance(taker, JsonContract) else None
    return iter(()) if graph is None else samples(graph)


def _why(taker: Contract, witness: str) -> str:
    violation = taker.validate(witness)[0]
    where = f"{violation.pointer}: " if violation.pointer else ""
    return shorten(f"{where}{violation.message} ({violation.code})", 200)
