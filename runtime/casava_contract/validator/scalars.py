"""What a conjunction of subschemas asks of a string or a number, while it comes and when it has ended."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

import llguidance

from casava_contract.schema import oracle
from casava_contract.schema.dialect import ASSERTIONS, Draft
from casava_contract.schema.graph import Subschema
from casava_contract.schema.kinds import NUMBER, STRING, is_number
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue
from casava_contract.validator import leaves
from casava_contract.validator.choices import Branching
from casava_contract.validator.containers import bound, reason
from casava_contract.validator.kind_plan import KindPlan
from casava_contract.validator.lexemes import characters
from casava_contract.validator.number_prefix import Bounds
from casava_contract.verdict import Reason, listed

STRINGS: Final = frozenset(
    {"minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType", "enum", "const"}
)
NUMBERS: Final = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "enum", "const", "type"}
)
_WHOLE: Final = "NoExtension"
_LONGEST_OPTIONS: Final = 65_536  # characters of all of them


class ScalarPlan(KindPlan):
    """``watched``: something can be said before the value has ended."""

    __slots__ = ("_asserted", "_draft", "_final", "_words", "watched")

    def __init__(
        self,
        kind: int,
        nodes: Sequence[Subschema],
        groups: tuple[Branching, ...],
        hard: tuple[str, ...],
        draft: Draft,
        *,
        trivial: bool,
    ) -> None:
        super().__init__(kind, nodes, groups, hard, trivial=trivial)
        self._draft = draft
        self._words = (STRINGS if kind == STRING else NUMBERS) & ASSERTIONS[draft]
        self._asserted = [node for node in nodes if not self._words.isdisjoint(node.keywords)]
        self._final: Any = None
        self.watched = False

    def accepts(self, value: JsonValue) -> bool:
        """Whether the finished value satisfies every assertion but the choices."""
        if not self._asserted:
            return True
        if self._final is None:
            self._final = oracle.assertion(
                self._draft, jsontext.dump({"allOf": list(map(self._alone, self._asserted))})
            )
        return bool(self._final.is_valid(value))

    def _alone(self, node: Subschema, words: frozenset[str] | None = None) -> dict[str, JsonValue]:
        kept = {key: value for key, value in node.keywords.items() if key in (words or self._words)}
        if self._draft is Draft.D4 and words:
            kept |= _flags(node, words)
        return kept

    def refusal(self, value: JsonValue, got: str) -> Reason:
        """The first assertion that refuses the finished value."""
        for node in self._asserted:
            for word in sorted(self._words & node.keywords.keys()):
                if isinstance(node.keywords[word], bool) and word.startswith("exclusive"):
                    continue  # draft 4: a flag of the bound beside it
                alone = jsontext.dump(self._alone(node, frozenset({word})))
                if not oracle.assertion(self._draft, alone).is_valid(value):
                    operand = node.keywords[word]
                    wanted = operand if word == "enum" and isinstance(operand, list) else [operand]
                    expected = listed([jsontext.dump(one) for one in wanted])
                    pointer = pointers.join(node.pointer, word)
                    return Reason(word, pointer, f"the value does not satisfy {word}", expected, got)
        return Reason("", "", "the value is not allowed here", (), got)


def _flags(node: Subschema, words: frozenset[str]) -> dict[str, JsonValue]:
    """Draft 4's exclusive bounds are flags of the bounds beside them, and illegal without."""
    names = [f"exclusive{word.capitalize()}" for word in words & {"minimum", "maximum"}]
    return {name: node.keywords[name] for name in names if name in node.keywords}


class StringPlan(ScalarPlan):
    __slots__ = ("_misspelt", "automata", "encoded", "free", "longest")

    def __init__(
        self,
        nodes: Sequence[Subschema],
        groups: tuple[Branching, ...],
        hard: tuple[str, ...],
        draft: Draft,
        *,
        trivial: bool,
    ) -> None:
        super().__init__(STRING, nodes, groups, hard, draft, trivial=trivial)
        bounds = [value for value in (bound(node, "maxLength") for node in nodes) if value is not None]
        self.longest = min(bounds) if bounds else None
        self.options = _options(nodes)
        self._misspelt: Reason | None = None
        self.encoded = sorted(text.encode() for text in self.options or ())
        self.automata = list(self._regexes()) if self.options is None else []
        self.watched = self.longest is not None or self.options is not None or bool(self.automata)
        # Bytes of which nothing can be said: there are no more characters than bytes.
        self.free = (self.longest or 0) if self.options is None and not self.automata else 0

    @property
    def misspelt(self) -> Reason:
        """Why a text that begins like no option is refused. Kept: of many alternatives most die of it."""
        if self._misspelt is None:
            keyword = "enum" if any("enum" in node.keywords for node in self.nodes) else "const"
            expected = listed([jsontext.dump(option) for option in sorted(self.options or ())])
            self._misspelt = reason(self.nodes, keyword, "no allowed text begins so", expected=expected)
        return self._misspelt

    @property
    def too_long(self) -> Reason:
        return reason(self.nodes, "maxLength", "the text is too long", expected=(f"at most {self.longest}",))

    def _regexes(self) -> list[tuple[str, Reason]]:
        found = []
        for node in self.nodes:
            pattern, form = node.keywords.get("pattern"), node.keywords.get("format")
            regex = leaves.regex_of(pattern) if isinstance(pattern, str) else None
            if regex:
                why = reason([node], "pattern", "no text that begins so matches the pattern", expected=(str(pattern),))
                found.append((regex, why))
            regex = leaves.format_regex(form, self._draft)
            if regex:
                why = reason([node], "format", f"no {form} begins so", expected=(str(form),))
                found.append((regex, why))
        return found


def _options(nodes: Sequence[Subschema]) -> frozenset[str] | None:
    """The only strings that there may be; None where that is not known or too much to keep."""
    allowed: set[str] | None = None
    for node in nodes:
        for values in allowed_by(node):
            texts = {value for value in values if isinstance(value, str)}
            allowed = texts if allowed is None else allowed & texts
    if allowed is None or sum(map(len, allowed)) > _LONGEST_OPTIONS:
        return None
    return frozenset(allowed)


def allowed_by(node: Subschema) -> list[list[JsonValue]]:
    """What ``enum`` and ``const`` list."""
    found = []
    values = node.keywords.get("enum")
    if isinstance(values, list):
        found.append(values)
    if "const" in node.keywords:
        found.append([node.keywords["const"]])
    return found


class Scan:
    """One string under one plan, while it comes."""

    __slots__ = ("_left", "_length", "_matchers", "_plan", "_read")

    def __init__(self, plan: StringPlan) -> None:
        self._plan = plan
        self._length = 0
        self._read = 0
        self._left = plan.encoded  # the options that begin as the text does
        self._matchers = [
            (made.deep_copy(), why) for regex, why in plan.automata if (made := leaves.automaton(regex)) is not None
        ]

    @classmethod
    def of(cls, plan: StringPlan, begun: bytes) -> "Scan":
        """Of a text that has begun so."""
        scan = cls(plan)
        if begun:
            scan.advance(begun)
        return scan

    def advance(self, piece: bytes) -> tuple[int, Reason] | None:
        """The first byte of the content's next piece after which no completion is allowed, and why."""
        plan = self._plan
        worst: tuple[int, Reason] | None = None
        if plan.options is not None:
            worst = self._spell(piece)
        if plan.longest is not None:
            length = self._length + characters(piece)
            if length > plan.longest:
                index = _nth(piece, plan.longest - self._length)
                worst = _sooner(worst, (index, plan.too_long))
            self._length = length
        for matcher, why in self._matchers:
            whole = _whole(matcher)  # then it would make an error of what follows
            index = 0 if whole else matcher.try_consume_tokens(list(piece))
            if index < len(piece) and (whole or not matcher.is_error()):
                worst = _sooner(worst, (index, why))
        return worst

    def full(self) -> Reason | None:
        """Why no further character may come; None where one may."""
        plan = self._plan
        if plan.options is not None and not any(len(option) > self._read for option in self._left):
            return plan.misspelt
        if plan.longest is not None and self._length >= plan.longest:
            return plan.too_long
        return next((why for matcher, why in self._matchers if _whole(matcher)), None)

    def _spell(self, piece: bytes) -> tuple[int, Reason] | None:
        before, read = self._left, self._read
        self._left = [option for option in before if option.startswith(piece, read)]
        self._read += len(piece)
        if self._left:
            return None
        index = next(i for i in range(len(piece)) if not any(o.startswith(piece[: i + 1], read) for o in before))
        begun = (before[0][:read] if before else b"") + piece[: index + 1]
        return index, self._plan.misspelt._replace(got=begun.decode(errors="replace")[:40])


def _whole(matcher: llguidance.LLMatcher) -> bool:
    """Whether the text matches and nothing may follow."""
    return matcher.is_stopped() and matcher.stop_reason() == _WHOLE


def _sooner(one: tuple[int, Reason] | None, other: tuple[int, Reason]) -> tuple[int, Reason]:
    return one if one is not None and one[0] <= other[0] else other


def _nth(utf8: bytes, count: int) -> int:
    """Where the character begins that ``count`` characters stand before."""
    seen = -1
    for index, byte in enumerate(utf8):
        seen += byte & 0xC0 != 0x80  # noqa: PLR2004 - a continuation byte
        if seen == count:
            return index
    return len(utf8) - 1


class NumberPlan(ScalarPlan):
    __slots__ = ("bounds",)

    def __init__(
        self,
        nodes: Sequence[Subschema],
        groups: tuple[Branching, ...],
        hard: tuple[str, ...],
        draft: Draft,
        *,
        trivial: bool,
    ) -> None:
        super().__init__(NUMBER, nodes, groups, hard, draft, trivial=trivial)
        integer = any(_integer(node.keywords.get("type")) for node in nodes)
        lows = [value for node in nodes for value in _limits(node, "minimum", "exclusiveMinimum")]
        highs = [value for node in nodes for value in _limits(node, "maximum", "exclusiveMaximum")]
        low, high = max(lows, default=None), min(highs, default=None)
        if integer:
            low = None if low is None else Fraction(ceil(low))
            high = None if high is None else Fraction(floor(high))
        self.bounds = Bounds(low, high, integer=integer, values=_numbers(nodes))
        self.watched = low is not None or high is not None or self.bounds.values is not None

    def too_far(self, prefix: str) -> Reason:
        """Why no number that begins so is allowed."""
        words = ("enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        word = next((word for word in words for node in self.nodes if word in node.keywords), "type")
        if self.bounds.values is None and self.bounds.low is not None and self.bounds.high is not None:
            below = prefix.startswith("-") and self.bounds.low >= 0
            suffixes = ("inimum", "aximum") if below else ("aximum", "inimum")
            there = [w for s in suffixes for w in words if w.endswith(s) and any(w in n.keywords for n in self.nodes)]
            word = there[0] if there else word
        expected = [f"{word} {jsontext.dump(node.keywords[word])}" for node in self.nodes if word in node.keywords]
        return reason(
            self.nodes, word, "no number that begins so is allowed", expected=listed(expected), got=prefix[:40]
        )


def _integer(types: JsonValue) -> bool:
    return types == "integer" or (isinstance(types, list) and "integer" in types and "number" not in types)


def _limits(node: Subschema, *words: str) -> list[Fraction]:
    return [Fraction(str(value)) for word in words if is_number(value := node.keywords.get(word))]


def _numbers(nodes: Sequence[Subschema]) -> tuple[tuple[bool, str], ...] | None:
    """Sign and significant digits of the only numbers allowed."""
    allowed: set[tuple[bool, str]] | None = None
    for node in nodes:
        for values in allowed_by(node):
            found = {_spelled(value) for value in values if is_number(value)}
            allowed = found if allowed is None else allowed & found
    return None if allowed is None else tuple(sorted(allowed))


def _spelled(value: JsonValue) -> tuple[bool, str]:
    parts = Decimal(str(value)).as_tuple()
    digits = "".join(map(str, parts.digits)).strip("0")
    return bool(parts.sign) and digits != "", digits
