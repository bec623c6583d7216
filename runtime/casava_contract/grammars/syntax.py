"""What expressions and grammars have in common: sets of characters, put together.

Trees are bounded when they are read (depth and size), so that everything here may be recursive.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

Range: TypeAlias = tuple[int, int]  # code points, both included

HIGHEST: Final = 0x10FFFF
INFINITE: Final = math.inf
_SURROGATES: Final = (0xD800, 0xDFFF)


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set: in the ranges or with one of the properties (``\\p{L}``), or, if negated, neither."""

    ranges: tuple[Range, ...]
    properties: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: "tuple[Node, ...]"  # none: the empty text


@dataclass(frozen=True, slots=True)
class Choice:
    options: "tuple[Node, ...]"  # at least one


@dataclass(frozen=True, slots=True)
class Repeat:
    part: "Node"
    least: int
    most: int | None  # None: without end


@dataclass(frozen=True, slots=True)
class Reference:
    """To a rule of a grammar; an expression has none."""

    name: str


Node: TypeAlias = Chars | Sequence | Choice | Repeat | Reference


def chars(ranges: Iterable[Range], properties: Iterable[str] = (), *, negated: bool = False) -> Chars:
    """The set in its normal form: merged ranges without surrogates, which no text holds."""
    merged = normal(ranges)
    kept = tuple(sorted(set(properties)))
    if negated and not kept:
        return Chars(_complement(merged))
    return Chars(merged, kept, negated)


@lru_cache(maxsize=512)
def single(code: int) -> Chars:
    """Of one character: most of what expressions are made of."""
    return chars([(code, code)])


def normal(ranges: Iterable[Range]) -> tuple[Range, ...]:
    merged: list[Range] = []
    for low, high in sorted(_without_surrogates(ranges)):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _without_surrogates(ranges: Iterable[Range]) -> Iterable[Range]:
    for low, high in ranges:
        if low < _SURROGATES[0]:
            yield low, min(high, _SURROGATES[0] - 1)
        if high > _SURROGATES[1]:
            yield max(low, _SURROGATES[1] + 1), high


def _complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    gaps, start = [], 0
    for low, high in ranges:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= HIGHEST:
        gaps.append((start, HIGHEST))
    return normal(gaps)


def size(node: Node) -> int:
    """Parts of the tree when every counted repetition is written out; a repetition without end counts once."""
    match node:
        case Sequence(parts):
            return 1 + sum(map(size, parts))
        case Choice(options):
            return 1 + sum(map(size, options))
        case Repeat(part, least, most):
            return 1 + size(part) * max(least, most or 0, 1)
        case _:
            return 1


def references(node: Node) -> set[str]:
    match node:
        case Sequence(parts) | Choice(parts):
            return set().union(*map(references, parts))
        case Repeat(part):
            return references(part)
        case Reference(name):
            return {name}
        case _:
            return set()


def inlined(node: Node, bodies: Mapping[str, Node]) -> Node:
    """The tree with every reference replaced."""
    match node:
        case Sequence(parts):
            return Sequence(tuple(inlined(part, bodies) for part in parts))
        case Choice(options):
            return Choice(tuple(inlined(option, bodies) for option in options))
        case Repeat(part, least, most):
            return Repeat(inlined(part, bodies), least, most)
        case Reference(name):
            return bodies[name]
        case _:
            return node


def is_empty(node: Node, productive: Callable[[str], bool] = lambda _: True) -> bool:
    """Whether no text at all matches. ``productive`` says of a rule that some text matches it."""
    match node:
        case Sequence(parts):
            return any(is_empty(part, productive) for part in parts)
        case Choice(options):
            return all(is_empty(option, productive) for option in options)
        case Repeat(part, least):
            return least > 0 and is_empty(part, productive)
        case Reference(name):
            return not productive(name)
        case Chars(ranges, properties, negated):
            return not (ranges or properties or negated)


def longest(node: Node, weigh: Callable[[Chars], int], of_rule: Mapping[str, float]) -> float:
    """The most that a matching text weighs; -inf where none matches, inf where there is no bound.

    ``weigh`` is the most that one character of a set weighs, ``of_rule`` what is known of each rule.
    """
    match node:
        case Sequence(parts):
            sizes = [longest(part, weigh, of_rule) for part in parts]
            return -INFINITE if -INFINITE in sizes else sum(sizes)
        case Choice(options):
            return max(longest(option, weigh, of_rule) for option in options)
        case Repeat(part, least, most):
            return _repeated(longest(part, weigh, of_rule), least, most)
        case Reference(name):
            return of_rule[name]
        case Chars():
            return -INFINITE if is_empty(node) else weigh(node)


def _repeated(once: float, least: int, most: int | None) -> float:
    if once == -INFINITE:
        return -INFINITE if least else 0
    if once == 0 or most == 0:
        return 0
    return INFINITE if most is None else once * most


def utf8_bytes(one: Chars) -> int:
    """The most bytes that a character of a set has."""
    if one.properties or one.negated:
        return 4
    return len(chr(one.ranges[-1][1]).encode())


def json_bytes(one: Chars) -> int:
    """The most bytes that a character of a set needs in a JSON string: control characters are ``\\u00XX``."""
    if one.properties or one.negated or one.ranges[0][0] < ord(" "):
        return 6
    escaped = any(low <= ord(char) <= high for low, high in one.ranges for char in '"\\')
    return max(utf8_bytes(one), 2 if escaped else 1)
