"""One load client for both sides of the comparison: N streams of server-sent events over plain sockets.

It knows nothing of an API but how a request looks: it counts ``data:`` frames that carry a token, and times the first.
Run as a program it prints one JSON object.
"""

import argparse
import asyncio
import json
import resource
import statistics
import time
from dataclasses import dataclass
from typing import Final

_FRAME: Final = b" token"  # what each frame with a token holds once
_END: Final = b"\r\n0\r\n\r\n"  # of a chunked body


@dataclass
class Stream:
    """One answer: ``first`` is the seconds to its first token, ``tokens`` how many came."""

    first: float = 0.0
    tokens: int = 0


def request(host: str, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run_stream(host: str, port: int, payload: bytes) -> Stream:
    """Sends the request on a connection of its own and reads to the end of it."""
    reader, writer = await asyncio.open_connection(host, port)
    stream = Stream()
    begin = time.perf_counter()
    writer.write(payload)
    tail = b""
    while data := await reader.read(65536):
        # A token's text, or the end, may be cut in two by the socket: keep what could be its beginning.
        data = tail + data
        found = data.count(_FRAME)
        if found and not stream.tokens:
            stream.first = time.perf_counter() - begin
        stream.tokens += found
        if data.endswith(_END):
            break
        tail = data[max(data.rfind(_FRAME) + len(_FRAME), len(data) - len(_FRAME) + 1) :]
    writer.close()
    return stream


async def measure(host: str, port: int, payload: bytes, streams: int, repeat: int) -> dict[str, float]:
    """``repeat`` rounds one after the other, each of ``streams`` at once."""
    await run_stream(host, port, payload)  # both sides warm
    begin = time.perf_counter()
    cpu = time.process_time()
    done: list[Stream] = []
    for _ in range(repeat):
        done += await asyncio.gather(*(run_stream(host, port, payload) for _ in range(streams)))
    seconds = time.perf_counter() - begin
    tokens = sum(stream.tokens for stream in done)
    return {
        "tokens": tokens,
        "seconds": seconds,
        "tokens_per_second": tokens / seconds,
        "ttft_p50_ms": statistics.median(stream.first for stream in done) * 1e3,
        "client_cpu_us_per_token": (time.process_time() - cpu) / max(tokens, 1) * 1e6,
        "max_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--body", required=True, help="the JSON body")
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    payload = request(options.host, options.path, options.body.encode())
    result = asyncio.run(measure(options.host, options.port, payload, options.streams, options.repeat))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
