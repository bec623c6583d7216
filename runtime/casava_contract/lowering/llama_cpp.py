"""llama.cpp as in xllamacpp: it decodes with llguidance 1.0.1.

llama.cpp drops a grammar that llguidance refuses without a word and goes on unconstrained, so every guide is tried here
with the same version first.
"""

from collections.abc import Mapping, Sequence

from casava_contract.grammars.syntax import Node
from casava_contract.lowering import lark as larks
from casava_contract.lowering import llguidance_json
from casava_contract.lowering.engine import guided
from casava_contract.report import Lowering
from casava_contract.schema.graph import Graph


def schema(graph: Graph) -> Lowering:
    return guided("json_schema", *llguidance_json.lower(graph))


def regex(_tree: Node, lark: str) -> Lowering:
    return larks.lower("regex", lark)


def choice(_values: Sequence[str], lark: str) -> Lowering:
    return larks.lower("choice", lark)


def grammar(kind: str, lark: str, _rules: Mapping[str, Node] | None = None) -> Lowering:
    return larks.lower(kind, lark)
