"""From the text of an expression, a list of choices or a grammar to a contract."""

from typing import Final, Literal

from casava_contract.errors import ContractError, ErrorCode
from casava_contract.grammars import gbnf, grammar, lark, printing, regex, syntax
from casava_contract.grammars.reader import error_at
from casava_contract.limits import Limits
from casava_contract.report import Satisfiable
from casava_contract.rules import RuleSet
from casava_contract.source import jsontext, reading
from casava_contract.text import choice
from casava_contract.text.contract import TextContract
from casava_contract.text.matching import Automaton
from casava_contract.text.validators import ChoiceMatcher, GrammarMatcher

TextKind = Literal["regex", "choice", "lark", "gbnf"]
TEXT_KINDS: Final[tuple[TextKind, ...]] = ("regex", "choice", "lark", "gbnf")

_MOST: Final = 10**15  # more than this is no bound to anyone


def compile_text(kind: TextKind, text: str, limits: Limits, rules: RuleSet) -> TextContract:
    """Raises ContractError."""
    reading.check_size(text, limits)
    if kind == "choice":
        return _choice(text, limits, rules)
    return {"regex": _regex, "lark": _lark, "gbnf": _gbnf}[kind](text, limits, rules)


def _regex(text: str, limits: Limits, rules: RuleSet) -> TextContract:
    text = text.removesuffix("\n").removesuffix("\r")  # where a file or a block of YAML ends
    if not text:
        raise ContractError(ErrorCode.SYNTAX, "an empty text: write the expression")
    node = regex.read(text, limits)
    if syntax.is_empty(node):
        raise error_at(text, 0, ErrorCode.UNSATISFIABLE, "no text can ever match: look for a class without characters")
    normal = printing.expression(node)
    made = printing.lark_of_expression(node)
    automaton = Automaton(made)
    return TextContract(
        kind="regex",
        text=text,
        lark=made,
        meaning=normal,
        matcher=lambda: GrammarMatcher("regex", automaton),
        worst_case=_bound(syntax.longest(node, syntax.utf8_bytes, {})),
        cost=syntax.size(node),
        satisfiable=Satisfiable.YES,
        limits=limits,
        rules=rules,
        lower=lambda engine: engine.regex(node, made),
    )


def _choice(text: str, limits: Limits, rules: RuleSet) -> TextContract:
    read = choice.read(text, limits)
    made = printing.lark_of_choices(read.values)
    ordered = sorted(value.encode() for value in read.values)
    return TextContract(
        kind="choice",
        text=read.text,
        lark=made,
        meaning=jsontext.dump([*sorted(read.values)]),
        matcher=lambda: ChoiceMatcher(ordered),
        worst_case=max(map(len, ordered)),
        cost=sum(map(len, ordered)),
        satisfiable=Satisfiable.YES,
        limits=limits,
        rules=rules,
        lower=lambda engine: engine.choice(read.values, made),
    )


def _lark(text: str, limits: Limits, rules: RuleSet) -> TextContract:
    cost = lark.check(text, limits)
    if not cost:
        raise ContractError(ErrorCode.SYNTAX, "an empty text: write the grammar")
    automaton = Automaton(text)
    return TextContract(
        kind="lark",
        text=text,
        lark=text,
        meaning=text,
        matcher=lambda: GrammarMatcher("lark", automaton),
        worst_case=None,
        cost=cost,
        satisfiable=Satisfiable.UNKNOWN,
        limits=limits,
        rules=rules,
        lower=lambda engine: engine.grammar("lark", text),
    )


def _gbnf(text: str, limits: Limits, rules: RuleSet) -> TextContract:
    ready = grammar.ready(text, gbnf.read(text, limits), limits)
    automaton = Automaton(ready.lark)
    return TextContract(
        kind="gbnf",
        text=text,
        lark=ready.lark,
        meaning=ready.lark,
        matcher=lambda: GrammarMatcher("gbnf", automaton),
        worst_case=_bound(ready.longest),
        cost=ready.cost,
        satisfiable=Satisfiable.YES,
        limits=limits,
        rules=rules,
        lower=lambda engine: engine.grammar("gbnf", ready.lark, ready.rules),
    )


def _bound(longest: float) -> int | None:
    return None if longest > _MOST else int(longest)
