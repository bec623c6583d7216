"""The files that a pod reads, as ConfigMaps.

Those of the engine and of the sidecar are named by their content: a change makes a new one, and the pods that still
run keep theirs. Contracts keep one name, so that an edit reaches the running pods.
"""

from casava_operator.contracts.entries import contract_set
from casava_operator.keys import Manifest
from casava_operator.plan.names import child, metadata, short
from casava_operator.spec import CasavaModel
from casava_wire import paths
from casava_wire.config import EngineConfig, SidecarConfig, SourceConfig


def engine_config(model: CasavaModel) -> EngineConfig:
    spec = model.spec
    return EngineConfig(
        model_name=model.name,
        backend="llama-cpp",
        source=SourceConfig(uri=spec.model.source, sha256=spec.model.sha256),
        max_sequence_length=spec.engine.max_sequence_length,
        max_concurrent=spec.serving.max_concurrent,
        threads=spec.engine.threads,
        options=dict(spec.engine.options),
    )


def sidecar_config(model: CasavaModel) -> SidecarConfig:
    serving = model.spec.serving
    return SidecarConfig(
        model_name=model.name,
        namespace=model.namespace,
        max_concurrent=serving.max_concurrent,
        timeout_seconds=serving.timeout_seconds,
        drain_timeout_seconds=serving.drain_timeout_seconds,
    )


def engine_config_map(model: CasavaModel) -> Manifest:
    return _hashed(model, "engine", paths.ENGINE_CONFIG.name, engine_config(model).to_json())


def sidecar_config_map(model: CasavaModel) -> Manifest:
    return _hashed(model, "sidecar", paths.SIDECAR_CONFIG.name, sidecar_config(model).to_json())


def contracts_config_map(model: CasavaModel) -> Manifest:
    text = contract_set(model).to_json()
    return _config_map(model, child(model.name, "contracts"), "contracts", {paths.CONTRACTS_FILE.name: text})


def _hashed(model: CasavaModel, part: str, file: str, text: str) -> Manifest:
    return _config_map(model, child(model.name, f"{part}-{short(text)}"), part, {file: text}) | {"immutable": True}


def _config_map(model: CasavaModel, name: str, component: str, data: dict[str, str]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(model, name, component),
        "data": data,
    }
