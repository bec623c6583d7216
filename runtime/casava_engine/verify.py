"""Is the file at a path a whole model? Raises ModelProblem with the cause and the fix."""

from pathlib import Path

from casava_engine.gguf import Header, NotGguf, Truncated, read_header
from casava_engine.model_info import split_count
from casava_engine.problems import ModelProblem
from casava_wire.reasons import EngineReason


def verify(path: Path) -> Header:
    """Check presence, form and length. The checksum is checked apart, since it takes long."""
    try:
        if not path.is_file():
            raise _problem(
                EngineReason.MODEL_NOT_FOUND, f"There is no file {path}. Put the model there; it is looked for again."
            )
        size = path.stat().st_size
        header = read_header(path)
    except Truncated as error:
        raise _truncated(path, str(error)) from None
    except NotGguf as error:
        raise _problem(
            EngineReason.MODEL_CORRUPT, f"{path} is not a GGUF file: {error}. Replace it by a whole GGUF file."
        ) from None
    except OSError as error:
        raise _problem(
            EngineReason.MODEL_NOT_FOUND, f"{path} cannot be read: {error.strerror}. Check its permissions."
        ) from None
    if size < header.size:
        raise _truncated(path, f"it has {size} of {header.size} bytes")
    parts = split_count(header)
    if parts > 1:
        raise _problem(
            EngineReason.MODEL_CORRUPT,
            f"{path} is one of {parts} parts of a model. Merge them with llama-gguf-split --merge first.",
        )
    return header


def check_digest(path: Path, expected: str, actual: str) -> None:
    """Raise ModelProblem when the file is not the one that the checksum names."""
    if expected != actual:
        raise _problem(
            EngineReason.CHECKSUM_MISMATCH,
            f"{path} has SHA-256 {actual}, but model.source.sha256 says {expected}. "
            "Replace the file or correct the checksum.",
        )


def _truncated(path: Path, detail: str) -> ModelProblem:
    return _problem(
        EngineReason.MODEL_TRUNCATED, f"{path} is cut short: {detail}. Copy it again; it is looked at again."
    )


def _problem(reason: EngineReason, message: str) -> ModelProblem:
    return ModelProblem(reason, message)
