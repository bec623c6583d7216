"""TensorRT-LLM 1.2 with ``guided_decoding_backend: xgrammar``, which it pins to 0.1.25.

Guides are EBNF grammars of Casava's own, never ``json_schema``: with the defaults that TensorRT-LLM leaves in place,
xgrammar's own reading of a schema closes every object and array that does not say that it is open, lets white space run
on without end, passes over keywords in silence, and takes ``0x5`` for a number that is at least 0.5 (measured).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from casava_contract.grammars.syntax import Node
from casava_contract.lowering import ebnf, ebnf_schema, ebnf_text
from casava_contract.lowering.engine import free, guided, whole
from casava_contract.lowering.unconstrained import listed
from casava_contract.report import Lowering
from casava_contract.schema.graph import Graph

_GUIDE: Final = "ebnf_grammar"
_ROOT: Final = "root"
_BYTES: Final = "the engine takes bytes that are no text for one character"
_MOST_BYTES: Final = 256_000


def schema(graph: Graph) -> Lowering:
    try:
        grammar, coverage = ebnf_schema.lower(graph)
    except ebnf_schema.UnsayableError:
        return free(listed(graph, "a part of the schema that nothing satisfies cannot be said in the engine's grammar"))
    if len(grammar.encode()) > _MOST_BYTES:
        return free(listed(graph, "the grammar of the whole schema is too large for the engine"))
    return guided(_GUIDE, grammar, coverage)


def regex(tree: Node, _lark: str) -> Lowering:
    return _text("regex", {_ROOT: tree})


def choice(values: Sequence[str], _lark: str) -> Lowering:
    return guided(_GUIDE, f"root ::= {' | '.join(map(ebnf.literal, values))}\n", whole("choice"))


def grammar(kind: str, _lark: str, rules: Mapping[str, Node] | None = None) -> Lowering:
    return free(whole(kind, "the engine reads no Lark")) if rules is None else _text(kind, rules)


def _text(kind: str, rules: Mapping[str, Node]) -> Lowering:
    printer = ebnf_text.Printer(rules)
    try:
        text = printer.grammar(rules, _ROOT)
    except ebnf_text.UnsayableError as error:
        return free(whole(kind, str(error)))
    if len(text.encode()) > _MOST_BYTES:
        return free(whole(kind, "the grammar is too large for the engine"))
    return guided(_GUIDE, text, whole(kind, "" if printer.exact else _BYTES))
