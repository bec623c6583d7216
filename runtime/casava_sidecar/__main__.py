"""``casava-sidecar serve`` and ``casava-sidecar drain``."""

import os
import signal
import sys

from casava_sidecar.settings import parser, settings


def main() -> int:
    arguments = parser().parse_args()
    if arguments.command == "drain":
        # Imported alone: the hook must not wait for a web server's imports.
        from casava_sidecar.drain_socket import ask  # noqa: PLC0415

        return 0 if ask(arguments.drain_socket, None) else 1
    # The first process of a container ignores what it does not handle: a pod that is deleted while this imports would
    # otherwise serve on until it is killed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # gRPC's newer event engine hands every message through several threads: a third more CPU per token (measured with
    # grpcio 1.85). Read once, when gRPC is imported.
    os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_client")
    import uvloop  # noqa: PLC0415

    from casava_sidecar.app import serve  # noqa: PLC0415
    from casava_sidecar.logs import configure  # noqa: PLC0415

    configure()
    return uvloop.run(serve(settings(arguments)))


if __name__ == "__main__":
    sys.exit(main())
