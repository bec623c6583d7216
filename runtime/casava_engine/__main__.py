"""``casava-engine serve``: the entry point of the engine's container."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from casava_engine.settings import Places, Ports, Settings, Timing


def main(arguments: Sequence[str] | None = None) -> int:
    """Give the exit status of the command line ``arguments``."""
    # The first process of a container ignores what it does not handle, and importing takes a while.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from casava_engine.serve import Engine  # noqa: PLC0415 - `--help` needs nothing of it

    return Engine(parse(sys.argv[1:] if arguments is None else arguments)).run()


def parse(arguments: Sequence[str]) -> Settings:
    """Settings from flags. The defaults are the paths and ports of a model's pod."""
    parser = argparse.ArgumentParser(prog="casava-engine", description="Serve one model on Triton.")
    serve = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="run the engine")
    places, ports, timing = Places(), Ports(), Timing()

    def path(flag: str, default: Path, what: str) -> None:
        serve.add_argument(flag, type=Path, metavar="PATH", default=default, help=f"{what} (default %(default)s)")

    def port(flag: str, default: int, what: str) -> None:
        serve.add_argument(flag, type=int, metavar="PORT", default=default, help=f"{what} (default %(default)s)")

    def seconds(flag: str, default: float, what: str) -> None:
        serve.add_argument(flag, type=_seconds, metavar="S", default=default, help=f"{what} (default %(default)s s)")

    path("--config", places.config, "engine.json")
    path("--shared-dir", places.state.parent, "for model.json and engine-state.json")
    path("--work-dir", places.work, "for Triton's repository, links and sockets")
    path("--cache-dir", places.cache, "for downloaded models")
    path("--claim-dir", places.claim, "where the claim of a pvc:// source is mounted")
    path("--termination-log", places.termination_log, "for the reason of an end that nobody asked for")
    port("--http-port", ports.http, "Triton's HTTP, on 127.0.0.1")
    port("--grpc-port", ports.grpc, "Triton's gRPC, on 127.0.0.1")
    port("--metrics-port", ports.metrics, "Triton's metrics, on 127.0.0.1")
    seconds("--hang-timeout", timing.hang, "without a sign of life, after which Triton is ended")
    seconds("--exit-timeout", timing.exit, "for running streams after SIGTERM")
    seconds("--start-timeout", timing.start, "for the model to be loaded")
    given = parser.parse_args(arguments)
    return Settings(
        Places(
            config=given.config,
            model_info=given.shared_dir / places.model_info.name,
            state=given.shared_dir / places.state.name,
            work=given.work_dir,
            cache=given.cache_dir,
            claim=given.claim_dir,
            termination_log=given.termination_log,
        ),
        Ports(given.http_port, given.grpc_port, given.metrics_port),
        Timing(hang=given.hang_timeout, exit=given.exit_timeout, start=given.start_timeout),
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 86_400:  # noqa: PLR2004 - a day
        raise argparse.ArgumentTypeError("must be between 1 and 86400 seconds")
    return value


if __name__ == "__main__":
    raise SystemExit(main())
