"""Tokens per second through tritonserver against xllamacpp alone: ``python -m bench.engine``.

Both sides run in this one call, in turn and several times, with the same model, threads, KV cache and requests, since a
machine's speed is not the same from one minute to the next. Only one side computes at a time.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.engine.sides import Alone, Side, Through
from tests.component.engine_process import EngineProcess

TARGET = 0.95


def rate(side: Side, streams: int, tokens: int) -> float:
    """Tokens per second of ``streams`` generations of ``tokens`` tokens at once."""
    with ThreadPoolExecutor(streams) as pool:
        began = time.perf_counter()
        made = sum(pool.map(lambda number: side.generate(f"Story {number}: once upon a time", tokens), range(streams)))
        return made / (time.perf_counter() - began)


def compare(alone: Side, through: Side, streams: int, *, tokens: int, rounds: int) -> float:
    """Print both rates and give the ratio of the medians."""
    rates: dict[str, list[float]] = {"alone": [], "through": []}
    for _ in range(rounds):
        rates["alone"].append(rate(alone, streams, tokens))
        rates["through"].append(rate(through, streams, tokens))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    ratio = medians["through"] / medians["alone"]
    rates_text = ", ".join(f"{name} {value:.1f} tokens/s" for name, value in medians.items())
    print(f"{streams} streams: {rates_text}, ratio {ratio:.3f}")
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        engine = EngineProcess(Path(folder), threads=given.threads, maxConcurrent=8).wait_ready()
        print(f"start of the process to model ready: {time.perf_counter() - began:.2f} s")
        try:
            ratios = [
                compare(Alone(given.threads), Through(engine), streams, tokens=given.tokens, rounds=given.rounds)
                for streams in (1, 8)
            ]
        finally:
            engine.stop()
    return 0 if min(ratios) >= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
