"""Whether the engine can answer, and which model it holds."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from casava_sidecar.chat_template import ChatTemplate, InvalidTemplateError
from casava_sidecar.engine.client import Triton
from casava_wire.state import EngineState, ModelInfo

log: Final = logging.getLogger(__name__)

_INFO_BYTES: Final = 4 * 1024 * 1024  # a chat template is the largest part
_STATE_BYTES: Final = 64 * 1024
_READY_TIMEOUT: Final = 2.0  # s


@dataclass(frozen=True, slots=True)
class Model:
    """model.json, and the chat template in it made ready. ``created`` is the file's time in seconds since 1970."""

    info: ModelInfo
    template: ChatTemplate | None
    created: int


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the engine cannot answer: a reason code and a sentence."""

    reason: str
    message: str


class EngineWatch:
    """The engine as last seen. Call ``refresh`` about once a second."""

    def __init__(self, triton: Triton, info_path: Path, state_path: Path) -> None:
        self._triton = triton
        self._info_path = info_path
        self._state_path = state_path
        self._seen: tuple[int, int] | None = None
        self.model: Model | None = None
        self.obstacle: Obstacle | None = Obstacle("EngineNotReady", "The engine was not asked yet.")

    async def refresh(self) -> None:
        obstacle = self._refresh_model()
        if obstacle is None and not await self._triton.ready(_READY_TIMEOUT):
            obstacle = Obstacle("EngineNotReady", "Triton does not answer that the model is ready.")
        if obstacle != self.obstacle:
            log.info("engine", extra={"ready": obstacle is None, "reason": obstacle.reason if obstacle else ""})
        self.obstacle = obstacle

    async def state(self) -> EngineState | None:
        """What the engine writes about itself, or None while it wrote nothing that can be read."""
        try:
            return EngineState.model_validate_json(await asyncio.to_thread(_read, self._state_path, _STATE_BYTES))
        except (OSError, ValueError):
            return None

    def _refresh_model(self) -> Obstacle | None:
        try:
            status = self._info_path.stat()
        except OSError:
            self.model, self._seen = None, None
            return Obstacle("ModelInfoMissing", "The engine has not written model.json yet.")
        identity = (status.st_ino, status.st_mtime_ns)
        if identity == self._seen:
            return self.obstacle if self.model is None else None
        self._seen, self.model = identity, None
        try:
            self.model = load_model(self._info_path, int(status.st_mtime))
        except (OSError, ValidationError) as error:
            return Obstacle("ModelInfoInvalid", f"model.json cannot be used: {type(error).__name__}.")
        except InvalidTemplateError as error:
            return Obstacle("ChatTemplateInvalid", f"The model's chat template cannot be used: {error}.")
        return None


def load_model(path: Path, created: int) -> Model:
    """Raises OSError, pydantic's ValidationError or InvalidTemplateError."""
    info = ModelInfo.model_validate_json(_read(path, _INFO_BYTES))
    template = None
    if info.chat_template:
        template = ChatTemplate(
            info.chat_template, bos_token=info.bos_token, eos_token=info.eos_token, strip_bos=info.adds_bos
        )
    return Model(info, template, created)


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)
