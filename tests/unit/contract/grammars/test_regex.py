"""Regular expressions as contracts, beside Python's own."""

import re
from string import ascii_lowercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import ContractError, ErrorCode, Limits, State, TextContract, compile  # noqa: A004


def _compiled(expression: str) -> TextContract:
    return compile(expression, kind="regex")


def _refusal(expression: str) -> ContractError:
    with pytest.raises(ContractError) as refused:
        _compiled(expression)
    return refused.value


_ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "0",
        r"\.",
        ".",
        r"\d",
        r"\W",
        "[ab]",
        "[^a]",
        r"[\d_-]",
        "[a-c0]",
        r"\x61",
        "é",
        r"\u00e9",
        "[é-ü]",
        " ",
    ]
)
_SIGNS = st.sampled_from(["", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "{1,2}?"])
_EXPRESSIONS = st.recursive(
    st.tuples(_ATOMS, _SIGNS).map("".join),
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map("".join),
        st.lists(below, min_size=2, max_size=3).map("|".join).map("(?:{})".format),
        st.tuples(below, _SIGNS).map(lambda pair: f"({pair[0]}){pair[1]}"),
    ),
    max_leaves=6,
)
_TEXTS = st.text(alphabet="abc0.é-_ \n", max_size=6)


@given(_EXPRESSIONS, st.lists(_TEXTS, min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_an_answer_is_valid_where_all_of_it_matches(expression: str, texts: list[str]) -> None:
    contract = _compiled(expression)
    theirs = re.compile(expression, re.ASCII)
    for text in texts:
        assert (contract.validate(text) == ()) == (theirs.fullmatch(text) is not None), (expression, text)


@given(_EXPRESSIONS, st.data())
@settings(max_examples=40, deadline=None)
def test_no_beginning_of_a_matching_text_is_refused(expression: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(expression, re.ASCII), fullmatch=True))
    contract = _compiled(expression)
    validator = contract.validator()
    for byte in text.encode():
        assert validator.feed(bytes([byte])).state is not State.DEAD
    assert validator.finish().state is State.VALID
    most = contract.worst_case_bytes
    assert most is None or len(text.encode()) <= most


@pytest.mark.parametrize("expression", ["^[a-z]+$", "[a-z]+", "^(?:[a-z]+)$", "(?P<word>[a-z]+)", "[a-z]+\n"])
def test_anchors_groups_and_a_final_line_end_change_nothing(expression: str) -> None:
    contract = _compiled(expression)
    assert contract.validate("abc") == ()
    assert contract.validate("abc\n") != ()
    assert contract.validate(" abc") != ()
    assert contract.semantic_digest == _compiled("[a-z]+").semantic_digest


def test_the_error_names_the_byte_and_what_could_have_stood_there() -> None:
    validator = _compiled(r"(INV|ORD)-\d{4}").validator()
    validator.feed(b"INV-1")
    (error,) = validator.feed(b"2x4").errors
    assert (error.code, error.offset, error.expected, error.got) == ("text.regex", 6, ('"0" to "9"',), '"x"')
    assert error.earliest
    assert (error.line, error.column) == (1, 7)


def test_what_is_forced_is_said_as_one_text() -> None:
    validator = _compiled("(agenda|minutes)").validator()
    assert validator.feed(b"ax").errors[0].expected == ('"genda"',)


def test_classes_are_of_ascii_and_properties_are_not() -> None:
    assert _compiled(r"\w+").validate("é") != ()
    assert _compiled(r"\d").validate("٣") != ()
    assert _compiled(r"\p{L}+").validate("été") == ()
    assert _compiled(r"[^\p{L}]").validate("é") != ()
    assert _compiled(r"\P{L}").validate("1") == ()


@pytest.mark.parametrize(
    ("expression", "code", "column"),
    [
        ("(?=a)a", ErrorCode.PATTERN_NOT_LINEAR, 1),
        ("(?<!a)a", ErrorCode.PATTERN_NOT_LINEAR, 1),
        ("(?>a)", ErrorCode.PATTERN_NOT_LINEAR, 1),
        (r"(a)\1", ErrorCode.PATTERN_NOT_LINEAR, 4),
        ("ba*+", ErrorCode.PATTERN_NOT_LINEAR, 3),
        (r"a\b", ErrorCode.PATTERN, 2),
        ("a^b", ErrorCode.PATTERN, 2),
        ("a$b", ErrorCode.PATTERN, 2),
        ("(?i)abc", ErrorCode.PATTERN, 1),
        ("(a", ErrorCode.PATTERN, 1),
        ("a)", ErrorCode.PATTERN, 2),
        ("[a", ErrorCode.PATTERN, 1),
        ("[]a]", ErrorCode.PATTERN, 2),
        ("[z-a]", ErrorCode.PATTERN, 2),
        ("[[:alpha:]]", ErrorCode.PATTERN, 2),
        ("[a&&b]", ErrorCode.PATTERN, 3),
        ("*a", ErrorCode.PATTERN, 1),
        ("a**", ErrorCode.PATTERN, 3),
        ("a{2,1}", ErrorCode.PATTERN, 2),
        ("a{x}", ErrorCode.PATTERN, 2),
        ("a\\", ErrorCode.PATTERN, 2),
        (r"\q", ErrorCode.PATTERN, 1),
        (r"\x{110000}", ErrorCode.PATTERN, 1),
        (r"[^\s\S]", ErrorCode.UNSATISFIABLE, 1),
        (r"a[^\s\S]|b[^\s\S]", ErrorCode.UNSATISFIABLE, 1),
        ("(" * 100 + "a" + ")" * 100, ErrorCode.LIMIT_DEPTH, 66),
        ("a{1000000000}", ErrorCode.PATTERN, 2),
    ],
)
def test_an_expression_is_refused_with_its_place(expression: str, code: ErrorCode, column: int) -> None:
    refused = _refusal(expression)
    assert (refused.code, refused.line, refused.column) == (code, 1, column)


@pytest.mark.parametrize(
    "expression",
    [
        "a{999999999}",
        "(a{1,1000}){1,1000}",
        "((((a{10}){10}){10}){10}){10}",
        "(" * 40 + "a" + "{1,9})" * 40,
        "(?:x{500}|y{500}){500}",
    ],
)
def test_counts_that_multiply_are_refused_before_they_are_built(expression: str) -> None:
    assert _refusal(expression).code is ErrorCode.LIMIT_PATTERN


def test_an_expression_has_a_size() -> None:
    with pytest.raises(ContractError) as refused:
        compile(ascii_lowercase * 10, kind="regex", limits=Limits(schema_bytes=200))
    assert refused.value.code is ErrorCode.LIMIT_BYTES
    assert _refusal("").code is ErrorCode.SYNTAX
    assert _refusal("\ud800").code is ErrorCode.SYNTAX


@pytest.mark.parametrize("expression", ["(a+)+", "(a|aa)+", "(a*)*b", "(x+x+)+y", "(a|b)*a(a|b){20}", "(.*,){11}P"])
def test_expressions_that_ruin_other_matchers_take_linear_work(expression: str) -> None:
    contract = _compiled(expression)
    text = ("ab," if "," in expression else "a" if "x" not in expression else "x") * 3_000
    validator = contract.validator()
    validator.feed(text.encode()[:8_000])
    assert all(error.code in {"text.regex", "stream.truncated"} for error in validator.finish().errors)


def test_the_engine_is_told_the_same_expression() -> None:
    lowering = _compiled(r"^\d{4}/[a-z]+$").lower("llama-cpp")
    assert lowering.guarantee == "full"
    assert "[0-9]{4}" in lowering.guide
    assert [(entry.keyword, entry.enforced_by) for entry in lowering.coverage] == [("regex", "engine")]


@pytest.mark.parametrize("expression", ["()", "a{0}", "(?:|)", "()*"])
def test_an_expression_may_ask_for_the_empty_answer(expression: str) -> None:
    contract = _compiled(expression)
    assert (contract.validate(""), contract.worst_case_bytes) == ((), 0)
    assert contract.validator().feed(b"a").state is State.DEAD


def test_white_space_is_an_expression() -> None:
    assert _compiled(" ").validate(" ") == ()
    assert _compiled("\n\n").validate("\n") == ()
