"""Paths inside a model's pod. Every writable one is an emptyDir: the root file systems are read-only."""

from pathlib import Path
from typing import Final

ENGINE_CONFIG_DIR: Final = Path("/etc/casava/engine")
ENGINE_CONFIG: Final = ENGINE_CONFIG_DIR / "engine.json"  # casava_wire.config.EngineConfig

SIDECAR_CONFIG_DIR: Final = Path("/etc/casava/sidecar")
SIDECAR_CONFIG: Final = SIDECAR_CONFIG_DIR / "sidecar.json"  # casava_wire.config.SidecarConfig

CONTRACTS_DIR: Final = Path("/etc/casava/contracts")  # a directory mount without subPath, so that edits arrive
CONTRACTS_FILE: Final = CONTRACTS_DIR / "contracts.json"  # casava_wire.config.ContractSet

SHARED_DIR: Final = Path("/run/casava")  # engine writes, sidecar reads
MODEL_INFO: Final = SHARED_DIR / "model.json"  # casava_wire.state.ModelInfo
ENGINE_STATE: Final = SHARED_DIR / "engine-state.json"  # casava_wire.state.EngineState

DRAIN_SOCKET: Final = Path("/run/casava-sidecar/drain.sock")  # the preStop hook speaks to the sidecar here

CACHE_DIR: Final = Path("/var/cache/casava")  # downloaded model files
MODEL_CLAIM_DIR: Final = Path("/mnt/model")  # a pvc:// source, mounted read-only
REPOSITORY_DIR: Final = Path("/run/casava-engine/repository")  # the Triton model repository laid out at start
TERMINATION_LOG: Final = Path("/dev/termination-log")
