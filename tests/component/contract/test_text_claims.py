"""What is claimed of engines for regular expressions, choices, grammars and tool calls."""

import json
from random import Random
from typing import NamedTuple

import pytest

from casava_contract import ENGINES, Contract, Enforcer, Guarantee, compile  # noqa: A004
from casava_contract.text.compiling import TextKind
from casava_contract.tools import compile_tools
from tests.component.contract import backends

_EBNF = "tensorrt-llm-xgrammar"
_SUM = 'start: sum\nsum: NUMBER ("+" NUMBER)*\nNUMBER: /[0-9]{1,3}/\n'
_LIST = 'root ::= "[" item ("," item)* "]"\nitem ::= [a-c]{1,2} | root\n'
_LEFT = 'root ::= root "+" [0-9] | [0-9]\n'


class Text(NamedTuple):
    """``ebnf``: an engine that is given an EBNF grammar holds it too; None: such an engine is not told of it."""

    kind: TextKind
    source: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    ebnf: bool | None = True


TEXTS = [
    Text(
        "regex",
        r"INV-\d{3}(?:/[a-f]+)?",
        ("INV-012", "INV-012/af"),
        ("INV-01", "INV-012/", "INV-\u0661\u0661\u0661", "xINV-012"),
    ),
    Text("regex", "a+|b{2,3}(cd)*|", ("", "aaa", "bbcdcd"), ("b", "bbbb", "bbc", "ab")),
    Text("regex", 'say "[^"]*"\\.', ('say "h\u00e9 \u6f22\n".',), ('say "".x', 'say """.')),
    Text("regex", "[a-z]{1,40}", ("abc",), ("", "ABC", "a" * 41), ebnf=None),
    Text("regex", "[^,]{1,3}", ("\u00e9,"[:1], "abc"), (",", "abcd", ""), ebnf=False),
    Text("regex", r"[\u0400-\u04ff]+", ("\u0434\u0430",), ("da", "\u0434a"), ebnf=None),
    Text("regex", "[\u00e4\u00f6\u00fc]x", ("\u00e4x",), ("ax", "\u00e4")),
    Text(
        "choice",
        json.dumps(["yes", "no", 'a "b" \\', "\u6f22\u5b57\n"]),
        ("yes", 'a "b" \\', "\u6f22\u5b57\n"),
        ("ye", "yess", "\u6f22"),
    ),
    Text("lark", _SUM, ("1", "12+345"), ("", "1+", "1234", "1++2"), ebnf=None),
    Text("gbnf", _LIST, ("[a]", "[ab,[c]]"), ("[]", "[abc]", "[a", "[a,]")),
    Text("gbnf", _LEFT, ("1", "1+2+3"), ("1+", "12", "+1")),
    Text("gbnf", 'root ::= "\\"" [^"\\\\]* "\\"" ("\\n" root)?\n', ('"\u00e9"', '"a"\n""'), ('"', '"a"\n', '"\\"')),
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: f"{text.kind}-{text.source[:20]}")
def test_an_engine_that_is_credited_with_a_text_takes_exactly_its_answers(text: Text) -> None:
    contract = compile(text.source, kind=text.kind)
    assert [contract.validate(answer) for answer in text.good] == [()] * len(text.good)
    assert all(contract.validate(answer) for answer in text.bad)
    for engine in ENGINES:
        lowering = contract.lower(engine)
        held = text.ebnf if engine == _EBNF else True
        (entry,) = lowering.coverage
        assert (entry.pointer, entry.keyword) == ("", text.kind)
        assert entry.enforced_by is (Enforcer.ENGINE if held else Enforcer.SIDECAR_EARLY)
        assert lowering.guarantee is (Guarantee.FULL if held else Guarantee.NONE)
        assert bool(lowering.guide_type) is (held is not None), engine
        if lowering.guide_type:
            _takes_exactly(engine, contract, text)


def _takes_exactly(engine: str, contract: Contract, text: Text) -> None:
    lowering = contract.lower(engine)
    for answer in text.good:
        assert backends.accepts(engine, lowering, answer), (engine, answer)
    for answer in text.bad:
        assert not backends.accepts(engine, lowering, answer), (engine, answer)
    for seed in range(25 if lowering.guarantee is Guarantee.FULL else 0):
        drawn = backends.sample(engine, lowering, Random(seed), length=60)
        assert drawn is None or contract.validate(drawn) == (), (engine, drawn)


def test_tool_calls_are_read_alike_by_both_versions_of_llguidance() -> None:
    parameters = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    tool = {"type": "function", "function": {"name": "add", "parameters": parameters}}
    contract = compile_tools(
        json.dumps({"tools": [tool]}), compile_schema=lambda text, limits: compile(text, limits=limits)
    )
    call = '<tool_call>\n{"name": "add", "arguments": {"n": 1}}\n</tool_call>'
    wrong = call.replace("1}", '"1"}')
    for engine in ENGINES:
        lowering = contract.lower(engine)
        if engine == _EBNF:
            assert (lowering.guide_type, lowering.guarantee) == ("", Guarantee.NONE)
            continue
        assert lowering.guarantee is Guarantee.FULL
        for answer in ("Hello", call, f"Let me see.{call}", wrong, call.replace("add", "sub")):
            assert backends.accepts(engine, lowering, answer) is (contract.validate(answer) == ()), (engine, answer)
