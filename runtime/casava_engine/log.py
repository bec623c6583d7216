"""Log lines as JSON objects on standard error. No event has a field that could hold a prompt or an answer."""

import json
import os
import sys
import time


def log(event: str, /, level: str = "info", **fields: str | float | bool | None) -> None:
    """Write one line with one call, so that lines of several threads do not mix."""
    record = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": level, "event": event, **fields}
    os.write(sys.stderr.fileno(), (json.dumps(record) + "\n").encode())
