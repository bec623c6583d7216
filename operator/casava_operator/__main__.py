"""``casava-operator run``."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import uuid
from pathlib import Path

from casava_operator import logs
from casava_operator.errors import InvalidSpec
from casava_operator.kube.access import AccessError, find_access
from casava_operator.leader import Timing
from casava_operator.site import SITE_FILE, Site, parse_site

_MAX_PORT = 65535


def main() -> None:
    """Entry point of the console script."""
    arguments = _parser().parse_args()
    # The first process of a container ignores what it does not handle, and importing kopf takes a while.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logs.set_up(arguments.log_level)
    try:
        access = find_access(arguments.kubeconfig)
        site = _site(arguments.site)
    except (AccessError, InvalidSpec, OSError) as error:
        sys.exit(f"casava-operator: {error}")
    from casava_operator.app import Options, run  # noqa: PLC0415 -- a wrong flag is answered without loading kopf

    host, port = arguments.listen
    options = Options(
        access=access,
        site=site,
        namespaces=tuple(arguments.namespace),
        identity=arguments.identity,
        lease_namespace=arguments.lease_namespace or os.environ.get("POD_NAMESPACE") or access.namespace,
        lease_name=arguments.lease_name,
        host=host,
        port=port,
        workers=arguments.workers,
        watch_retries=arguments.watch_retries,
        elect=not arguments.no_leader_election,
        timing=Timing(
            duration=arguments.lease_duration,
            deadline=arguments.lease_duration * 2 / 3,
            retry=arguments.lease_duration * 2 / 15,
        ),
    )
    status = asyncio.new_event_loop().run_until_complete(run(options))
    # Not by way of closing the loop: kopf's watchers would be waited for, see app.py.
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)


def _site(path: str | None) -> Site:
    if path is None and not SITE_FILE.exists():
        return Site()
    return parse_site(Path(path or SITE_FILE).read_text(encoding="utf-8"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="casava-operator", description="The controller of CasavaModels.")
    run = parser.add_subparsers(dest="command", required=True).add_parser("run", help="run until SIGTERM")
    run.add_argument("--kubeconfig", help="default: the pod's service account, then KUBECONFIG, then ~/.kube/config")
    run.add_argument("--site", help=f"what differs between installations, YAML; default {SITE_FILE} if it is there")
    run.add_argument("--namespace", action="append", default=[], help="serve this one alone; may be repeated")
    run.add_argument("--identity", default=_identity(), help="of this replica; default POD_NAME, then the host's name")
    run.add_argument("--lease-namespace", help="default POD_NAMESPACE, then that of the credentials")
    run.add_argument("--lease-name", default="casava-operator")
    run.add_argument("--lease-duration", type=float, default=15.0, help="seconds until a silent leader is replaced")
    run.add_argument("--no-leader-election", action="store_true", help="for a single replica that nobody replaces")
    run.add_argument(
        "--listen", type=_address, default="0.0.0.0:8080", help="ADDRESS:PORT of /livez, /readyz and /metrics"
    )
    run.add_argument("--workers", type=_at_least_one, default=16, help="models reconciled at the same time")
    run.add_argument("--watch-retries", type=int, default=8, help="of a refused watch, until the process ends")
    run.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) <= _MAX_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no address: write ADDRESS:PORT, such as 0.0.0.0:8080")
    return host.strip("[]"), int(port)


def _at_least_one(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _identity() -> str:
    return f"{os.environ.get('POD_NAME') or socket.gethostname()}-{uuid.uuid4().hex[:6]}"


if __name__ == "__main__":
    main()
