"""The schema is one that people can read and the API server can bound."""

from typing import Any

from casava_operator.crd import crd


def _root() -> dict[str, Any]:
    root: dict[str, Any] = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return root


def _undescribed(schema: dict[str, Any], path: str) -> list[str]:
    missing = [] if schema.get("description") else [path]
    members = {
        **schema.get("properties", {}),
        **({"[]": schema["items"]} if "properties" in schema.get("items", {}) else {}),
    }
    return missing + [found for name, member in members.items() for found in _undescribed(member, f"{path}.{name}")]


def test_every_field_has_a_description() -> None:
    for part in ("spec", "status"):
        assert _undescribed(_root()["properties"][part], part) == []


def _unbounded(schema: dict[str, Any], path: str) -> list[str]:
    kind = schema.get("type")
    closed = "enum" in schema or schema.get("format") == "date-time"
    found = []
    if kind == "string" and not closed and "maxLength" not in schema:
        found.append(path)
    if kind == "array" and "maxItems" not in schema:
        found.append(path)
    if "additionalProperties" in schema and "maxProperties" not in schema:
        found.append(path)
    inner = dict(schema.get("properties", {}))
    for member in ("items", "additionalProperties"):
        if member in schema:
            inner[member] = schema[member]
    return found + [below for name, member in inner.items() for below in _unbounded(member, f"{path}.{name}")]


def test_every_string_list_and_map_is_bounded() -> None:
    for part in ("spec", "status"):
        assert _unbounded(_root()["properties"][part], part) == []


def test_nothing_but_the_operator_fills_the_status() -> None:
    assert "default" not in _keys(_root()["properties"]["status"])


def _keys(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        return [*schema, *(key for member in schema.values() for key in _keys(member))]
    return [key for member in schema for key in _keys(member)] if isinstance(schema, list) else []
