"""What Triton counted: the truth about how often something was generated."""

import json
from urllib.request import urlopen

from tests.component.engine_process import EngineProcess


def generations(engine: EngineProcess) -> int:
    """Requests that the engine's model has begun, ended well or not."""
    with urlopen(f"http://127.0.0.1:{engine.http_port}/v2/models/{engine.model}/stats", timeout=10) as response:
        stats = json.load(response)["model_stats"][0]
    return int(stats["inference_stats"]["success"]["count"]) + int(stats["inference_stats"]["fail"]["count"])
