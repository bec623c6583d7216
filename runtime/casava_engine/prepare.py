"""From the configuration to a verified model file and everything that Triton needs, step by step with its state."""

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from casava_engine import cpu, digest, triton
from casava_engine.download import download
from casava_engine.gguf import Header
from casava_engine.model_info import architecture
from casava_engine.options import context_length, kv_tokens, parse_options, sequences
from casava_engine.problems import ModelProblem
from casava_engine.repository import lay_out
from casava_engine.settings import Settings
from casava_engine.source import Download, LocalFile, parse_source
from casava_engine.triton_model.settings import LlamaSettings
from casava_engine.verify import check_digest, verify
from casava_wire.config import EngineConfig
from casava_wire.options import LlamaOptions
from casava_wire.reasons import EngineReason
from casava_wire.state import EngineState, Stage

_REPORT_SECONDS = 0.5


@dataclass(frozen=True)
class Prepared:
    """A model that may be served. ``sha256``: of its file, in hex; it may still be computed."""

    path: Path
    header: Header
    context: int
    sha256: Future[str]


def read_config(path: Path) -> EngineConfig:
    """Raise ModelProblem (InvalidOptions, final) when the file is not what the operator writes."""
    try:
        return EngineConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        detail = str(error.strerror)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        detail = ": ".join([".".join(str(step) for step in first["loc"]), first["msg"]]).removeprefix(": ")
    raise ModelProblem(EngineReason.INVALID_OPTIONS, f"{path} cannot be used: {detail}", final=True)


class Preparation:
    """One attempt. ``report`` gets each state."""

    def __init__(self, config: EngineConfig, settings: Settings, report: Callable[[EngineState], None]) -> None:
        self._config = config
        self._settings = settings
        self._report = report
        self._reported = 0.0

    def run(self) -> Prepared:
        """Raise ModelProblem."""
        options = parse_options(self._config.options)
        source = parse_source(self._config.source, claim_dir=self._settings.places.claim)
        path = self._fetch(source)
        self._report(EngineState(stage=Stage.VERIFYING, message="The model's file is checked."))
        header = verify(path)
        sha256 = self._digest(path, source.sha256, already=isinstance(source, Download))
        prepared = Prepared(path, header, self._context(header), sha256)
        self._lay_out(prepared, options)
        return prepared

    def _fetch(self, source: LocalFile | Download) -> Path:
        if isinstance(source, LocalFile):
            return source.path
        self._report(EngineState(stage=Stage.FETCHING, message="The model's file is downloaded."))
        return download(source.url, source.sha256, self._settings.places.cache, self._progress(Stage.FETCHING))

    def _digest(self, path: Path, expected: str | None, *, already: bool) -> Future[str]:
        """Without a checksum to hold the file to, nothing waits for it: it is computed while the model is loaded."""
        if already and expected is not None:
            return _known(expected)
        memory = self._settings.places.cache
        if expected is None:
            return _later(lambda: digest.remembered(path, memory, lambda _: None))
        size, report = path.stat().st_size, self._progress(Stage.VERIFYING)
        actual = digest.remembered(path, memory, lambda done: report(done, size))
        check_digest(path, expected, actual)
        return _known(actual)

    def _context(self, header: Header) -> int:
        return context_length(self._config.max_sequence_length, architecture(header).trained_context)

    def _progress(self, stage: Stage) -> Callable[[int, int | None], None]:
        def report(done: int, total: int | None) -> None:
            now = time.monotonic()
            if now - self._reported >= _REPORT_SECONDS:
                self._reported = now
                self._report(EngineState(stage=stage, bytes_done=done, bytes_total=total))

        return report

    def _lay_out(self, prepared: Prepared, options: LlamaOptions) -> None:
        config, places = self._config, self._settings.places
        together = sequences(config.max_concurrent)
        llama = LlamaSettings(
            model_path=str(prepared.path),
            socket=str(places.socket),
            vitals=str(places.vitals),
            sequences=together,
            context_length=prepared.context,
            kv_tokens=kv_tokens(options, context=prepared.context, sequences=together),
            kv_type=options.kv_cache_type,
            batch_tokens=options.batch_tokens,
            threads=cpu.threads(config.threads, cpus=cpu.limit(), available=cpu.available()),
            forbidden_token=_forbidden_token(prepared.header),
        )
        lay_out(places.repository, config.model_name, llama, [entry for entry in sys.path if entry])
        triton.link_backend(triton.locate(), places.backends)


def _forbidden_token(header: Header) -> int | None:
    """The token that begins a text: no grammar allows it. None where it ends a text too, which a grammar may allow."""
    begin, end = (header.metadata.get(f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos"))
    return begin if isinstance(begin, int) and begin != end else None


def _known(sha256: str) -> Future[str]:
    known: Future[str] = Future()
    known.set_result(sha256)
    return known


def _later(compute: Callable[[], str]) -> Future[str]:
    # A thread of its own and no pool: a pool's would hold up the end of the process.
    later: Future[str] = Future()

    def work() -> None:
        try:
            later.set_result(compute())
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            later.set_exception(error)

    threading.Thread(target=work, name="digest", daemon=True).start()
    return later
