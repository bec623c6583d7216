"""From a GGUF header to what the sidecar must know of the model."""

from dataclasses import dataclass

from casava_engine.gguf import Header, Value
from casava_wire.state import ModelInfo
from casava_wire.tensors import GUIDE_TYPES


@dataclass(frozen=True)
class Architecture:
    """The shape of a model, as far as memory and limits follow from it."""

    name: str
    trained_context: int | None


def architecture(header: Header) -> Architecture:
    """What the header says of the model's shape; the context is None when it does not say."""
    name = _text(header.metadata.get("general.architecture")) or "unknown"
    trained = header.metadata.get(f"{name}.context_length")
    return Architecture(name, trained if isinstance(trained, int) and trained > 0 else None)


def split_count(header: Header) -> int:
    """Files that the model was split into; 1 for a whole one."""
    count = header.metadata.get("split.count", 1)
    return count if isinstance(count, int) else 1


def model_info(header: Header, *, name: str, digest: str, context: int, adds_bos: bool, version: str) -> ModelInfo:
    """``digest``: sha256:<hex> of the file; ``adds_bos``: what the engine's tokenizer was seen to do."""
    metadata = header.metadata
    return ModelInfo(
        name=name,
        digest=digest,
        architecture=architecture(header).name,
        parameters=header.parameters or None,
        context_length=context,
        chat_template=_text(metadata.get("tokenizer.chat_template")) or None,
        bos_token=_token(header, "tokenizer.ggml.bos_token_id"),
        eos_token=_token(header, "tokenizer.ggml.eos_token_id"),
        adds_bos=adds_bos,
        engine="llama-cpp",
        engine_version=version,
        guides=GUIDE_TYPES,
    )


def _token(header: Header, key: str) -> str:
    index = header.metadata.get(key)
    if header.tokens is None or not isinstance(index, int):
        return ""
    try:
        return header.tokens[index]
    except IndexError:
        return ""


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""
