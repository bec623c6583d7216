"""Python classes as contracts: pydantic models, dataclasses and TypedDicts, by the JSON Schema that pydantic makes.

pydantic is imported when such a class is given, and not before.
"""

import json
from typing import Any

from casava_contract.errors import ContractError, ErrorCode, shorten


def schema_of(model: type) -> str:
    """The schema of what the class is made from, as JSON in the order of its fields. Raises ContractError."""
    try:
        from pydantic import PydanticUserError, TypeAdapter  # noqa: PLC0415 - only who gives a class needs it
        from pydantic.json_schema import GenerateJsonSchema  # noqa: PLC0415
    except ImportError:
        message = "a class is given, and pydantic is not installed: install it, or give its JSON Schema"
        raise ContractError(ErrorCode.KIND, message) from None

    class Generate(GenerateJsonSchema):
        def get_decimal_pattern(self, schema: Any) -> str | None:
            """So that a text in the place of a Decimal can become one. Some versions have a pattern with look-ahead."""
            build = getattr(self, "build_decimal_pattern", None)
            return None if build is None else str(build(schema))

    try:
        schema = TypeAdapter(model).json_schema(mode="validation", schema_generator=Generate)
    except PydanticUserError as error:
        said = shorten(error.message.partition("\n")[0], 160)
        raise ContractError(ErrorCode.INVALID, f"{shorten(model.__name__)} has no JSON Schema: {said}") from None
    return json.dumps(schema, ensure_ascii=False)
