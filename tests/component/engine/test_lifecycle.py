"""How an engine ends: asked to, killed, hung. Each test has an engine of its own."""

import ctypes
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from casava_engine import triton
from casava_engine.vitals import VitalsFile
from casava_wire import tensors as t
from casava_wire.reasons import EngineReason
from casava_wire.state import Stage
from tests.component.engine.triton_calls import EVERYTHING, generate, streaming
from tests.component.engine_process import EngineProcess, wait_for

Start = Callable[..., EngineProcess]
SECRET = "xylophone-4711"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start engines that are gone after the test, whatever state it left them in."""
    engines: list[EngineProcess] = []

    def make(*flags: str, name: str = "engine", **config: object) -> EngineProcess:
        engines.append(EngineProcess(tmp_path / name, *flags, **{"maxConcurrent": 2, **config}))
        return engines[-1]

    yield make
    for engine in engines:
        engine.kill()


def stub_pid(engine: EngineProcess) -> int:
    with VitalsFile(engine.work_dir / "vitals") as vitals:
        return vitals.read().pid


def assert_ended(engine: EngineProcess, reason: EngineReason, sentence: str) -> None:
    """It ended with a status, a state and last words that say why, and left no process and no shared memory."""
    assert engine.process.wait(60) == 1
    state = engine.state()
    assert state is not None
    assert (state.stage, state.reason) == (Stage.FAILED, reason)
    assert sentence in state.message
    assert engine.termination_log.read_text().startswith(f"{reason}: ")
    assert sentence in engine.termination_log.read_text()
    assert SECRET not in engine.termination_log.read_text() + engine.log
    assert not list(triton.SHM_DIR.glob(f"{triton.shm_prefix(engine.work_dir)}*"))


def test_sigterm_lets_a_running_stream_finish(start: Start) -> None:
    engine = start("--exit-timeout=60").wait_ready()
    values = {
        t.TEXT_INPUT: "na",
        t.STREAMING: True,
        t.MAX_TOKENS: 200,
        t.GUIDE_TYPE: t.GUIDE_REGEX,
        t.GUIDE: "(na ){150}",
    }
    with streaming(engine, {**values, **EVERYTHING}) as stream:
        results = iter(stream)
        texts = [next(results).as_numpy(t.TEXT_OUTPUT)[0].decode()]
        engine.process.send_signal(signal.SIGTERM)
        texts += [result.as_numpy(t.TEXT_OUTPUT)[0].decode() for result in results]
    assert "".join(texts) == "na " * 150
    assert engine.process.wait(30) == 0
    assert engine.termination_log.read_text() == ""


def test_sigterm_cuts_what_runs_longer_than_the_exit_timeout(start: Start) -> None:
    engine = start("--exit-timeout=1").wait_ready()
    values = {
        t.TEXT_INPUT: "na",
        t.STREAMING: True,
        t.MAX_TOKENS: 3500,
        t.GUIDE_TYPE: t.GUIDE_REGEX,
        t.GUIDE: "(na )*x{900}",
    }
    with streaming(engine, values) as stream:
        next(iter(stream))
        assert engine.stop() == 0


def test_a_triton_that_is_killed_is_reported_with_its_signal(start: Start) -> None:
    engine = start().wait_ready()
    generate(engine, SECRET, **{t.MAX_TOKENS: 2})
    os.kill(engine.triton_pid(), signal.SIGKILL)
    assert_ended(engine, EngineReason.TRITON_EXITED, "Triton was ended by signal 9")


def test_a_model_process_that_is_killed_as_for_memory_is_reported(start: Start) -> None:
    engine = start().wait_ready()
    os.kill(stub_pid(engine), signal.SIGKILL)
    assert_ended(engine, EngineReason.TRITON_EXITED, "Triton's model process ended")


@pytest.mark.parametrize("which", ["server", "model"])
def test_a_triton_that_is_stopped_is_found_and_ended(start: Start, which: str) -> None:
    engine = start("--hang-timeout=4").wait_ready()
    pid = engine.triton_pid() if which == "server" else stub_pid(engine)
    os.kill(pid, signal.SIGSTOP)
    assert_ended(engine, EngineReason.TRITON_HUNG, "Triton hung")


def test_a_triton_that_is_stopped_in_the_middle_of_a_stream_is_found_and_ended(start: Start) -> None:
    engine = start("--hang-timeout=4").wait_ready()
    values = {
        t.TEXT_INPUT: SECRET,
        t.STREAMING: True,
        t.MAX_TOKENS: 2000,
        t.GUIDE_TYPE: t.GUIDE_REGEX,
        t.GUIDE: "(na ){2000}",
    }
    with streaming(engine, values) as stream:
        next(iter(stream))
        os.kill(stub_pid(engine), signal.SIGSTOP)
        assert_ended(engine, EngineReason.TRITON_HUNG, "Triton hung")


def test_a_model_that_generates_nothing_is_found_by_the_canary(start: Start) -> None:
    """llama.cpp's thread alone is stuck: the dispatcher beats and the health endpoints answer."""
    engine = start("--hang-timeout=6").wait_ready()
    values = {
        t.TEXT_INPUT: SECRET,
        t.STREAMING: True,
        t.MAX_TOKENS: 2000,
        t.GUIDE_TYPE: t.GUIDE_REGEX,
        t.GUIDE: "(na ){2000}",
    }
    with streaming(engine, values) as stream:
        next(iter(stream))
        freeze_computing_thread(stub_pid(engine))
        assert_ended(engine, EngineReason.TRITON_HUNG, "no token came")


def freeze_computing_thread(pid: int) -> None:
    """Stop the one thread of the process that has computed most, by way of the debugger's interface."""

    def computed(task: Path) -> int:
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        return int(fields[11])

    thread = int(max(Path(f"/proc/{pid}/task").iterdir(), key=computed).name)
    seize, interrupt = 0x4206, 0x4207  # PTRACE_SEIZE, PTRACE_INTERRUPT
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (seize, interrupt):
        if libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")


def test_a_long_answer_is_no_hang(start: Start) -> None:
    engine = start("--hang-timeout=2").wait_ready()
    values = {t.MAX_TOKENS: 500, t.GUIDE_TYPE: t.GUIDE_REGEX, t.GUIDE: "(na ){200}"}
    answers = [threading.Thread(target=generate, args=(engine, f"na {n}"), kwargs=values) for n in range(2)]
    for answer in answers:
        answer.start()
    for answer in answers:
        answer.join()
    assert engine.process.poll() is None
    assert engine.stop() == 0


def test_more_requests_at_once_than_llama_cpp_has_sequences_are_no_fault_of_the_model(start: Start) -> None:
    engine = start(maxConcurrent=1024).wait_ready()
    assert generate(engine, "Hello", **{t.MAX_TOKENS: 1}).finish_reason == "length"


def test_a_restart_clears_the_shared_memory_of_the_dead_server(start: Start) -> None:
    engine = start().wait_ready()
    pattern = f"{triton.shm_prefix(engine.work_dir)}*"
    triton_pid = engine.triton_pid()
    engine.process.kill()
    os.killpg(triton_pid, signal.SIGKILL)
    engine.process.wait()
    left = {path.name for path in triton.SHM_DIR.glob(pattern)}
    assert left
    engine.start()
    wait_for(lambda: not left & {path.name for path in triton.SHM_DIR.glob(pattern)}, "the old regions are gone")
    engine.wait_ready()
    assert generate(engine, "again", **{t.MAX_TOKENS: 1}).counts[-1] == 1


def test_the_state_says_each_step_and_the_log_is_json_besides_triton_s_own_lines(start: Start) -> None:
    engine = start().wait_ready()
    lines = [json.loads(line) for line in engine.log.splitlines() if line.startswith("{")]
    assert [line["stage"] for line in lines if line["event"] == "stage"] == ["Verifying", "Starting", "Serving"]
