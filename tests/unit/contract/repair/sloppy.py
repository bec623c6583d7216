"""Writes values as models write them: valid in no dialect, and yet with one meaning."""

import json
from random import Random
from typing import Any, Final

_TYPOGRAPHIC: Final = frozenset('"\u201c\u201d')


def answer(value: Any, rng: Random) -> str:
    """The value in a text that is not JSON, or not JSON alone."""
    before = rng.choice(["", "", "\ufeff", "<think>{} or [1]?</think>", "Here it is:\n", "```json\n", "```\n"])
    after = "\n```" if before.startswith("```") else rng.choice(["", "\n", " Anything else?", "\n```"])
    return before + _value(value, rng) + after


def _value(value: Any, rng: Random) -> str:
    if isinstance(value, dict):
        members = [f"{_key(name, rng)}{_space(rng)}:{_gap(rng)}{_value(below, rng)}" for name, below in value.items()]
        return "{" + _list(members, rng) + "}"
    if isinstance(value, list):
        return "[" + _list([_value(below, rng) for below in value], rng) + "]"
    if isinstance(value, str):
        return _string(value, rng)
    if isinstance(value, bool) or value is None:
        return rng.choice([json.dumps(value), str(value)])
    return _number(value, rng)


def _list(parts: list[str], rng: Random) -> str:
    text = _gap(rng)
    for part in parts[:-1]:
        text += part + rng.choice([",", ",", ", ", " ,\n  ", "\n" if part[-1] in "\"'}]" else ","])
    return text + "".join(parts[-1:]) + (rng.choice(["", ","]) if parts else "") + _gap(rng)


def _space(rng: Random) -> str:
    return rng.choice(["", "", " ", "\n"])


def _gap(rng: Random) -> str:
    return rng.choice(["", "", "", " ", "\n", "\t", " /* so */ ", "// it's {\n", "\u00a0"])


def _key(name: str, rng: Random) -> str:
    if name.isidentifier() and name.isascii() and rng.random() < 0.3:
        return name
    return _string(name, rng)


def _string(text: str, rng: Random) -> str:
    quoted = json.dumps(text, ensure_ascii=rng.random() < 0.3)
    kind = rng.random()
    if kind < 0.6:
        return quoted
    if kind < 0.7:
        return quoted.replace("\\n", "\n").replace("\\t", "\t") if "\\\\" not in quoted else quoted
    body = quoted[1:-1]
    if kind < 0.9:
        return "'" + body.replace('\\"', '"').replace("'", "\\'") + "'" if "\\\\" not in body else quoted
    return "\u201c" + body + "\u201d" if not _TYPOGRAPHIC.intersection(text) else quoted


def _number(value: float, rng: Random) -> str:
    text = json.dumps(value)
    if isinstance(value, int) and value >= 0 and rng.random() < 0.2:
        return rng.choice([f"+{text}", f"00{text}", hex(value)])
    return text
