"""What holding an answer against its contract costs, piece by piece, beside what else could be done.

    python -m bench.contracts [--rounds N] [--piece BYTES]

Every answer comes in pieces of 4 bytes, about a token. Each piece is timed in every round, and its least time counts:
the work is the same in each, the rest is the machine. A row tells the median and the 99th percentile over the pieces in
microseconds, the median over the last 20 pieces (flat: no dearer than the others), and the sum in milliseconds.
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import fastjsonschema
import jiter
import llguidance
import orjson
import pydantic_core

from bench.contracts.cases import cases
from casava_contract import JsonContract, Limits, State, compile  # noqa: A004
from casava_contract.schema import dialect, graph, work
from casava_contract.source import reading

_LAST = 20

Feed = Callable[[bytes], object]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--piece", type=int, default=4)
    options = arguments.parse_args()
    print(f"{'':10} {'bytes':>6}  {'':20} {'p50':>7} {'p99':>7} {'last':>7} {'ms':>8}")
    medians: dict[str, list[float]] = {}
    finished: dict[str, list[float]] = {}
    made: list[float] = []
    for name, (schema, answer) in cases().items():
        text = answer.encode()
        pieces = [text[start : start + options.piece] for start in range(0, len(text), options.piece)]
        for side, start in _sides(schema).items():
            times = _times(start, pieces, options.rounds)
            if times is None:
                print(f"{name:10} {len(text):6}  {side:20} refuses the schema or the answer")
                continue
            medians.setdefault(side, []).append(statistics.median(times))
            print(f"{name:10} {len(text):6}  {side:20} {_row(times)}")
        for side, cost in _finished(name, schema, text, options.rounds).items():
            finished.setdefault(side, []).append(cost)
        made.append(_parsed(json.dumps(schema), options.rounds))
    print()
    for side, values in medians.items():
        print(f"median of medians  {side:20} {statistics.median(values):7.2f}  ({len(values)} contracts)")
    for side, values in finished.items():
        print(
            f"finished answer    {side:20} {statistics.median(values):7.1f} ns/byte, median of {len(values)} contracts"
        )
    print(f"parse and IR       {'casava':20} {statistics.median(made):7.0f} us, median of {len(made)} contracts")


def _row(times: list[float]) -> str:
    ordered = sorted(times)
    middle, high = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"{middle:7.2f} {high:7.2f} {statistics.median(times[-_LAST:]):7.2f} {sum(times) / 1e3:8.2f}"


def _sides(schema: dict[str, Any]) -> dict[str, Callable[[], Feed]]:
    contract = compile(json.dumps(schema))
    tokens = llguidance.LLTokenizer("byte")
    spaces = {"x-guidance": {"whitespace_flexible": True}} | schema
    grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(spaces))
    matcher = llguidance.LLMatcher(tokens, grammar, log_level=0)
    return {
        "casava": lambda: contract.validator().feed,
        "llguidance, bytes": lambda: _matched(matcher),
        "jiter, syntax again": lambda: _parsed_again(_jiter),
        "pydantic, the same": lambda: _parsed_again(_pydantic),
        "orjson+jsonschema-rs": lambda: _judged_again(contract),
    }


def _matched(matcher: llguidance.LLMatcher) -> Feed:
    if matcher.is_error():
        raise ValueError
    own = matcher.deep_copy()

    def feed(piece: bytes) -> None:
        if own.try_consume_tokens(list(piece)) < len(piece):
            raise ValueError

    return feed


def _parsed_again(parse: Callable[[bytes], object]) -> Feed:
    buffer = bytearray()

    def feed(piece: bytes) -> None:
        buffer.extend(piece)
        parse(bytes(buffer))

    return feed


def _jiter(text: bytes) -> object:
    return jiter.from_json(text, partial_mode="trailing-strings")


def _pydantic(text: bytes) -> object:
    return pydantic_core.from_json(text, allow_partial="trailing-strings")


def _judged_again(contract: JsonContract) -> Feed:
    """What can be done without a validator for pieces: try after each, which says nothing before the end."""
    buffer = bytearray()
    judge = contract._validator

    def feed(piece: bytes) -> None:
        buffer.extend(piece)
        try:
            value = orjson.loads(buffer)
        except orjson.JSONDecodeError:
            return
        if not judge.is_valid(value):
            raise ValueError

    return feed


def _times(start: Callable[[], Feed], pieces: list[bytes], rounds: int) -> list[float] | None:
    """The least time of each piece, in microseconds; None where the side refuses."""
    clock = time.perf_counter_ns
    least = [float("inf")] * len(pieces)
    gc.disable()
    try:
        for _ in range(rounds):
            feed = start()
            for index, piece in enumerate(pieces):
                before = clock()
                feed(piece)
                least[index] = min(least[index], (clock() - before) / 1e3)
    except ValueError:
        return None
    finally:
        gc.enable()
    return least


def _finished(name: str, schema: dict[str, Any], text: bytes, rounds: int) -> dict[str, float]:
    """A whole answer: in one piece, and as the final verdict alone; nanoseconds per byte."""
    contract = compile(json.dumps(schema))
    judge = contract._validator
    sides: dict[str, Callable[[], object]] = {
        "casava, in one piece": lambda: _whole(contract, text),
        "casava, validate": lambda: contract.validate(text),
        "orjson+jsonschema-rs": lambda: judge.is_valid(orjson.loads(text)),
    }
    fast = fastjsonschema.compile(schema)
    sides["orjson+fastjsonschema"] = lambda: fast(orjson.loads(text))
    costs = {}
    for side, run in sides.items():
        least = min(_nanoseconds(run) for _ in range(5 * rounds))
        costs[side] = least / len(text)
        print(f"{name:10} {len(text):6}  {side:20} {'':23} {least / 1e6:8.2f}  {costs[side]:.1f} ns/byte")
    return costs


def _parsed(text: str, rounds: int) -> float:
    """Microseconds for what every contract is made of: read, resolved, bounded. The rest is made when it is needed."""
    limits = Limits()

    def run() -> None:
        source = reading.read(text, limits)
        work.check(source, graph.build(source, dialect.draft_of(source), limits), limits)

    return min(_nanoseconds(run) for _ in range(5 * rounds)) / 1e3


def _nanoseconds(run: Callable[[], object]) -> int:
    before = time.perf_counter_ns()
    run()
    return time.perf_counter_ns() - before


def _whole(contract: JsonContract, text: bytes) -> None:
    validator = contract.validator()
    validator.feed(text)
    if validator.finish().state is not State.VALID:
        raise ValueError


if __name__ == "__main__":
    main()
