"""One run of tritonserver: started, awaited, watched, ended."""

import math
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

from casava_engine import health, scrub, termination, triton, watchdog
from casava_engine.child import Child, Signals
from casava_engine.log import log
from casava_engine.model_info import model_info
from casava_engine.prepare import Prepared
from casava_engine.problems import ModelProblem
from casava_engine.settings import Settings
from casava_engine.state_file import write_model
from casava_engine.tokenizer import adds_bos
from casava_engine.vitals import VitalsFile
from casava_engine.watchdog import Verdict
from casava_wire.config import EngineConfig
from casava_wire.reasons import EngineReason
from casava_wire.state import EngineState, Stage

START_LOOK_SECONDS: Final = 0.05
LOOK_SECONDS: Final = 1.0
SETTLE_SECONDS: Final = 0.5  # for the last responses to leave Triton
KILL_GRACE_SECONDS: Final = 3.0  # beyond Triton's own exit timeout
FAILED_STATUS: Final = 1

_LLAMA_ERROR: Final = re.compile(r"[\d.]+ E (.*)")


@dataclass(frozen=True)
class Ended:
    """How the run ended. ``reason`` None: it was asked to."""

    status: int
    reason: EngineReason | None = None
    sentence: str = ""
    lines: tuple[str, ...] = field(default=())


class Supervisor:
    """Runs Triton once."""

    def __init__(
        self,
        config: EngineConfig,
        prepared: Prepared,
        settings: Settings,
        signals: Signals,
        report: Callable[[EngineState], None],
    ) -> None:
        self._config = config
        self._prepared = prepared
        self._settings = settings
        self._signals = signals
        self._report = report
        self._vitals = VitalsFile(settings.places.vitals, create=True)
        found = triton.locate()
        self._child = Child(triton.arguments(found, settings), triton.environment(found, os.environ), self._shown)

    def run(self) -> Ended:
        """Raise ModelProblem when llama.cpp cannot load the model: that is the file's fault and no crash."""
        try:
            return self._start() or self._watch()
        finally:
            self._child.kill()  # whatever of the group is left
            self._child.drain_output()  # what it printed last is held against the vitals
            self._child.reap()
            triton.remove_leftovers(self._settings.places.work)
            self._vitals.close()

    def _shown(self, line: str) -> str | None:
        return scrub.while_serving(line) if self._vitals.read().loaded else scrub.before_serving(line)

    def _start(self) -> Ended | None:
        """Wait until the model is ready and its checksum known. None: they are."""
        ended = self._until(self._is_up, self._settings.timing.start)
        # Of a big file the checksum takes longer than the load: an end must be noticed meanwhile.
        ended = ended or self._until(self._prepared.sha256.done, math.inf)
        if ended is None:
            self._announce()
        return ended

    def _until(self, done: Callable[[], bool], seconds: float) -> Ended | None:
        deadline = time.monotonic() + seconds
        while not done():
            self._signals.wait(START_LOOK_SECONDS)
            if self._signals.stop is not None:
                return self._stop()
            if self._child.reap():
                return self._died()
            if time.monotonic() > deadline:
                return self._failed(EngineReason.TRITON_NEVER_READY, f"Triton was not ready after {seconds:g} s.")
        return None

    def _is_up(self) -> bool:
        return self._vitals.read().loaded and health.ready(self._settings.ports.http, self._config.model_name)

    def _announce(self) -> None:
        info = model_info(
            self._prepared.header,
            name=self._config.model_name,
            digest=f"sha256:{self._sha256()}",
            context=self._prepared.context,
            adds_bos=adds_bos(self._settings.places.socket),
            version=f"xllamacpp {version('xllamacpp')}",
        )
        write_model(self._settings.places.model_info, info)
        self._report(EngineState(stage=Stage.SERVING))

    def _sha256(self) -> str:
        path = self._prepared.path
        try:
            return self._prepared.sha256.result()
        except OSError as error:
            message = f"{path} cannot be read any more: {error.strerror}. Put it back; it is looked for again."
            raise ModelProblem(EngineReason.MODEL_NOT_FOUND, message) from None

    def _watch(self) -> Ended:
        memory = watchdog.begin(time.monotonic())
        hang = self._settings.timing.hang
        while True:
            self._signals.wait(LOOK_SECONDS)
            if self._signals.stop is not None:
                return self._stop()
            if self._child.reap():
                return self._died()
            if health.is_gone(self._vitals.read().pid):
                sentence = "Triton's model process ended. It holds the model: see whether its memory limit is too low."
                return self._failed(EngineReason.TRITON_EXITED, sentence)
            judgement = watchdog.judge(self._observe(), memory, hang=hang)
            if judgement.verdict is Verdict.SEND_CANARY:
                judgement = watchdog.judge(self._observe(canary=True), judgement.memory, hang=hang)
            if judgement.verdict is Verdict.HUNG:
                return self._failed(EngineReason.TRITON_HUNG, f"Triton hung: {judgement.why}. It was ended.")
            memory = judgement.memory

    def _observe(self, *, canary: bool = False) -> watchdog.Observation:
        """Look at Triton. A probe's time is bounded, so that a hang is found within the configured time."""
        began = time.monotonic()
        hang, port, name = self._settings.timing.hang, self._settings.ports.http, self._config.model_name
        answered = health.canary(port, name, timeout=min(health.CANARY_SECONDS, hang / 4)) if canary else None
        healthy = health.ready(port, name, timeout=min(health.PROBE_SECONDS, hang / 8))
        vitals = self._vitals.read()
        return watchdog.Observation(
            began=began,
            now=time.monotonic(),
            healthy=healthy,
            vitals=vitals,
            cpu=health.cpu_seconds(vitals.pid),
            canary=answered,
        )

    def _stop(self) -> Ended:
        """Pass the signal on and wait: Triton takes nothing new and finishes running streams within its exit timeout.

        Once the last stream has ended it takes some seconds more, in which nothing happens: those are saved.
        """
        log("stopping", running=self._vitals.read().running)
        self._child.signal(signal.SIGTERM)
        now = time.monotonic()
        deadline, last_busy = now + self._settings.timing.exit + KILL_GRACE_SECONDS, now
        while not self._child.reap() and now < deadline and now < last_busy + SETTLE_SECONDS:
            self._signals.wait(START_LOOK_SECONDS)
            now, vitals = time.monotonic(), self._vitals.read()
            if vitals.running or vitals.waiting:
                last_busy = now
        if now >= deadline:
            log("killed", level="warning", message="Triton did not end in time")
        return Ended(0)

    def _died(self) -> Ended:
        self._child.drain_output()
        if self._vitals.read().refused:
            raise ModelProblem(
                EngineReason.MODEL_CORRUPT,
                f"llama.cpp cannot load {self._prepared.path}: {self._llama_error()}. "
                "Replace the file or the engine's image.",
            )
        sentence = f"Triton {termination.how_it_ended(self._child.returncode or 0)}."
        return self._failed(EngineReason.TRITON_EXITED, sentence)

    def _llama_error(self) -> str:
        """The first error that llama.cpp printed while it loaded the model: later ones follow from it."""
        for line in self._child.tail:
            match = _LLAMA_ERROR.match(line)
            if match:
                return match[1].strip().rstrip(".")
        return "it gave no reason"

    def _failed(self, reason: EngineReason, sentence: str) -> Ended:
        self._child.kill()
        self._child.drain_output()
        return Ended(FAILED_STATUS, reason, sentence, tuple(self._child.tail))
