"""Tokens per second through Triton, and through the sidecar too, against xllamacpp alone: ``python -m bench.engine``.

All sides run in this one call, in turn and several times, with the same model, threads, KV cache and requests, since a
machine's speed is not the same from one minute to the next. Only one side computes at a time. CPU time per token says
the same with less noise where others share the machine; the client's own is counted on all sides.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.engine.sides import Alone, Served, Side, Through
from tests.component.engine_process import EngineProcess
from tests.component.sidecar.sidecar_process import SidecarProcess

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


def compare(sides: Mapping[str, Side], streams: int, *, tokens: int, rounds: int) -> float:
    """Print all sides, the first of which is the measure, and give the worst ratio of the median rates."""
    runs = [{name: run(side, streams, tokens) for name, side in sides.items()} for _ in range(rounds)]
    rates = {name: statistics.median(each[name].rate for each in runs) for name in sides}
    cpu = {name: statistics.median(each[name].cpu for each in runs) for name in sides}
    alone = next(iter(sides))
    for name in sides:
        print(
            f"{streams} streams, {name}: {rates[name]:.1f} tokens/s, ratio {rates[name] / rates[alone]:.3f}; "
            f"{cpu[name]:.2f} ms CPU per token, ratio {cpu[alone] / cpu[name]:.3f}",
            flush=True,
        )
    return min(rates[name] / rates[alone] for name in sides)


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
        sidecar = SidecarProcess(Path(folder) / "sidecar", grpc_port=engine.grpc_port, shared_dir=engine.shared_dir)
        try:
            sidecar.start().wait_ready()
            sides: dict[str, Side] = {
                "alone": alone,
                "through Triton": Through(engine),
                "and the sidecar": Served(engine, sidecar),
            }
            ratios = [compare(sides, n, tokens=given.tokens, rounds=given.rounds) for n in (1, 8)]
        finally:
            sidecar.stop()
            engine.stop()
    return 0 if min(ratios) >= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
