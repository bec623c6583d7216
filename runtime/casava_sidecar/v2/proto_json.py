"""Protobuf messages as Triton's HTTP endpoints show them: original names, defaults included, integers as numbers.

protobuf's own JSON writes 64-bit integers as strings.
"""

from typing import Any

from google.protobuf.message import Message


def to_json(message: Message) -> dict[str, Any]:
    """A JSON object of all fields but messages that are not set."""
    return {
        field.name: _field(message, field)
        for field in message.DESCRIPTOR.fields
        if not field.has_presence or message.HasField(field.name)
    }


def _field(message: Message, field: Any) -> Any:
    value = getattr(message, field.name)
    if not field.is_repeated:
        return _value(field, value)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return {str(key): _value(inner, value[key]) for key in sorted(value)}
    return [_value(field, item) for item in value]


def _value(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return to_json(value)
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known is not None else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
