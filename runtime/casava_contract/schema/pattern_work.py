"""Which expressions would take the oracle too much work for each character, told by counting before they are used.

Its time is linear in the text, but with a factor: an expression that may be in the middle of many of its parts at once
is followed in all of them. Measured, ``(?:[ab]{1,50}){1,50}c`` takes 36 to 150 us a character. With at most 500 parts
the worst that was found takes some 10 us, and what is only ever in one of its parts at most 0.1 us, whatever its size.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.grammars import regex
from casava_contract.grammars.syntax import Chars, Choice, Node, Reference, Repeat, Sequence, size
from casava_contract.limits import Limits
from casava_contract.schema.graph import Graph
from casava_contract.source import pointers
from casava_contract.source.reading import Source

_PARTS: Final = 500  # of an expression that may be in several of them at once, repetitions written out
_READ: Final = Limits()
_MOST_SETS: Final = 200  # that are compared with each other
_COUNTED: Final = re.compile(r"\{([0-9]{1,9})(?:,([0-9]{0,9}))?\}")
_TOKEN: Final = re.compile(r"(?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\()])|(?P<open>\()|\)", re.DOTALL)


def check(source: Source, graph: Graph) -> None:
    """Raises ContractError."""
    for node in graph.nodes.values():
        pattern = node.keywords.get("pattern")
        if isinstance(pattern, str) and _dear(pattern):
            raise _refusal(source, pattern, pointers.join(node.pointer, "pattern"))
        for edge in node.edges:
            if edge.keyword == "patternProperties" and _dear(str(edge.token)):
                raise _refusal(source, str(edge.token), edge.target)


def _refusal(source: Source, pattern: str, pointer: str) -> ContractError:
    fix = "repeat less, begin it with ^, or say lengths by maxLength"
    return source.error(ErrorCode.LIMIT_PATTERN, f"{shorten(pattern)} takes too much work to match: {fix}", pointer)


@lru_cache(maxsize=1024)
def _dear(pattern: str) -> bool:
    if len(pattern) <= _PARTS and not _COUNTED.search(pattern):
        return False
    try:
        node = regex.read(pattern, _READ)
    except ContractError:  # too large, or of what the oracle alone reads
        return _written_out(pattern) > _PARTS
    anchored = pattern.startswith("^") and not isinstance(node, Choice)  # ^a|b anchors one alternative
    return size(node) > _PARTS and not (anchored and _follow(node).alone)


def _written_out(pattern: str) -> int:
    """The parts of any expression, as far as they can be told without reading all of it."""
    open_groups = [0]
    at = 0
    while token := _TOKEN.match(pattern, at):
        at = token.end()
        parts = 1
        if token["open"]:
            open_groups.append(0)
            continue
        if not token["atom"] and len(open_groups) > 1:
            parts = open_groups.pop()
        if counted := _COUNTED.match(pattern, at):
            at = counted.end()
            parts *= max(int(counted[1]), int(counted[2] or 0), 1)
        open_groups[-1] = min(open_groups[-1] + parts, _PARTS + 1)
    return sum(open_groups)


@dataclass(frozen=True, slots=True)
class _Follow:
    """``first``: how a text begins. ``more``: how one that matches goes on. ``alone``: a character leads to one part.

    Of what is not ``alone`` nothing else is known.
    """

    first: tuple[Chars, ...] = ()
    more: tuple[Chars, ...] = ()
    empty: bool = True
    alone: bool = True


_TOGETHER: Final = _Follow(alone=False)


def _follow(node: Node) -> _Follow:
    match node:
        case Chars():
            return _Follow((node,), (), empty=False)
        case Sequence(parts):
            found = _Follow()
            for part in parts:
                found = _then(found, _follow(part))
            return found
        case Choice(options):
            return _either([_follow(option) for option in options])
        case Repeat(part, least, most):
            return _again(_follow(part), least, most)
        case Reference():  # in grammars alone
            return _TOGETHER


def _then(one: _Follow, other: _Follow) -> _Follow:
    ways = (*one.more, *one.first) if one.empty else one.more
    if not (one.alone and other.alone and _disjoint(ways, other.first)):
        return _TOGETHER
    first = (*one.first, *other.first) if one.empty else one.first
    more = (*one.more, *other.first, *other.more) if other.empty else other.more
    return _Follow(first, more, empty=one.empty and other.empty)


def _either(options: list[_Follow]) -> _Follow:
    found = options[0]
    for option in options[1:]:
        if not (found.alone and option.alone and _disjoint(found.first, option.first)):
            return _TOGETHER
        empty = found.empty or option.empty
        found = _Follow((*found.first, *option.first), (*found.more, *option.more), empty=empty)
    return found


def _again(part: _Follow, least: int, most: int | None) -> _Follow:
    if most == 0:
        return _Follow()
    if most == 1:
        return replace(part, empty=part.empty or least == 0)
    if not part.alone or part.empty or not _disjoint(part.more, part.first):
        return _TOGETHER
    more = part.more if most == least else (*part.more, *part.first)
    return _Follow(part.first, more, empty=least == 0)


def _disjoint(some: tuple[Chars, ...], others: tuple[Chars, ...]) -> bool:
    """False also where it is not known: of properties of characters, and of very many sets."""
    if not some or not others:
        return True
    if len(some) + len(others) > _MOST_SETS or any(one.properties for one in (*some, *others)):
        return False
    sides = enumerate((some, others))
    ranges = sorted((low, high, side) for side, sets in sides for one in sets for low, high in one.ranges)
    reach = [-1, -1]
    for low, high, side in ranges:
        if low <= reach[1 - side]:
            return False
        reach[side] = max(reach[side], high)
    return True
