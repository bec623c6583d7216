"""How the preStop hook reaches the sidecar: a Unix socket that only this container has.

One line in, ``drain``; one line out, ``propagated``, when the phase of propagation is over. The hook returns then: from
there on the kubelet's SIGTERM may come, and the sidecar ends by itself when its last request is done.
"""

import asyncio
import socket
from pathlib import Path
from typing import Final

from casava_sidecar.drain import Drain, Phase

_REQUEST: Final = b"drain\n"
_ANSWER: Final = b"propagated\n"
_READ_SECONDS: Final = 5.0


async def listen(path: Path, drain: Drain) -> asyncio.Server:
    """Raises OSError where the path cannot be bound."""
    path.unlink(missing_ok=True)  # noqa: ASYNC240 - at start; the socket of a container before this one

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ_SECONDS):
                line = await reader.readline()
            if line == _REQUEST:
                drain.begin()
                await drain.reached(Phase.FINISHING)
                writer.write(_ANSWER)
                await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass  # the hook is gone; the drain that it began goes on
        finally:
            writer.close()

    server = await asyncio.start_unix_server(answer, path, limit=1024)
    path.chmod(0o600)  # noqa: ASYNC240
    return server


def ask(path: Path, timeout_seconds: float | None) -> bool:
    """Begins the drain and waits until its propagation is over. False when nobody answers as agreed."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_seconds)
        try:
            connection.connect(str(path))
            connection.sendall(_REQUEST)
            return connection.makefile("rb").readline() == _ANSWER
        except OSError:
            return False
