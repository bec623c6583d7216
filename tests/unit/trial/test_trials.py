"""Trials in a real worker process. What must end is far beyond the bounds given to it, so that no machine decides."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from casava_contract import ContractError, ErrorCode, Kind, Limits, Rule
from casava_trial import TrialError, Trials
from casava_trial import trials as module
from casava_trial.bounds import Bounds
from casava_trial.process import Worker, WorkerGone

_ENDLESS = "start: A\nA: " + " & ".join(f"/(?s:.*)(ab|a|b){{{n},99}}(?s:.*)/" for n in range(1, 9))
_SLOW = "((a{1,20}){1,20}){1,20}b"  # some 500 ms of work, in the sample


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    made = Trials(Bounds(work_seconds=10))
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Trials]:
    made = Trials(Bounds(work_seconds=0.1))
    yield made
    made.close()


def _pid(trials: Trials) -> int:
    worker = trials._worker
    assert worker is not None
    return worker._process.pid


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("regex", r"[A-Z]{3}-\d{6}"),
        ("regex", "(a+)+b"),
        ("choice", '["yes", "no"]'),
        ("lark", 'start: "(" [start] ")"'),
        ("gbnf", 'root ::= "a" root | "b"'),
        ("json_schema", '{"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}}'),
        ("json_object", ""),
    ],
)
def test_a_harmless_contract_passes(trials: Trials, kind: Kind, source: str) -> None:
    trials.try_contract_sync(kind, source)


@pytest.mark.parametrize(
    ("kind", "source", "code"),
    [
        ("regex", "(?=a)", ErrorCode.PATTERN_NOT_LINEAR),
        ("regex", "(a{1,1000}){1,1000}", ErrorCode.LIMIT_PATTERN),
        ("regex", "(.*a.{30}){3}", ErrorCode.LIMIT_GRAMMAR),
        ("lark", 'start: e\ne: e e | "a"', ErrorCode.LIMIT_GRAMMAR),
        ("lark", 'start: (e ";")+\ne: e e | "a"', ErrorCode.LIMIT_GRAMMAR),
        (
            "lark",
            "start: "
            + " | ".join(f"r{n}" for n in range(250))
            + "".join(f'\nr{n}: "x" r{n} | "y"' for n in range(250)),
            ErrorCode.LIMIT_GRAMMAR,
        ),
        ("gbnf", 'root ::= e\ne ::= e e e | e e | "a" | ""', ErrorCode.LIMIT_GRAMMAR),
        ("gbnf", 'root ::= "a"\nroot ::= "b"', ErrorCode.GRAMMAR),
        ("json_schema", '{"type": "strng"}', ErrorCode.INVALID),
    ],
)
def test_a_contract_is_refused_by_what_the_worker_finds(
    trials: Trials, kind: Kind, source: str, code: ErrorCode
) -> None:
    with pytest.raises(ContractError) as refused:
        trials.try_contract_sync(kind, source)
    assert refused.value.code is code


def test_the_place_of_an_error_comes_back(trials: Trials) -> None:
    with pytest.raises(ContractError) as refused:
        trials.try_contract_sync("gbnf", 'root ::= "a"\nb ::= nowhere')
    assert (refused.value.line, refused.value.column) == (2, 7)


def test_limits_and_rules_go_with_the_contract(trials: Trials) -> None:
    with pytest.raises(ContractError) as refused:
        trials.try_contract_sync("regex", "a" * 100, limits=Limits(schema_bytes=50))
    assert refused.value.code is ErrorCode.LIMIT_BYTES
    with pytest.raises(ContractError) as refused:
        trials.try_contract_sync("json_schema", '{"type": "object"}', rules=[Rule("self.a ==")])
    assert refused.value.pointer == "/rules/0/rule"


def test_a_source_larger_than_a_pipe_is_tried(trials: Trials) -> None:
    trials.try_contract_sync(
        "json_schema", '{"description": "' + "x" * 200_000 + '"}', limits=Limits(schema_bytes=1 << 20)
    )


def test_one_worker_tries_many(trials: Trials) -> None:
    trials.try_contract_sync("regex", "a")
    first = _pid(trials)
    for _ in range(3):
        trials.try_contract_sync("regex", "a")
    assert _pid(trials) == first


@pytest.mark.parametrize(("kind", "source"), [("regex", _SLOW), ("lark", _ENDLESS)])
def test_too_much_work_ends_the_worker_and_not_the_next_trial(hasty: Trials, kind: Kind, source: str) -> None:
    hasty.try_contract_sync("choice", '["a"]')
    first = _pid(hasty)
    with pytest.raises(ContractError) as refused:
        hasty.try_contract_sync(kind, source)
    assert refused.value.code is ErrorCode.LIMIT_WORK
    assert refused.value.status == 422
    assert "100 ms" in refused.value.message
    hasty.try_contract_sync("choice", '["a"]')
    assert _pid(hasty) != first


def test_too_much_memory_is_a_refusal_too() -> None:
    with pytest.raises(ContractError) as refused:
        _once(Bounds(work_seconds=10, memory_bytes=1 << 20), "json_schema", _large())
    assert refused.value.code is ErrorCode.LIMIT_WORK


def _large() -> str:
    return '{"enum": [' + ", ".join(f'"{n:060}"' for n in range(900)) + "]}"


def _once(bounds: Bounds, kind: Kind, source: str) -> None:
    trials = Trials(bounds)
    try:
        trials.try_contract_sync(kind, source)
    finally:
        trials.close()


def test_the_event_loop_runs_on_meanwhile(trials: Trials) -> None:
    async def all_at_once() -> list[BaseException | None]:
        tried = [trials.try_contract("regex", source) for source in ("a", "(", "b")]
        return await asyncio.gather(*tried, return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    assert outcomes[0] is outcomes[2] is None
    assert isinstance(outcomes[1], ContractError)


async def test_who_leaves_does_not_leave_the_worker_in_the_middle(trials: Trials) -> None:
    left = asyncio.create_task(trials.try_contract("regex", "[a-z]{1,500}"))
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    with pytest.raises(ContractError) as refused:
        await trials.try_contract("regex", "(")
    assert refused.value.code is ErrorCode.PATTERN


def test_a_worker_that_was_killed_from_outside_is_replaced_and_the_trial_repeated(trials: Trials) -> None:
    trials.try_contract_sync("regex", "a")
    os.kill(_pid(trials), signal.SIGKILL)
    trials.try_contract_sync("regex", "b")


def test_a_worker_that_cannot_run_is_not_the_contracts_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(TrialError, match="does not answer"):
        _once(Bounds(), "regex", "a")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(TrialError, match="No such file"):
        _once(Bounds(), "regex", "a")


def test_a_worker_that_says_nothing_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = Trials(Bounds(wall_seconds=0.2))
    monkeypatch.setattr(module, "Worker", _Mute)
    with pytest.raises(TrialError, match="does not answer"):
        trials.try_contract_sync("regex", "a")
    trials.close()
    assert not any(mute.alive for mute in _Mute.made)


class _Mute(Worker):
    """A worker that is stopped as soon as it is there."""

    made: list["_Mute"] = []  # noqa: RUF012

    def start(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)
        self.made.append(self)
        super().start()


def test_the_worker_has_no_secrets_and_few_rights() -> None:
    os.environ["CASAVA_TEST_SECRET"] = "x"
    worker = Worker(Bounds())
    try:
        worker.start()
        process = Path(f"/proc/{worker._process.pid}")
        assert process.joinpath("environ").read_bytes().split(b"\0")[:-1] == [b"LC_ALL=C.UTF-8"]
        limits = process.joinpath("limits").read_text()
        assert [line.split()[-3:-1] for line in limits.splitlines() if "core" in line or "file size" in line] == [
            ["0", "0"],
            ["0", "0"],
        ]
        assert os.getsid(worker._process.pid) != os.getsid(0)
    finally:
        del os.environ["CASAVA_TEST_SECRET"]
        worker.stop()


def test_the_worker_ends_with_its_parent() -> None:
    worker = Worker(Bounds())
    worker.start()
    assert worker._process.stdin is not None
    worker._process.stdin.close()
    assert worker._process.wait(timeout=30) == 0
    with pytest.raises((WorkerGone, ValueError)):
        worker.ask({})
    worker.stop()
