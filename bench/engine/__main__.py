"""Tokens per second through tritonserver against xllamacpp alone: ``python -m bench.engine``.

Both sides run in this one call, in turn and several times, with the same model, threads, KV cache and requests, since a
machine's speed is not the same from one minute to the next. Only one side computes at a time. CPU time per token says
the same with less noise where others share the machine; the client's own is counted on both sides.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.engine.sides import Alone, Side, Through
from tests.component.engine_process import EngineProcess

TARGET = 0.95


@dataclass(frozen=True)
class Round:
    """``rate``: tokens per second. ``cpu``: milliseconds of all processes per token."""

    rate: float
    cpu: float


def run(side: Side, streams: int, tokens: int) -> Round:
    """``streams`` generations of at most ``tokens`` tokens at once."""
    with ThreadPoolExecutor(streams) as pool:
        began, cpu = time.perf_counter(), side.cpu_seconds()
        made = sum(pool.map(lambda number: side.generate(f"Story {number}: once upon a time", tokens), range(streams)))
        return Round(made / (time.perf_counter() - began), (side.cpu_seconds() - cpu) * 1000 / made)


def compare(alone: Side, through: Side, streams: int, *, tokens: int, rounds: int) -> float:
    """Print both sides and give the ratio of the median rates."""
    pairs = [(run(alone, streams, tokens), run(through, streams, tokens)) for _ in range(rounds)]
    rates = [statistics.median(pair[side].rate for pair in pairs) for side in (0, 1)]
    cpu = [statistics.median(pair[side].cpu for pair in pairs) for side in (0, 1)]
    ratio = rates[1] / rates[0]
    print(
        f"{streams} streams: alone {rates[0]:.1f} tokens/s and {cpu[0]:.2f} ms CPU per token, "
        f"through Triton {rates[1]:.1f} and {cpu[1]:.2f}: ratio {ratio:.3f}, by CPU {cpu[0] / cpu[1]:.3f}",
        flush=True,
    )
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1, help="more than there are free CPUs measures the scheduler")
    given = parser.parse_args()
    alone = Alone(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        engine = EngineProcess(Path(folder), threads=given.threads, maxConcurrent=8).wait_ready()
        print(f"start of the process to model ready: {time.perf_counter() - began:.2f} s", flush=True)
        try:
            through = Through(engine)
            ratios = [compare(alone, through, n, tokens=given.tokens, rounds=given.rounds) for n in (1, 8)]
        finally:
            engine.stop()
    return 0 if min(ratios) >= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
