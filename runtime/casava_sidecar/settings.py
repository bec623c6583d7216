"""The command line: paths and ports of a pod by default, other ones in tests."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from casava_wire import net, paths


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything is. Port 0 takes a free one; the log says which."""

    config: Path
    contracts: Path
    model_info: Path
    engine_state: Path
    triton: str
    host: str | None
    port: int
    admin_port: int
    drain_socket: Path


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="casava-sidecar", description="The API in front of one model.")
    commands = top.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the API until SIGTERM")
    serve.add_argument("--config", type=Path, default=paths.SIDECAR_CONFIG)
    serve.add_argument("--contracts", type=Path, default=paths.CONTRACTS_FILE)
    serve.add_argument("--model-info", type=Path, default=paths.MODEL_INFO)
    serve.add_argument("--engine-state", type=Path, default=paths.ENGINE_STATE)
    serve.add_argument("--triton", default=f"127.0.0.1:{net.TRITON_GRPC_PORT}", help="host:port of Triton's gRPC")
    serve.add_argument("--host", default=None, help="address to listen on (all)")
    serve.add_argument("--port", type=int, default=net.API_PORT)
    serve.add_argument("--admin-port", type=int, default=net.ADMIN_PORT)
    serve.add_argument("--drain-socket", type=Path, default=paths.DRAIN_SOCKET)
    drain = commands.add_parser("drain", help="preStop hook: begin to drain, return when traffic has moved away")
    drain.add_argument("--drain-socket", type=Path, default=paths.DRAIN_SOCKET)
    return top


def settings(arguments: argparse.Namespace) -> Settings:
    values = vars(arguments)
    return Settings(**{name: values[name] for name in Settings.__dataclass_fields__})
