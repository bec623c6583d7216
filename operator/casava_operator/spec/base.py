"""How a field is written once and checked twice: by the API server as CEL, by the operator in Python."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

RULES_KEY = "x-kubernetes-validations"


@dataclass(frozen=True)
class Rule:
    """One rule over the fields of an object. ``cel`` and ``holds`` say the same; a test holds them to it.

    ``message`` says the fix. ``field`` is the member to point at, in camelCase, where one is to blame.
    """

    cel: str
    message: str
    holds: Callable[[Any], bool]
    field: str = ""

    def to_schema(self) -> dict[str, str]:
        path = {"fieldPath": f".{self.field}"} if self.field else {}
        return {"rule": self.cel, "message": self.message, **path}


class SpecModel(BaseModel):
    """A frozen object in camelCase that knows its rules.

    Unknown members are dropped here: the CRD may be newer than the operator. Files of users are parsed strictly, see
    ``casava_operator.spec.parse_file``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)
    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _obey_rules(self) -> Self:
        for rule in self.rules:
            if not rule.holds(self):
                raise PydanticCustomError("rule", "{reason}", {"reason": rule.message, "field": rule.field})
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        if cls.rules:
            handler.resolve_ref_schema(schema)[RULES_KEY] = [rule.to_schema() for rule in cls.rules]
        return schema


@dataclass(frozen=True)
class OneOf:
    """A string out of a closed list."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(text: str) -> str:
            if text not in self.words:
                raise PydanticCustomError("one_of", "{reason}", {"reason": f"use {', '.join(self.words)}"})
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(core), "enum": list(self.words)}


@dataclass(frozen=True)
class Matches:
    """A string that a regular expression must match as a whole. ``message`` says what to write instead.

    It is CEL and not ``pattern``, because the API server's message for a pattern is the pattern. The expression must
    mean the same in RE2 and in Python.
    """

    pattern: str
    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        compiled = re.compile(self.pattern, re.ASCII)

        def check(text: str | None) -> str | None:
            if text is not None and not compiled.fullmatch(text):
                raise PydanticCustomError("pattern", "{reason}", {"reason": self.message})
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        raw = self.pattern.replace("\\", "\\\\").replace("'", "\\'")
        rule = {"rule": f"self.matches('^(?:{raw})$')", "message": self.message}
        return {**schema, RULES_KEY: [*schema.get(RULES_KEY, []), rule]}
