"""Grammars of llama.cpp as contracts, beside all that a small grammar can say."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import ContractError, ErrorCode, State, TextContract, compile  # noqa: A004
from casava_contract.grammars import gbnf
from casava_contract.grammars.syntax import Chars, Choice, Node, Reference, Repeat, Sequence
from casava_contract.limits import Limits

_LONGEST = 6
_ARITHMETIC = r"""
# sums and products
root   ::= sum
sum    ::= product (("+" | "-") product)*
product ::= factor ("*" factor)*   # binds tighter
factor ::= number | "(" sum ")" |
           "-" factor
number ::= "0" | [1-9] [0-9]{0,3} ("." [0-9]+)?
"""


def _compiled(grammar: str) -> TextContract:
    return compile(grammar, kind="gbnf")


def _refusal(grammar: str) -> ContractError:
    with pytest.raises(ContractError) as refused:
        _compiled(grammar)
    return refused.value


def _words(rules: Mapping[str, Node]) -> set[str]:
    """Every text of at most 6 characters, by adding up until nothing is new."""
    known: dict[str, set[str]] = {name: set() for name in rules}
    while True:
        found = {name: _of(body, known) for name, body in rules.items()}
        if found == known:
            return known["root"]
        known = found


def _of(node: Node, known: Mapping[str, set[str]]) -> set[str]:
    match node:
        case Chars(ranges):
            return {chr(code) for low, high in ranges for code in range(low, high + 1)}
        case Sequence(parts):
            words = {""}
            for part in parts:
                words = _joined(words, _of(part, known))
            return words
        case Choice(options):
            return set().union(*(_of(option, known) for option in options))
        case Repeat(part, least, most):
            once, words, found = _of(part, known), {""}, set[str]()
            for count in range(_LONGEST + least + 1):
                if count >= least and (most is None or count <= most):
                    found |= words
                words = _joined(words, once)
            return found
        case Reference(name):
            return known[name]


def _joined(one: set[str], other: set[str]) -> set[str]:
    return {a + b for a, b in product(one, other) if len(a + b) <= _LONGEST}


_ATOMS = st.sampled_from(['"a"', '"b"', '"ab"', '""', "[ab]", '"é"', "r", "s", "root"])
_PARTS = st.tuples(_ATOMS, st.sampled_from(["", "", "*", "?", "+", "{2}", "{1,2}"])).map("".join)
_BODIES = st.lists(st.lists(_PARTS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=3).map(" | ".join)


@given(_BODIES, _BODIES, _BODIES)
@settings(max_examples=40, deadline=None)
def test_it_takes_what_the_rules_say_and_dies_where_nothing_can_follow(root: str, r: str, s: str) -> None:
    text = f'root ::= {root}\nr ::= {r}\ns ::= ({s}) "a"\n'
    words = _words(gbnf.read(text, Limits()).rules)
    if not words:
        return  # nothing, or nothing short: refused or not is another test's
    contract = _compiled(text)
    most = contract.worst_case_bytes
    assert most is None or all(len(word.encode()) <= most for word in words)
    for word in ("".join(letters) for length in range(4) for letters in product("abé", repeat=length)):
        verdict = contract.validate(word)
        if any(violation.code == "limit.grammar_work" for violation in verdict):
            continue
        assert (verdict == ()) == (word in words), word
        validator = contract.validator()
        if any(found.startswith(word) for found in words):
            assert validator.feed(word.encode()).state is not State.DEAD, word
        elif most is not None and most <= _LONGEST:
            assert validator.feed(word.encode()).state is State.DEAD or not word, word


@pytest.mark.parametrize("text", ["1+2*3", "-(1.5-2)*7", "((0))", "1000"])
def test_an_answer_in_the_language_is_valid(text: str) -> None:
    assert _compiled(_ARITHMETIC).validate(text) == ()


@pytest.mark.parametrize(("text", "offset"), [("1+*", 2), ("01", 1), ("(1))", 3), ("12345", 4), ("1.+", 2)])
def test_an_answer_dies_at_the_byte_that_no_rule_allows(text: str, offset: int) -> None:
    verdict = _compiled(_ARITHMETIC).validator().feed(text.encode())
    assert verdict.state is State.DEAD
    assert (verdict.errors[0].code, verdict.errors[0].offset) == ("text.gbnf", offset)


def test_lexemes_are_not_greedy() -> None:
    contract = _compiled('root ::= ("a" | "ab") tail\ntail ::= "bc" | "(" root ")"')
    assert contract.validate("abc") == ()
    assert contract.validate("abbc") == ()
    assert contract.validate("a(abc)") == ()


def test_left_recursion_and_empty_repetition_are_read() -> None:
    contract = _compiled('root ::= root "a" | "b"? ("" | "c"*)*')
    for text in ("", "b", "bccaa", "aaa"):
        assert contract.validate(text) == (), text
    assert contract.validate("ab") != ()


def test_what_no_text_matches_is_cut_off_so_that_the_first_wrong_byte_is_found() -> None:
    contract = _compiled('root ::= "a" dead | "b"\ndead ::= "x" dead')
    assert contract.validator().feed(b"a").state is State.DEAD
    assert contract.validate("b") == ()


def test_a_grammar_without_recursion_has_a_worst_case_and_one_with_has_none() -> None:
    assert _compiled('root ::= "ab" [é-ü]{2} tail?\ntail ::= "xyz"').worst_case_bytes == 2 + 4 + 3
    assert _compiled(_ARITHMETIC).worst_case_bytes is None
    assert _compiled("root ::= [a-z]*").worst_case_bytes is None


def test_comments_names_and_spelling_mean_nothing() -> None:
    one = _compiled('root ::= word ("," root)?\nword ::= [a-c]+')
    other = _compiled('# list\nroot ::= item (\n  "," root\n)?\n\nitem ::= [\\x61-c]+ # letters')
    assert one.digest != other.digest
    assert one.semantic_digest == other.semantic_digest
    assert one.semantic_digest != _compiled('root ::= word ("," root)?\nword ::= [a-d]+').semantic_digest


@pytest.mark.parametrize(
    ("grammar", "code", "line"),
    [
        ('start ::= "a"', ErrorCode.GRAMMAR, 1),
        ('root ::= "a"\nroot ::= "b"', ErrorCode.GRAMMAR, 2),
        ("root ::= nowhere", ErrorCode.GRAMMAR, 1),
        ('root ::= "a', ErrorCode.GRAMMAR, 1),
        ('root ::= "a\nb"', ErrorCode.GRAMMAR, 1),
        ('root ::= "\\q"', ErrorCode.GRAMMAR, 1),
        ('root ::= "\\U00110000"', ErrorCode.GRAMMAR, 1),
        ("root ::= [z-a]", ErrorCode.GRAMMAR, 1),
        ('root ::= ("a"', ErrorCode.GRAMMAR, 1),
        ('root ::= "a")', ErrorCode.GRAMMAR, 1),
        ('root ::= "a"{x}', ErrorCode.GRAMMAR, 1),
        ('root ::= "a"{3,2}', ErrorCode.GRAMMAR, 1),
        ("root ::= <|eot|>", ErrorCode.GRAMMAR, 1),
        ('root = "a"', ErrorCode.GRAMMAR, 1),
        ("::=", ErrorCode.GRAMMAR, 1),
        ('root ::= "a"\n  | "b"', ErrorCode.GRAMMAR, 2),
        ('\nroot ::= "a" root', ErrorCode.UNSATISFIABLE, 2),
        ("root ::= []", ErrorCode.UNSATISFIABLE, 1),
        ("root ::= " + "(" * 100 + '"a"' + ")" * 100, ErrorCode.LIMIT_DEPTH, 1),
        ('root ::= "a"{1000000}', ErrorCode.LIMIT_GRAMMAR, 1),
        ('root ::= (("a"{100}){100}){100}', ErrorCode.LIMIT_GRAMMAR, 1),
        (" \n", ErrorCode.SYNTAX, 1),
    ],
)
def test_a_grammar_is_refused_with_its_place(grammar: str, code: ErrorCode, line: int | None) -> None:
    refused = _refusal(grammar)
    assert (refused.code, refused.line) == (code, line)


def test_rules_that_double_are_not_written_out() -> None:
    chain = "\n".join(f"r{n} ::= r{n + 1} r{n + 1}" for n in range(40))
    contract = _compiled(f'root ::= r0\n{chain}\nr40 ::= "a" | "b"')
    assert contract.worst_case_bytes == 2**40
    assert contract.validator().feed(b"abab").state is State.OPEN


def test_long_chains_of_rules_are_read_without_recursion() -> None:
    chain = "\n".join(f"r{n} ::= r{n + 1}" for n in range(2_000))
    contract = _compiled(f'root ::= r0\n{chain}\nr2000 ::= "a"')
    assert contract.worst_case_bytes == 1


@pytest.mark.parametrize(
    "grammar",
    ['root ::= e\ne ::= e e | "a"', 'root ::= e\ne ::= e e e | e e | "a" | ""', 'root ::= e*\ne ::= "a" | e e'],
)
def test_an_ambiguous_grammar_ends_in_a_typed_error_and_the_same_in_any_pieces(grammar: str) -> None:
    contract = _compiled(grammar)
    whole, pieces = contract.validator(), contract.validator()
    (error,) = whole.feed(b"a" * 1_000).errors
    for _ in range(1_000):
        if pieces.feed(b"a").state is State.DEAD:
            break
    assert error.code == "limit.grammar_work"
    assert whole.finish() == pieces.finish()
    assert contract.validate("a" * 1_000)[0].code == "limit.grammar_work"


def test_the_engine_is_told_the_same_grammar() -> None:
    lowering = _compiled(_ARITHMETIC).lower("llama-cpp")
    assert (lowering.guarantee, lowering.guide_type) == ("full", "ebnf_grammar")
