"""Texts and grammars for engines that decode with llguidance: in its own dialect of Lark."""

from typing import Final

from casava_contract import recogniser
from casava_contract.errors import shorten
from casava_contract.lowering.engine import free, guided, whole
from casava_contract.report import Lowering

HEADER: Final = "%llguidance {}"


def lower(kind: str, lark: str) -> Lowering:
    """The guide is the grammar that the contract's own validator uses.

    What a grammar does beyond llguidance's limits does not count: the limits of the sidecar are below those of the
    engines, so that such an answer is refused before.
    """
    text = lark if lark.startswith("%llguidance") else f"{HEADER}\n{lark}"
    why = recogniser.refusal_of_grammar(text)
    if why:
        return free(whole(kind, f"the engine refuses the grammar: {shorten(why, 120)}"))
    return guided("ebnf_grammar", text, whole(kind))
