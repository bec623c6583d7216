"""A grammar of rules, made ready: what can never match is cut off, and what needs no rules becomes one expression."""

import math
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Final, NamedTuple

from casava_contract.errors import ErrorCode
from casava_contract.grammars import printing, syntax
from casava_contract.grammars.gbnf import ROOT, Grammar
from casava_contract.grammars.reader import error_at
from casava_contract.grammars.syntax import Choice, Node, Repeat, Sequence, inlined, is_empty, longest, references, size
from casava_contract.limits import Limits

_EXPRESSION: Final = 2_000  # parts of the largest expression that a grammar is turned into
_DEEPEST: Final = 100  # rules inside of rules that are


class Ready(NamedTuple):
    rules: Mapping[str, Node]  # what is left of them
    lark: str
    longest: float  # bytes
    cost: int


def ready(text: str, grammar: Grammar, limits: Limits) -> Ready:
    """Raises ContractError where no text matches, and for too much work."""
    rules = _reachable(grammar.rules)
    productive = _productive(text, rules, limits)
    if ROOT not in productive:
        message = "no text can ever match: root always leads back to itself or to an empty class"
        raise error_at(text, grammar.places[ROOT], ErrorCode.UNSATISFIABLE, message)
    rules = _reachable({name: _pruned(body, productive) for name, body in rules.items() if name in productive})
    cost = sum(map(size, rules.values()))
    order = _order(rules)
    if order is None:
        return Ready(rules, printing.lark_of_rules(rules, ROOT), math.inf, cost)
    sizes: dict[str, float] = {}
    for name in order:
        sizes[name] = longest(rules[name], syntax.utf8_bytes, sizes)
    whole = _expression(rules, order)
    lark = printing.lark_of_rules(rules, ROOT) if whole is None else printing.lark_of_expression(whole)
    return Ready(rules, lark, sizes[ROOT], cost)


def _reachable(rules: Mapping[str, Node]) -> dict[str, Node]:
    """In the order in which they are met."""
    found: dict[str, Node] = {}
    pending = [ROOT]
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = rules[name]
            pending.extend(sorted(references(rules[name]), reverse=True))
    return found


def _productive(text: str, rules: Mapping[str, Node], limits: Limits) -> set[str]:
    """The rules that some text matches."""
    productive: set[str] = set()
    pending = list(rules)[::-1]
    fuel = limits.schema_expansion
    while pending:
        left = []
        for name in pending:
            fuel -= size(rules[name])
            if is_empty(rules[name], productive.__contains__):
                left.append(name)
            else:
                productive.add(name)
        if len(left) == len(pending):
            break
        if fuel < 0:
            raise error_at(
                text, 0, ErrorCode.LIMIT_GRAMMAR, "the rules are too entangled: let fewer lead to each other"
            )
        pending = left
    return productive


def _pruned(node: Node, productive: set[str]) -> Node:
    """Without what no text matches; the whole node is matched by some text."""
    match node:
        case Sequence(parts):
            return Sequence(tuple(_pruned(part, productive) for part in parts))
        case Choice(options):
            kept = [option for option in options if not is_empty(option, productive.__contains__)]
            return Choice(tuple(_pruned(option, productive) for option in kept))
        case Repeat(part, least, most):
            if is_empty(part, productive.__contains__) or most == 0:
                return Sequence(())
            return Repeat(_pruned(part, productive), least, most)
        case _:
            return node


def _order(rules: Mapping[str, Node]) -> list[str] | None:
    """The rules, each after those that it refers to; None where one leads back to itself."""
    try:
        return list(TopologicalSorter({name: references(body) for name, body in rules.items()}).static_order())
    except CycleError:
        return None


def _expression(rules: Mapping[str, Node], order: list[str]) -> Node | None:
    """All rules written out; None where that is too much."""
    sizes: dict[str, int] = {}
    depths: dict[str, int] = {}
    for name in order:
        below = references(rules[name])
        depths[name] = 1 + max((depths[one] for one in below), default=0)
        sizes[name] = _written_out(rules[name], sizes)
    if sizes[ROOT] > _EXPRESSION or depths[ROOT] > _DEEPEST:
        return None
    bodies: dict[str, Node] = {}
    for name in order:
        bodies[name] = inlined(rules[name], bodies)
    return bodies[ROOT]


def _written_out(node: Node, sizes: Mapping[str, int]) -> int:
    match node:
        case Sequence(parts) | Choice(parts):
            return 1 + sum(_written_out(part, sizes) for part in parts)
        case Repeat(part, least, most):
            return 1 + _written_out(part, sizes) * max(least, most or 0, 1)
        case syntax.Reference(name):
            return sizes[name]
        case _:
            return 1
