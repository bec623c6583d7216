"""Bounds on contracts and on the answers held against them. They count work, never time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one contract may cost.

    Schema: ``schema_bytes`` of UTF-8 text; ``schema_depth`` of nested objects and arrays; ``schema_nodes`` of values;
    ``schema_alternatives`` in one ``anyOf``, ``oneOf`` or ``enum``; ``schema_expansion``, the subschemas that one value
    could be held against when every reference is followed once (references that double grow it exponentially).
    Answer: ``output_bytes`` of UTF-8 text and ``output_depth`` of nested objects and arrays.
    Answer while it comes: ``whitespace_run``, bytes of white space in a row outside of strings; ``repeated_bytes``, the
    length at which nothing but repetition (of at most 256 bytes) is a runaway; ``output_alternatives``, readings of the
    schema that are followed at once.
    Rules: ``rules`` of one contract, ``rule_bytes`` of one of them, ``rule_steps`` that all of them together may take
    over one answer.
    Both: ``number_length``, characters of one number.
    """

    schema_bytes: int = 64 * 1024
    schema_depth: int = 64
    schema_nodes: int = 10_000
    schema_alternatives: int = 1_000
    schema_expansion: int = 200_000
    output_bytes: int = 1_000_000
    output_depth: int = 128
    whitespace_run: int = 64
    repeated_bytes: int = 8_192
    output_alternatives: int = 4_000
    number_length: int = 400
    rules: int = 64
    rule_bytes: int = 2_048
    rule_steps: int = 300_000
