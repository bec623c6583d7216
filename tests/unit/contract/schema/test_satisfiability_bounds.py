"""The normal form is asked for only where it is cheap: what was measured to take seconds is left unknown."""

import json
from typing import Any

import pytest

from casava_contract import Satisfiable, compile  # noqa: A004


def _dependent(count: int) -> Any:
    return {"type": "object", "dependentRequired": {f"a{i}": [f"b{i}"] for i in range(count)}}


def _dependencies(count: int) -> Any:
    schema = {"type": "object", "dependencies": {f"a{i}": [f"b{i}"] for i in range(count)}}
    return schema | {"$schema": "http://json-schema.org/draft-07/schema#"}


def _open_union(count: int) -> Any:
    branch = {"type": "object", "required": ["k"]}
    return {"anyOf": [branch | {"properties": {"k": {"const": i}, "v": {"maximum": i}}} for i in range(count)]}


def _closed_union(count: int) -> Any:
    branch = {"type": "object", "required": ["k"], "additionalProperties": False}
    return {"anyOf": [branch | {"properties": {"k": {"const": i}}} for i in range(count)]}


def _not_both(count: int) -> Any:
    return {"type": "object", "allOf": [{"not": {"required": [f"a{i}", f"b{i}"]}} for i in range(count)]}


def _nullable(count: int) -> Any:
    either = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    return {"type": "object", "properties": {f"p{i}": either for i in range(count)}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "most"), [(_dependent, 5), (_dependencies, 5), (_open_union, 10), (_closed_union, 32), (_not_both, 5)]
)
def test_choices_over_one_value_are_bounded(schema: Any, most: int) -> None:
    assert compile(json.dumps(schema(most))).satisfiable is Satisfiable.YES
    assert compile(json.dumps(schema(most + 1))).satisfiable is Satisfiable.UNKNOWN
    assert compile(json.dumps(schema(200))).semantic_digest is None


def test_choices_over_different_values_add_up() -> None:
    assert compile(json.dumps(_nullable(200))).satisfiable is Satisfiable.YES
