"""YAML text to JSON values: the part of YAML 1.2 whose meaning nobody can mistake.

Plain scalars are read by the core schema of YAML 1.2: ``no``, ``yes``, ``on``, ``12:30`` and ``2026-01-01`` are
strings, ``true``, ``false``, ``null`` and JSON's numbers are what they are in JSON. Whatever another YAML reader would
take for another value (``0x1F``, ``010``, ``1_000``, ``.inf``), tags, merge keys and several documents are refused:
quoting says what is meant. Aliases are copied, and every copy counts against the limit of nodes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.limits import Limits
from casava_contract.source import jsontext, pointers
from casava_contract.source.jsontext import JsonValue

_LITERALS: Final[dict[str, bool | None]] = {"": None, "~": None, "null": None, "true": True, "false": False}
_AMBIGUOUS: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?|[-+]?0[xob][0-9a-fA-F_]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|Null|NULL|True|TRUE|False|FALSE"
)

_Place = tuple[int, int]  # line and column, counted from 1


@dataclass(slots=True)
class _Open:
    """An object or array whose end was not read yet."""

    value: dict[str, JsonValue] | list[JsonValue]
    pointer: str
    anchor: str | None
    started_at: int  # nodes read before it
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    limits: Limits
    places: dict[str, _Place] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[JsonValue, int]] = field(default_factory=dict)  # value and its size in nodes
    nodes: int = 0
    root: JsonValue = None

    def read(self, events: Iterator[Any]) -> JsonValue:
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "more than one YAML document: keep one")
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close()
        if not documents:
            raise ContractError(ErrorCode.SYNTAX, "the schema is empty: write a JSON Schema as JSON or YAML")
        return self.root

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise self._error(event, f"alias *{shorten(event.anchor)} names no complete value before it")
        value, size = self.anchors[event.anchor]
        if self._expects_key():
            raise self._error(event, "an alias as a key: write the key out")
        self._place(event, value, size)

    def _scalar(self, event: Any) -> None:
        plain = not event.style
        if event.tag is not None:
            raise self._error(event, f"tag {shorten(event.tag)}: remove it")
        if self._expects_key():
            if plain and event.value == "<<":
                raise self._error(event, "merge key <<: write the members out")
            self._key(event)
            return
        value = self._resolve(event) if plain else event.value
        self._place(event, value, 1)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)

    def _resolve(self, event: Any) -> JsonValue:
        literal = str(event.value)
        if literal in _LITERALS:
            return _LITERALS[literal]
        if jsontext.is_number(literal):
            try:
                return jsontext.number(literal, self.limits.number_length)
            except jsontext.JsonError as error:
                raise self._error(event, error.message, ErrorCode.LIMIT_NUMBER) from None
        if _AMBIGUOUS.fullmatch(literal):
            fix = "write it as JSON does, or quote it to make it a string"
            raise self._error(event, f"{shorten(literal)} means different things to different YAML readers: {fix}")
        return literal

    def _key(self, event: Any) -> None:
        top = self.stack[-1]
        pointer = pointers.join(top.pointer, event.value)
        if event.value in top.value:
            raise self._error(event, "the same key twice in one object: keep one", ErrorCode.DUPLICATE_KEY, pointer)
        top.key = event.value
        self.places[pointer] = (event.start_mark.line + 1, event.start_mark.column + 1)

    def _open(self, event: Any) -> None:
        if event.tag is not None:
            raise self._error(event, f"tag {shorten(event.tag)}: remove it")
        if self._expects_key():
            raise self._error(event, "a key that is not a scalar: JSON's keys are strings")
        if len(self.stack) >= self.limits.schema_depth:
            raise self._error(event, f"nested deeper than {self.limits.schema_depth}", ErrorCode.LIMIT_DEPTH)
        value: dict[str, JsonValue] | list[JsonValue] = {} if isinstance(event, yaml.MappingStartEvent) else []
        started_at = self.nodes
        pointer = self._place(event, value, 1)
        self.stack.append(_Open(value, pointer, event.anchor, started_at))

    def _close(self) -> None:
        closed = self.stack.pop()
        if closed.anchor:
            self.anchors[closed.anchor] = (closed.value, self.nodes - closed.started_at)

    def _place(self, event: Any, value: JsonValue, size: int) -> str:
        """Put a value where it belongs; its pointer."""
        self.nodes += size
        if self.nodes > self.limits.schema_nodes:
            raise self._error(event, f"more than {self.limits.schema_nodes} values", ErrorCode.LIMIT_NODES)
        if not self.stack:
            self.root = value
            return ""
        top = self.stack[-1]
        if isinstance(top.value, list):
            pointer = pointers.join(top.pointer, len(top.value))
            top.value.append(value)
            self.places[pointer] = (event.start_mark.line + 1, event.start_mark.column + 1)
            return pointer
        key, top.key = top.key or "", None
        top.value[key] = value
        return pointers.join(top.pointer, key)

    def _expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def _error(
        self, event: Any, message: str, code: ErrorCode = ErrorCode.SYNTAX, pointer: str | None = None
    ) -> ContractError:
        if pointer is None:
            pointer = self._here()
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        return ContractError(code, message, pointer=pointer, line=line, column=column)

    def _here(self) -> str:
        if not self.stack:
            return ""
        top = self.stack[-1]
        if isinstance(top.value, list):
            return pointers.join(top.pointer, len(top.value))
        return top.pointer if top.key is None else pointers.join(top.pointer, top.key)


def read(text: str, limits: Limits) -> tuple[JsonValue, dict[str, _Place]]:
    """The value of a YAML text, and the line and column of every member and element by pointer."""
    reader = _Reader(limits)
    try:
        value = reader.read(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        message = f"not YAML: {error.problem or error.context}"
        raise ContractError(ErrorCode.SYNTAX, message, line=line, column=column) from None
    except yaml.YAMLError as error:
        raise ContractError(ErrorCode.SYNTAX, f"not YAML: {error}") from None
    return value, reader.places
