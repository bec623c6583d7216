"""What casava-engine tells its Triton model. Plain data: pydantic would cost a tenth of the start-up time there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

SETTINGS_FILE: Final = "llama.json"  # beside 1/model.py


@dataclass(frozen=True)
class LlamaSettings:
    """The content of SETTINGS_FILE."""

    model_path: str
    socket: str  # llama.cpp's server listens here, and nowhere else
    vitals: str  # casava_engine.vitals: what the watchdog reads
    sequences: int  # decoded together
    context_length: int  # tokens of one sequence
    kv_tokens: int  # tokens of all sequences together
    kv_type: str  # f16 | q8_0
    batch_tokens: int  # of prompts, computed in one step
    threads: int
    forbidden_token: int | None  # a control token that no grammar allows and that ends no text: see guide probes

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


def read_settings(path: Path) -> LlamaSettings:
    """Read what the parent process wrote."""
    return LlamaSettings(**json.loads(path.read_text()))
