"""What an expression may cost the oracle for each character is bounded when it is compiled."""

import json

import pytest

from casava_contract import ContractError, ErrorCode, compile  # noqa: A004


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:[ab]{1,50}){1,50}c",
        "^(?:[ab]{1,50}){1,50}c",
        "^(?:(?:[ab]{1,30}){1,30}c?)*$",
        "[ab]{1,2000}c",
        "(a|b)*a(a|b){600}c",
        r"^(?:\p{L}{1,2}x?){1,500}$",
        r"\b(?:[ab]{1,50}){1,50}c",
        "^(?:a?b?){1,300}c",
        "^(?:a|ab){1,300}c",
        "^a|(?:[ab]{1,50}){1,50}c",
        "^" + "".join(f"{chr(code)}?" for code in range(0x4E00, 0x4E00 + 2_000)),
    ],
)
def test_an_expression_that_may_be_in_many_of_its_parts_at_once_is_refused(pattern: str) -> None:
    for schema in ({"properties": {"a": {"pattern": pattern}}}, {"patternProperties": {pattern: True}}):
        with pytest.raises(ContractError) as refused:
            compile(json.dumps(schema))
        assert refused.value.code is ErrorCode.LIMIT_PATTERN
        assert refused.value.pointer.startswith(("/properties/a/pattern", "/patternProperties/"))


@pytest.mark.parametrize(
    "pattern",
    [
        "^.{0,255}$",
        "^.{1,1000}$",
        "^[a-z]{1,1000}$",
        r"^\S{1,64}$",
        r"^[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{1,190}$",
        "^(?:[a-z]{1,20} ){1,40}$",
        "^(?:[a-z]{2}[0-9]{3}){1,200}$",
        r"^\p{L}+(?:[ '-]\p{L}+)*$",
        ".{10,255}",
        r"\b[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{1,5} ){1,30}\b|1",
        "^(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\\.){3}[0-9]{1,3}$",
    ],
)
def test_common_expressions_are_not(pattern: str) -> None:
    assert compile(json.dumps({"pattern": pattern})).validate("1") == ()


def test_a_refusal_says_what_to_write_instead() -> None:
    with pytest.raises(ContractError, match="begin it with \\^, or say lengths by maxLength"):
        compile('{"pattern": "[ab]{1,600}c"}')
