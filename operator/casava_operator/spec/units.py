"""Durations and quantities as Kubernetes writes them."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from casava_operator.spec.base import RULES_KEY

_DURATION = re.compile(r"(?:[0-9]{1,9}(?:ms|s|m|h)){1,4}", re.ASCII)
_PART = re.compile(r"([0-9]+)(ms|s|m|h)", re.ASCII)
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """The seconds in a duration such as ``90s``, ``1m30s`` or ``500ms``. ValueError when it is none."""
    if not _DURATION.fullmatch(text):
        raise ValueError(text)
    return round(sum(int(number) * _UNIT_SECONDS[unit] for number, unit in _PART.findall(text)), 3)


class DurationBetween:
    """A duration from ``low`` to ``high``, both inclusive and themselves durations."""

    def __init__(self, low: str, high: str) -> None:
        self.low, self.high = low, high
        self.message = f"write a duration from {low} to {high}, such as '90s' or '2m'"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(text: str) -> str:
            if not _DURATION.fullmatch(text) or not seconds(self.low) <= seconds(text) <= seconds(self.high):
                raise PydanticCustomError("duration", "{reason}", {"reason": self.message})
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        cel = (
            "self.matches('^([0-9]{1,9}(ms|s|m|h)){1,4}$')"
            f" && duration(self) >= duration('{self.low}') && duration(self) <= duration('{self.high}')"
        )
        return {**handler(core), "maxLength": 40, RULES_KEY: [{"rule": cel, "message": self.message}]}


_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][0-9]{1,2})?", re.ASCII)
_UNITS: dict[str, Decimal] = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** (power + 1) for power, unit in enumerate("kMGTPE")},
    **{f"{unit}i": Decimal(1024) ** (power + 1) for power, unit in enumerate("KMGTPE")},
}
_QUANTITY_FIX = "write a quantity such as '500m', '2', '512Mi' or '8Gi', not negative"


def amount(quantity: str | int) -> Decimal:
    """The number that a resource quantity such as ``500m`` or ``8Gi`` stands for. ValueError when it is none."""
    match = _QUANTITY.fullmatch(str(quantity))
    if match is None:
        raise ValueError(quantity)
    number, unit = Decimal(match[1]), match[2] or ""
    if unit[:1] in ("e", "E") and len(unit) > 1 and unit[1].isdigit():
        return number * Decimal(10) ** int(unit[1:])
    return number * _UNITS[unit]


class IsQuantity:
    """A resource quantity: a string, or a whole number."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: str | int) -> str | int:
            if not _QUANTITY.fullmatch(str(value)):
                raise PydanticCustomError("quantity", "{reason}", {"reason": _QUANTITY_FIX})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        cel = (
            "type(self) == int ? self >= 0 : self.size() <= 32 && "
            "self.matches('^([0-9]+([.][0-9]*)?|[.][0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][0-9]{1,2})?$')"
        )
        return {
            "x-kubernetes-int-or-string": True,
            "maxLength": 32,
            RULES_KEY: [{"rule": cel, "message": _QUANTITY_FIX}],
        }


Quantity = Annotated[str | int, IsQuantity()]


class AutoOrCount:
    """The word ``auto``, or a number from 1 to ``most``."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.message = f"write auto or a number from 1 to {most}"

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any) -> Any:
            counted = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= self.most
            if not counted and value != "auto":
                raise PydanticCustomError("auto_or_count", "{reason}", {"reason": self.message})
            return value

        return core_schema.no_info_plain_validator_function(check)

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        cel = f"type(self) == int ? self >= 1 && self <= {self.most} : self == 'auto'"
        return {
            "x-kubernetes-int-or-string": True,
            "maxLength": 8,
            RULES_KEY: [{"rule": cel, "message": self.message}],
        }
