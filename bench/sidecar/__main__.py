"""What the sidecar costs: ``python -m bench.sidecar``.

The same client program reads the same tokens from Triton directly and through the sidecar, in turns within one run, so
that both sides meet the same machine. Ratios count; absolute numbers are this machine's.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.sidecar.triton import MODELS, Triton, cpu_seconds, running
from tests.component.sidecar.sidecar_process import SidecarProcess

STREAMS = 64
TARGETS = {"added_ttft_p50_ms": 1.0, "paced_ratio": 0.98, "flood_ratio": 0.85, "strict_ratio": 0.95}

# What the model "document" writes.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 200},
            "text": {"type": "string", "maxLength": 200},
            "number": {"type": "integer", "minimum": 0, "maximum": 1000},
        },
        "required": ["name", "text", "number"],
        "additionalProperties": False,
    },
    "maxItems": 1000,
}


@dataclass(frozen=True)
class Side:
    """Where the client sends its requests, and whose CPU time it costs in front of Triton."""

    port: int
    path: str
    body: dict[str, Any]
    pid: int | None

    def measure(self, streams: int, repeat: int) -> dict[str, float]:
        """One run of the client program."""
        before = cpu_seconds(self.pid) if self.pid else 0.0
        command = [sys.executable, str(Path(__file__).with_name("client.py")), "--port", str(self.port)]
        command += ["--path", self.path, "--body", json.dumps(self.body), "--streams", str(streams)]
        output = subprocess.run(
            [*command, "--repeat", str(repeat)], check=True, capture_output=True, timeout=300
        ).stdout
        result: dict[str, float] = json.loads(output)
        if self.pid:
            result["cpu_us_per_token"] = (cpu_seconds(self.pid) - before) / result["tokens"] * 1e6
        return result


def sides(triton: Triton, sidecar: SidecarProcess, model: str, tokens: int) -> tuple[Side, Side]:
    direct = Side(
        triton.http_port,
        f"/v2/models/{model}/generate_stream",
        {"text_input": "Hello", "sampling_param_max_tokens": tokens},
        None,
    )
    assert sidecar.process is not None
    through = Side(
        sidecar.port,
        "/v1/completions",
        {"model": model, "prompt": "Hello", "max_tokens": tokens, "stream": True},
        sidecar.process.pid,
    )
    return direct, through


def modes(sidecar: SidecarProcess, tokens: int) -> tuple[Side, Side]:
    """The same document under the same contract, not enforced and enforced at every byte."""
    assert sidecar.process is not None
    body: dict[str, Any] = {"model": "document", "prompt": "Hello", "max_tokens": tokens, "stream": True}
    body["response_format"] = {"type": "json_schema", "json_schema": {"name": "list", "schema": SCHEMA}}
    pid = sidecar.process.pid
    off = Side(sidecar.port, "/v1/completions", body | {"casava": {"mode": "off"}}, pid)
    return off, Side(sidecar.port, "/v1/completions", body | {"casava": {"mode": "strict"}}, pid)


def compare(pair: tuple[Side, Side], streams: int, repeat: int, rounds: int, key: str) -> tuple[float, float, float]:
    """Medians over ``rounds`` of ``key``: direct, through, and the sidecar's CPU microseconds per token."""
    direct, through, cpu = [], [], []
    for _ in range(rounds):
        direct.append(pair[0].measure(streams, repeat)[key])
        result = pair[1].measure(streams, repeat)
        through.append(result[key])
        cpu.append(result["cpu_us_per_token"])
    return statistics.median(direct), statistics.median(through), statistics.median(cpu)


def model_info(folder: Path, model: str) -> Path:
    folder.mkdir()
    info = {"name": model, "digest": "sha256:0", "architecture": "none", "contextLength": 4096}
    (folder / "model.json").write_text(json.dumps(info | {"engine": "llama-cpp", "engineVersion": "0"}))
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as name, running(Path(name) / "triton") as triton:
        sidecars = {
            model: SidecarProcess(
                Path(name) / model,
                grpc_port=triton.grpc_port,
                shared_dir=model_info(Path(name) / f"{model}-info", model),
                modelName=model,
                maxConcurrent=STREAMS,
            ).start()
            for model in MODELS
        }
        try:
            for sidecar in sidecars.values():
                sidecar.wait_ready()
            rounds = options.rounds
            ttft = compare(sides(triton, sidecars["flood"], "flood", 1), 1, 200, rounds, "ttft_p50_ms")
            paced = compare(sides(triton, sidecars["paced"], "paced", 150), STREAMS, 1, rounds, "tokens_per_second")
            flood = compare(sides(triton, sidecars["flood"], "flood", 200), STREAMS, 1, rounds, "tokens_per_second")
            strict = compare(modes(sidecars["document"], 200), STREAMS, 1, rounds, "tokens_per_second")
        finally:
            for sidecar in sidecars.values():
                sidecar.stop()
    results = {
        "added_ttft_p50_ms": ttft[1] - ttft[0],
        "paced_ratio": paced[1] / paced[0],
        "flood_ratio": flood[1] / flood[0],
        "strict_ratio": strict[1] / strict[0],
    }
    print(f"time to first token, one stream: direct {ttft[0]:.2f} ms, sidecar {ttft[1]:.2f} ms")
    for label, (direct, through, cpu) in (("paced at 50/s", paced), ("unthrottled", flood)):
        print(
            f"{STREAMS} streams, {label}: direct {direct:.0f} tokens/s, sidecar {through:.0f} tokens/s, "
            f"ratio {through / direct:.3f}, sidecar CPU {cpu:.0f} us/token"
        )
    print(
        f"{STREAMS} streams, unthrottled, a contract: off {strict[0]:.0f} tokens/s, strict {strict[1]:.0f} tokens/s, "
        f"ratio {strict[1] / strict[0]:.3f}, sidecar CPU in strict {strict[2]:.0f} us/token"
    )
    print("targets:", ", ".join(f"{key} {results[key]:.3f} (target {target})" for key, target in TARGETS.items()))
    met = results["added_ttft_p50_ms"] <= TARGETS["added_ttft_p50_ms"] and all(
        results[key] >= TARGETS[key] for key in ("paced_ratio", "flood_ratio", "strict_ratio")
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
