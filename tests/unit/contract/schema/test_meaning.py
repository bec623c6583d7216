"""The digest of what a schema means, and Python classes as schemas."""

import json
import sys
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from casava_contract import ContractError, ErrorCode, JsonContract, Rule, compile  # noqa: A004


def _meaning(schema: Any) -> str | None:
    return compile(json.dumps(schema)).semantic_digest


def test_order_descriptions_and_spelling_mean_nothing() -> None:
    one = {"type": "object", "properties": {"b": {"type": "integer", "minimum": 1}, "a": {"const": "x"}}}
    other = {"properties": {"a": {"enum": ["x"]}, "b": {"type": "integer", "exclusiveMinimum": 0}}, "type": "object"}
    assert _meaning(one) == _meaning(other | {"description": "the same"})
    assert compile(json.dumps(one)).digest != compile(json.dumps(other)).digest
    assert _meaning(one) != _meaning({**one, "required": ["a"]})


def test_what_would_take_minutes_to_compare_has_no_digest_of_meaning() -> None:
    branches = [{"oneOf": [{"pattern": f"a{n}"}, {"pattern": f"b{n}"}]} for n in range(16)]
    assert _meaning({"type": "string", "allOf": branches}) is None


def test_rules_are_part_of_the_meaning() -> None:
    ruled = compile('{"type": "object"}', rules=[Rule("self.a == 1")])
    assert ruled.semantic_digest != _meaning({"type": "object"})
    assert ruled.digest != compile('{"type": "object"}').digest


def test_rules_are_judged_when_the_answer_has_ended_and_not_before() -> None:
    contract = compile('{"type": "object"}', rules=[Rule("self.a + self.b == 3", "sum")])
    assert contract.validate('{"a": 1, "b": 2}') == ()
    validator = contract.validator()
    assert validator.feed(b'{"a": 1, "b": 3').state == "open"
    verdict = validator.feed(b"}")
    assert verdict.state == "dead"
    assert verdict.errors[0].code == "rule.violated"
    assert contract.validate('{"a": 1, "b": 3}')[0].code == "rule.violated"
    assert compile("", kind="json_object", rules=[Rule("self.a == 1")]).validate('{"a": 2}') != ()


class _Color(Enum):
    RED = "red"
    BLUE = "blue"


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: str = Field(max_length=100)
    name: Annotated[str, Field(pattern="^[a-z]+$")]
    price: Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=2)]
    color: _Color
    parts: list["_Item"] = []


@dataclass
class _Point:
    x: int
    y: int = 0
    label: Literal["a", "b"] | None = None


class _Pair(TypedDict):
    left: int
    right: str


def test_a_pydantic_model_is_a_contract_in_the_order_of_its_fields() -> None:
    contract = compile(_Item)
    assert isinstance(contract, JsonContract)
    answer = '{"why": "", "name": "box", "price": "10.25", "color": "red", "parts": []}'
    assert contract.validate(answer) == ()
    assert _Item.model_validate_json(answer).price == Decimal("10.25")
    assert contract.validate(answer.replace("10.25", "cheap")) != ()
    assert contract.validate(answer.replace("red", "green")) != ()
    assert contract.validate(answer.replace('"parts": []', '"x": 1')) != ()
    guide = contract.lower("llama-cpp").guide
    assert guide.index('"why"') < guide.index('"name"') < guide.index('"price"')


@pytest.mark.parametrize(
    ("source", "valid", "invalid"),
    [(_Point, '{"x": 1, "label": "a"}', '{"y": 1}'), (_Pair, '{"left": 1, "right": ""}', '{"left": 1}')],
)
def test_dataclasses_and_typed_dicts_are_contracts(source: type, valid: str, invalid: str) -> None:
    contract = compile(source)
    assert contract.validate(valid) == ()
    assert contract.validate(invalid) != ()


class _Opaque:
    pass


def _code(source: Any, kind: Any = "json_schema") -> ErrorCode:
    with pytest.raises(ContractError) as refused:
        compile(source, kind=kind)
    return refused.value.code


def test_a_class_without_a_schema_is_refused() -> None:
    assert _code(_Opaque) is ErrorCode.INVALID
    assert _code(_Item, "regex") is ErrorCode.KIND
    assert _code(12) is ErrorCode.SYNTAX
    assert _code([1], "choice") is ErrorCode.SYNTAX
    assert _code("a", "ebnf") is ErrorCode.KIND


def test_a_class_needs_pydantic_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)
    assert _code(_Point) is ErrorCode.KIND
