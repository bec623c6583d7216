"""Small files that other processes read: replaced as a whole, so that no reader sees half of one."""

import os
from pathlib import Path

from casava_wire.config import WireModel
from casava_wire.state import EngineState, Stage


def replace(path: Path, text: str) -> None:
    """Put ``text`` at ``path`` atomically. The folder must be there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.chmod(0o644)  # the sidecar may run as another user of the pod
    temporary.replace(path)


class StateFile:
    """The engine's state for the sidecar, written only when it differs from what is there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: EngineState | None = None

    def write(self, state: EngineState) -> None:
        if state != self._last:
            replace(self._path, state.to_json())
            self._last = state

    @property
    def stage(self) -> Stage | None:
        return self._last.stage if self._last else None


def write_model(path: Path, model: WireModel) -> None:
    """Put ``model`` at ``path`` as JSON."""
    replace(path, model.to_json())
