"""The documents of the official suite that jsonschema-rs, and so Casava, judges otherwise, each with the reason."""

from typing import Final

WRONG: Final[dict[str, str]] = {}
