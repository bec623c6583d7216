"""The process that tries: reads one request a line, answers in one line, and is killed by its own timer.

``python -m casava_trial.worker WORK_SECONDS MEMORY_BYTES``. It has no secrets in its environment, opens nothing, and
its limits are set before it reads anything of a user's.
"""

import json
import os
import resource
import select
import signal
import sys
from contextlib import suppress
from typing import Any, Final

from casava_contract import ENGINES, ContractError, ErrorCode, Limits, Rule, TextContract, compile  # noqa: A004
from casava_contract.text.probe import probe
from casava_trial.bounds import IDLE_SECONDS, READY

_NICE: Final = 5  # streams go first
_FILES: Final = 16
_STATM: Final = "/proc/self/statm"


def main() -> None:
    work_seconds, memory_bytes = float(sys.argv[1]), int(sys.argv[2])
    _warm()
    _confine(memory_bytes)
    answers = sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    while select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, work_seconds)
        answer = _tried(request)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def _warm() -> None:
    """What is made once is not the first user's work."""
    rules = [{"rule": "self == self", "message": ""}]
    for kind, source in (("regex", "a"), ("gbnf", 'root ::= "a" root | "b"'), ("json_schema", '{"type": "string"}')):
        _tried({"kind": kind, "source": source, "limits": {}, "rules": rules})


def _confine(memory_bytes: int) -> None:
    os.nice(_NICE)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, also in the middle of foreign code
    with open(_STATM) as file:  # noqa: PTH123 - pathlib would be one more import to be warm
        used = int(file.read().split()[0]) * resource.getpagesize()
    for limit, most in (
        (resource.RLIMIT_AS, used + memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        hard = resource.getrlimit(limit)[1]
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (lowered, lowered))


def _tried(request: dict[str, Any]) -> dict[str, Any]:
    """{} where the contract may be compiled anywhere; else why not."""
    try:
        rules = [Rule(**rule) for rule in request["rules"]]
        contract = compile(request["source"], kind=request["kind"], limits=Limits(**request["limits"]), rules=rules)
        for engine in ENGINES:
            contract.lower(engine)
        if isinstance(contract, TextContract):
            probe(contract)
    except ContractError as error:
        return error.to_dict()
    except (MemoryError, RecursionError):
        return ContractError(ErrorCode.LIMIT_WORK, "takes more memory than a contract may: make it smaller").to_dict()
    return {}


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
