"""Formats that only describe, where the caller asks for it."""

import json

from casava_contract import State, compile  # noqa: A004

_SCHEMA = json.dumps(
    {
        "properties": {"format": {"format": "date"}, "a": {"enum": [{"format": "ipv4"}]}},
        "allOf": [{"items": {"format": "email"}}],
        "$defs": {"format": {"format": "uuid", "type": "string"}},
        "additionalProperties": {"$ref": "#/$defs/format"},
    }
)
_ANSWER = b'{"format": "never", "a": {"format": "ipv4"}, "b": "nothing"}'


def test_a_format_that_only_describes_refuses_nothing_at_any_byte() -> None:
    contract = compile(_SCHEMA, formats="annotate")
    assert contract.validate(_ANSWER) == ()
    assert contract.validate(b'["x"]') == ()
    assert contract.validator().feed(_ANSWER).state is State.COMPLETE
    assert contract.timing("/properties/format/format") is None


def test_a_member_or_a_constant_that_is_called_format_stays() -> None:
    contract = compile(_SCHEMA, formats="annotate")
    assert contract.validate(b'{"a": {}}')
    assert contract.validate(b'{"b": 1}')


def test_formats_are_asserted_where_nothing_else_is_asked_for() -> None:
    asserted, annotated = compile(_SCHEMA), compile(_SCHEMA, formats="annotate")
    assert asserted.validate(_ANSWER)
    assert asserted.text == annotated.text
    assert not annotated.validate(_ANSWER)
