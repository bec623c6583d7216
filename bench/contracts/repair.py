"""What a repair costs, beside the validation of the same answer and, where it is installed, the package json-repair.

    python -m bench.contracts.repair [--rounds N]

Every answer of bench.contracts is damaged in a few ways. The least time of the rounds counts. A row tells microseconds
per kB, how many validations of the whole answer that is, and the microseconds of json_repair (`pip install
json-repair`), which is asked for text and knows no contract; "-" where something else than the answer came out.
"""

import argparse
import importlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from bench.contracts.cases import cases
from casava_contract import Contract, compile  # noqa: A004
from casava_contract.repair import Policy, repair

_POLICY = Policy(coercing=True, max_edits=100_000)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    other = _json_repair()
    print(f"{'':10} {'bytes':>6}  {'damage':18} {'us/kB':>8} {'validations':>12} {'json_repair us/kB':>18}")
    ours: dict[str, list[float]] = {}
    for name, (schema, answer) in cases().items():
        contract = compile(json.dumps(schema))
        validated = _least(lambda text=answer, held=contract: held.validate(text), rounds)  # type: ignore[misc]
        for damage, said in _damaged(answer):
            row = _row(contract, answer, said, rounds)
            ours.setdefault(damage, []).append(row)
            theirs = "-" if other is None else _theirs(other, answer, said, rounds)
            kilobytes = len(said.encode()) / 1000
            print(
                f"{name:10} {len(said):6}  {damage:18} {row / kilobytes:8.0f} {row / validated:12.1f} {theirs:>18}"
                if row
                else f"{name:10} {len(said):6}  {damage:18} {'-':>8} {'-':>12} {theirs:>18}"
            )
    print()
    for damage, rows in ours.items():
        print(f"median  {damage:18} {statistics.median(rows):9.0f} us, {sum(row > 0 for row in rows)} of {len(rows)}")


def _damaged(answer: str) -> Iterator[tuple[str, str]]:
    """What was done to an answer, and what became of it."""
    value = json.loads(answer)
    yield "a fence", f"Here it is:\n```json\n{answer}\n```\n"
    yield "a trailing comma", f"{answer[:-1]},{answer[-1]}"
    yield "the last bracket", answer[:-1]
    yield "Python's repr", repr(value)
    yield "JSON as a string", json.dumps(answer)


def _row(contract: Contract, answer: str, said: str, rounds: int) -> float:
    """Microseconds; 0 where the answer did not come back."""
    mended = repair(contract, said.encode(), finished=True, policy=_POLICY)
    if mended is None or json.loads(mended.text) != json.loads(answer):
        return 0
    return _least(lambda: repair(contract, said.encode(), finished=True, policy=_POLICY), rounds)


def _theirs(other: ModuleType, answer: str, said: str, rounds: int) -> str:
    if other.loads(said) != json.loads(answer):
        return "-"
    return f"{_least(lambda: other.repair_json(said), rounds) / len(said.encode()) * 1000:.0f}"


def _least(run: Callable[[], Any], rounds: int) -> float:
    least = float("inf")
    for _ in range(rounds):
        before = time.perf_counter_ns()
        run()
        least = min(least, (time.perf_counter_ns() - before) / 1e3)
    return least


def _json_repair() -> ModuleType | None:
    try:
        return importlib.import_module("json_repair")
    except ImportError:
        return None


if __name__ == "__main__":
    main()
