"""The Triton model repository: config.pbtxt and the few lines that Triton's Python backend imports."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from casava_engine.triton_model.settings import SETTINGS_FILE, LlamaSettings
from casava_wire import tensors as t

# Triton imports 1/model.py by path; what it does lives in the package, where it is typed and tested. Triton's stub
# embeds Python without this environment and without PYTHONPATH, so it is told where packages are.
_SHIM: Final = """import sys

sys.path[:0] = [entry for entry in {path!r} if entry not in sys.path]

from casava_engine.triton_model.model import TritonPythonModel

__all__ = ["TritonPythonModel"]
"""

# name -> (type, dimension); all but the prompt are optional
INPUTS: Final = {
    t.TEXT_INPUT: ("TYPE_STRING", -1),
    t.STREAMING: ("TYPE_BOOL", 1),
    t.MAX_TOKENS: ("TYPE_INT32", 1),
    t.TEMPERATURE: ("TYPE_FP32", 1),
    t.TOP_P: ("TYPE_FP32", 1),
    t.TOP_K: ("TYPE_INT32", 1),
    t.FREQUENCY_PENALTY: ("TYPE_FP32", 1),
    t.PRESENCE_PENALTY: ("TYPE_FP32", 1),
    t.SEED: ("TYPE_UINT64", 1),
    t.STOP: ("TYPE_STRING", -1),
    t.EXCLUDE_INPUT: ("TYPE_BOOL", 1),
    t.RETURN_FINISH_REASON: ("TYPE_BOOL", 1),
    t.RETURN_STOP_REASON: ("TYPE_BOOL", 1),
    t.RETURN_NUM_INPUT_TOKENS: ("TYPE_BOOL", 1),
    t.RETURN_NUM_OUTPUT_TOKENS: ("TYPE_BOOL", 1),
    t.GUIDE_TYPE: ("TYPE_STRING", 1),
    t.GUIDE: ("TYPE_STRING", 1),
}
OUTPUTS: Final = {
    t.TEXT_OUTPUT: ("TYPE_STRING", -1),
    t.FINISH_REASON: ("TYPE_STRING", -1),
    t.STOP_REASON: ("TYPE_STRING", -1),
    t.NUM_INPUT_TOKENS: ("TYPE_INT32", 1),
    t.NUM_OUTPUT_TOKENS: ("TYPE_INT32", 1),
}


def config_pbtxt(name: str) -> str:
    """Triton's configuration of the model ``name``: one process, since every instance would hold its own weights."""
    inputs = _tensors((key, kind, dim, key != t.TEXT_INPUT) for key, (kind, dim) in INPUTS.items())
    outputs = _tensors((key, kind, dim, False) for key, (kind, dim) in OUTPUTS.items())
    return f"""name: {json.dumps(name)}
backend: "python"
max_batch_size: 0
model_transaction_policy {{ decoupled: true }}
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
input [
{inputs}
]
output [
{outputs}
]
"""


def _tensors(rows: Iterable[tuple[str, str, int, bool]]) -> str:
    return ",\n".join(
        f'  {{ name: "{name}" data_type: {kind} dims: [ {dim} ]{" optional: true" if optional else ""} }}'
        for name, kind, dim, optional in rows
    )


def lay_out(root: Path, name: str, settings: LlamaSettings, import_path: Sequence[str]) -> None:
    """Write the repository of one model under ``root``. ``import_path``: folders that hold this package and its own."""
    version = root / name / "1"
    version.mkdir(parents=True, exist_ok=True)
    (root / name / "config.pbtxt").write_text(config_pbtxt(name))
    (version / "model.py").write_text(_SHIM.format(path=list(import_path)))
    (version / SETTINGS_FILE).write_text(settings.to_json())
