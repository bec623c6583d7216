"""Grammars in llguidance's dialect of Lark as contracts."""

import pytest

from casava_contract import ContractError, ErrorCode, Limits, Satisfiable, State, TextContract, compile  # noqa: A004

_CALL = r"""
start: NAME "(" [args] ")"   // a call
args: value ("," value)*
value: NUMBER | STRING | start
NAME: /[a-z_]+/
NUMBER: /-?[0-9]+/
STRING: "\"" /[^"<@]*/ "\""  # not [stop="x"] and no <tokens>
"""


def _compiled(grammar: str) -> TextContract:
    return compile(grammar, kind="lark")


def _refusal(grammar: str) -> ContractError:
    with pytest.raises(ContractError) as refused:
        _compiled(grammar)
    return refused.value


def test_an_answer_is_held_against_the_grammar_at_every_byte() -> None:
    contract = _compiled(_CALL)
    assert contract.validate('f(1,"a",g())') == ()
    verdict = contract.validator().feed(b'f(1,"a"g())')
    assert verdict.state is State.DEAD
    (error,) = verdict.errors
    assert (error.code, error.offset, error.expected) == ("text.lark", 7, ('")"', '","'))
    assert contract.satisfiable is Satisfiable.UNKNOWN
    assert contract.worst_case_bytes is None


def test_a_schema_inside_of_a_grammar_is_held_as_well() -> None:
    contract = _compiled(
        'start: "```json\\n" %json {"type": "object", "properties": {"<a>": {"type": "integer"}}} "```"'
    )
    assert contract.validate('```json\n{"<a>": 1}```') == ()
    assert contract.validate('```json\n{"<a>": "x"}```') != ()


def test_lazy_lexemes_and_suffixes_are_read() -> None:
    contract = _compiled('start: think "!" \nthink[lazy]: /(?s:.*)<end>/')
    assert contract.validate("well<end>!") == ()
    assert contract.validate("well!") != ()


@pytest.mark.parametrize(
    ("grammar", "code", "line", "word"),
    [
        ("start: <|assistant|>", ErrorCode.GRAMMAR, 1, "token"),
        ("start: /a/\n  <[12]>", ErrorCode.GRAMMAR, 2, "token"),
        ("start: @other", ErrorCode.GRAMMAR, 1, "@name"),
        ("start: a\na[max_tokens=3]: /.*/", ErrorCode.GRAMMAR, 2, "max_tokens"),
        ("start: a\na[temperature=0.5]: /.*/", ErrorCode.GRAMMAR, 2, "temperature"),
        ('start: a\na[stop="x"]: /.*/', ErrorCode.GRAMMAR, 2, "suffix"),
        ('%llguidance {"no_forcing": true}\nstart: "a"', ErrorCode.GRAMMAR, 1, "options"),
        ("%llguidance {", ErrorCode.GRAMMAR, 1, "JSON"),
        ('start: %json {"$ref": "file:///etc/passwd"}', ErrorCode.GRAMMAR, 1, "not read"),
        ('start: %lark { start: "a" }', ErrorCode.GRAMMAR, 1, "rules here"),
        ("start: nowhere", ErrorCode.GRAMMAR, 1, "not read"),
        ('begin: "a"', ErrorCode.GRAMMAR, None, "not read"),
        (r"start: /a\b/", ErrorCode.GRAMMAR, 1, "not read"),
        ('{"grammars": [{"json_schema": {}}]}', ErrorCode.GRAMMAR, 1, "not read"),
        ("\n\n", ErrorCode.SYNTAX, None, "empty"),
    ],
)
def test_a_grammar_is_refused_with_its_place(grammar: str, code: ErrorCode, line: int | None, word: str) -> None:
    refused = _refusal(grammar)
    assert (refused.code, refused.line) == (code, line)
    assert word in refused.message


@pytest.mark.parametrize(
    "grammar",
    [
        "start: " + " ".join(["/a/"] * 10_001),
        "start: A\nA: " + " & ".join(f"/(?s:.*)a{{{n}}}(?s:.*)/" for n in range(1, 60)),
        "start: A\nA: " + "|".join(f"~/a{n}/" for n in range(20)),
    ],
)
def test_a_grammar_that_is_too_much_work_is_a_limit(grammar: str) -> None:
    with pytest.raises(ContractError) as refused:
        compile(grammar, kind="lark", limits=Limits(schema_bytes=1 << 20))
    assert refused.value.code is ErrorCode.LIMIT_GRAMMAR
    assert refused.value.status == 422


def test_an_ambiguous_grammar_ends_in_a_typed_error() -> None:
    validator = _compiled('start: e\ne: e e | "a"').validator()
    assert validator.feed(b"a" * 2_000).errors[0].code == "limit.grammar_work"


def test_a_grammar_may_name_llguidance_itself() -> None:
    contract = _compiled('%llguidance {}\nstart: "a"')
    assert contract.validate("a") == ()
    assert contract.lower("llama-cpp").guide.count("%llguidance") == 1
