"""``casava-engine serve``: prepare the model, run Triton and watch it, until the container should end."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from casava_engine import termination, triton
from casava_engine.child import Signals, adopt_orphans
from casava_engine.log import log
from casava_engine.prepare import Preparation, Prepared, read_config
from casava_engine.problems import ModelProblem, Stopped
from casava_engine.settings import Settings
from casava_engine.source import LocalFile, parse_source
from casava_engine.state_file import StateFile
from casava_engine.supervise import Ended, Supervisor
from casava_wire.config import EngineConfig
from casava_wire.state import EngineState, Stage

LOOK_SECONDS: Final = 1.0  # between two looks at a file that is not right


class Engine:
    """One container's life."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signals = Signals()
        self._state = StateFile(settings.places.state)
        self._model_cached = False

    def run(self) -> int:
        """Give the exit status. A model that cannot be served does not end the process: it is looked at again."""
        adopt_orphans()
        self._make_folders()
        removed = triton.remove_leftovers(self._settings.places.work)
        log("start", leftover_shared_memory=removed)
        pause = self._settings.timing.retry_first
        while True:
            try:
                config = read_config(self._settings.places.config)
                prepared = self._prepare(config)
                self._model_cached = True
                pause = self._settings.timing.retry_first
                return self._end(self._supervise(config, prepared))
            except Stopped:
                log("stopped", stage=str(self._state.stage))
                return 0
            except ModelProblem as problem:
                self._fail(problem)
                if not self._wait(problem, pause):
                    return 0
                pause = min(pause * 2, self._settings.timing.retry_most)

    def _make_folders(self) -> None:
        places = self._settings.places
        for folder in (places.state.parent, places.work, places.cache):
            # Where one is made here, it is ours alone: llama.cpp's socket is in it. A volume's root is the kubelet's.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _prepare(self, config: EngineConfig) -> Prepared:
        with self._signals.interrupting():
            return Preparation(config, self._settings, self._report).run()

    def _supervise(self, config: EngineConfig, prepared: Prepared) -> Ended:
        self._report(EngineState(stage=Stage.STARTING, message="Triton loads the model."))
        return Supervisor(config, prepared, self._settings, self._signals, self._report).run()

    def _report(self, state: EngineState) -> None:
        cached = self._model_cached or state.stage in {Stage.STARTING, Stage.SERVING}
        if state.stage != self._state.stage:
            log("stage", stage=str(state.stage), reason=state.reason, message=state.message)
        self._state.write(state.model_copy(update={"model_cached": cached}))

    def _fail(self, problem: ModelProblem) -> None:
        self._model_cached = False
        self._report(EngineState(stage=Stage.FAILED, reason=problem.reason, message=problem.message))

    def _wait(self, problem: ModelProblem, pause: float) -> bool:
        """Wait until the model is worth another look: after ``pause``, or as soon as its file is another one.

        False: the process should end.
        """
        path = self._watched()
        before, until = _look(path), time.monotonic() + pause
        while self._signals.stop is None:
            self._signals.wait(LOOK_SECONDS)
            if problem.final:
                continue
            if time.monotonic() >= until or _look(path) != before:
                return True
        log("stopped", stage=str(self._state.stage))
        return False

    def _watched(self) -> Path | None:
        with suppress(ModelProblem):
            source = parse_source(
                read_config(self._settings.places.config).source, claim_dir=self._settings.places.claim
            )
            return source.path if isinstance(source, LocalFile) else None
        return None

    def _end(self, ended: Ended) -> int:
        if ended.reason is not None:
            self._report(EngineState(stage=Stage.FAILED, reason=ended.reason, message=ended.sentence))
            message = termination.compose(ended.reason, ended.sentence, ended.lines)
            termination.write(self._settings.places.termination_log, message)
        log("end", status=ended.status)
        return ended.status


def _look(path: Path | None) -> tuple[int, int, int] | None:
    if path is None:
        return None
    try:
        stat = path.stat()
    except OSError:
        return None
    return (stat.st_ino, stat.st_size, stat.st_mtime_ns)
