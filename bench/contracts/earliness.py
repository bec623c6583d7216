"""How early violations are found, keyword by keyword: counted, so that every machine gets the same figures.

    python -m bench.contracts.earliness [--write]

Valid answers are spoilt in every way of a fixed list, one place at a time, members in the schema's order. An answer
that breaks its contract counts for the keyword that the final verdict names first: ``early`` where the validator gave
it up before its last byte, and ``read`` is the share of the bytes that it had read by then. ``--write`` keeps the
figures in ``earliness.json``; a test lets none of them get worse.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.contracts.cases import cases
from bench.contracts.keywords import KEYWORDS
from casava_contract import Contract, State, compile  # noqa: A004

BASELINE = Path(__file__).with_name("earliness.json")
_LONGEST = 1_300  # bytes of an answer: longer ones say the same more slowly
_INSTEAD: tuple[Any, ...] = (None, True, 0, -7, 1.5, 1e9, "", "zz top", [], [0, 0], {}, {"zz": 1})

Figures = dict[str, dict[str, float]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true")
    found = figures()
    for keyword, row in found.items():
        print(f"{keyword:24} {row['early']:5} of {row['violations']:5} early, {row['read']:6.1%} read")
    if arguments.parse_args().write:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")


def figures() -> Figures:
    counts: dict[str, list[int]] = {}
    for schema, answer in _corpus():
        contract = compile(json.dumps(schema))
        assert contract.validate(_text(answer)) == ()
        for spoilt in dict.fromkeys(_text(value) for value in _spoilt(answer)):
            violations = contract.validate(spoilt)
            if violations:
                count = counts.setdefault(violations[0].keyword or violations[0].code, [0, 0, 0, 0])
                read = _read(contract, spoilt)
                for place, more in enumerate((1, read < len(spoilt), read, len(spoilt))):
                    count[place] += more
    return {
        keyword: {"violations": violations, "early": early, "read": round(read / length, 4)}
        for keyword, (violations, early, read, length) in sorted(counts.items())
    }


def _read(contract: Contract, answer: bytes) -> int:
    """How many bytes it took to give the answer up."""
    verdict = contract.validator().feed(answer)
    return verdict.errors[0].offset + 1 if verdict.state is State.DEAD else len(answer)


def _text(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _corpus() -> Iterator[tuple[Any, Any]]:
    for schema, answer in cases().values():
        if len(answer) <= _LONGEST:
            yield schema, json.loads(answer)
    for schema, answers in KEYWORDS:
        for one in answers:
            yield schema, one


def _spoilt(value: Any) -> Iterator[Any]:
    """The value with one place changed."""
    yield from _INSTEAD
    if isinstance(value, str):
        yield from (value + "!", value[:-1], value.upper(), "x" + value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from (value + 1, value - 1, value * 1_000, -value, value + 0.5)
    if isinstance(value, dict):
        for name, member in value.items():
            yield {key: other for key, other in value.items() if key != name}
            for spoilt in _spoilt(member):
                yield {**value, name: spoilt}
        yield {**value, "zz": 1}
        yield {"zz": None, **value}
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield value[:index] + value[index + 1 :]
            yield [*value[: index + 1], element, *value[index + 1 :]]
            for spoilt in _spoilt(element):
                yield [*value[:index], spoilt, *value[index + 1 :]]
        yield [*value, 9]


if __name__ == "__main__":
    main()
