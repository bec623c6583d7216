from collections.abc import Sequence

from casava_contract.graph import Graph
from casava_contract.lowering.engine import free, whole
from casava_contract.report import Lowering


def schema(_graph: Graph) -> Lowering:
    return free([])


def regex(_expression: str, _lark: str) -> Lowering:
    return free([])


def choice(_values: Sequence[str], _lark: str) -> Lowering:
    return free([])


def grammar(kind: str, _lark: str) -> Lowering:
    return free(whole(kind, "xgrammar"))
