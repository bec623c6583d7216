"""Which regular expressions mean to the engine what they mean to JSON Schema, and which are too much work for it."""

import re
from typing import Final

from casava_contract.schema.components import Components
from casava_contract.schema.graph import Graph
from casava_contract.schema.work import applied

# Expressions that both engines read alike: literals, escapes of punctuation, the dot, \d and \w (ASCII to both),
# classes, groups, quantifiers, and anchors at the ends. Not \s (they differ on U+0085 and U+FEFF), and no class that
# excludes the quote or the backslash: of those the engine lets the escaped form pass.
_ATOM: Final = r"(?:[A-Za-z0-9 _,:;@#%&=~<>!'\"`/.-]|\\[dDwW./+*?()\[\]{}|^$\\-])"
_RANGE: Final = "[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]"
_IN_CLASS: Final = r"[A-Za-z0-9 _,:;@#%=<>!'`/.+*?(){}|$]|\\[dw./+*?()\[\]{}|^$-]"
_CLASS: Final = rf"""\[(?:\^(?:{_RANGE}|{_IN_CLASS})+|(?:{_RANGE}|{_IN_CLASS}|"|\\\\)+)-?\]"""
_QUANTIFIER: Final = r"(?:(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)?"
_TOKEN: Final = re.compile(rf"(?:{_ATOM}|{_CLASS}){_QUANTIFIER}|\((?:\?:)?(?!\?)|\){_QUANTIFIER}|\|")

# The engine searches combinations of expressions for a first match with a fuel of its own, about 0.3 s of work each
# (measured), and has no limit on how often. So what may take long is counted here.
_OCCURRENCES: Final = 96  # of patterns in a schema whose references are written out
_HEAVY: Final = 4
_SIZE: Final = 40  # characters to match, repetitions written out, behind an unbounded quantifier
_FEW: Final = 4  # repetitions that do not count
_UNBOUNDED: Final = re.compile(r"[*+]|\{[0-9]+,\}")
_COUNTED: Final = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")


def proven(pattern: str) -> bool:
    """Whether the engine and the oracle read it alike, as far as tests show."""
    body = pattern.removeprefix("^")
    if body.endswith("$") and not body.endswith("\\$"):
        body = body[:-1]
    if "|" in body and len(body) != len(pattern):
        return False  # ^a|b$ anchors each alternative on one side only
    position = 0
    while position < len(body):
        token = _TOKEN.match(body, position)
        if token is None:
            return False
        position = token.end()
    return True


def affordable(graph: Graph) -> bool:
    """Whether the engine can be told of the schema's patterns at all."""
    patterns = [str(node.keywords["pattern"]) for node in graph.nodes.values() if "pattern" in node.keywords]
    return sum(map(heavy, patterns)) <= _HEAVY and _occurrences(graph) <= _OCCURRENCES


def heavy(pattern: str) -> bool:
    """Whether the automaton may be far larger than the expression."""
    unbounded = not pattern.startswith("^") or _UNBOUNDED.search(pattern) is not None
    size = len(_COUNTED.sub("", pattern))
    for least, most in _COUNTED.findall(pattern):
        count = max(int(least), int(most or 0))
        size *= count if count > _FEW else 1
    return unbounded and size > _SIZE


def _occurrences(graph: Graph) -> int:
    counts: dict[str, int] = {}
    for component in Components(graph, applied):
        inside = set(component)
        total = 0
        for pointer in component:
            node = graph.nodes[pointer]
            below = sum(counts[target] for target in applied(node) if target not in inside)
            total += below + ("pattern" in node.keywords)
        counts.update(dict.fromkeys(component, min(total, _OCCURRENCES + 1)))
    return counts[""]
