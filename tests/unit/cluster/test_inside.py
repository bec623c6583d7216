"""A node's first process starts again what ends, and not in haste."""

import json
import subprocess
import sys
from pathlib import Path

from e2e.cluster.inside import SLOWEST_RESTART, Program, socket_answers

# In a process of its own: the first process of a node reaps every child, and this one's children belong to other tests.
ATTENDED = """
import json, sys, time
from pathlib import Path
from e2e.cluster.inside import Program, reap
program = Program({"name": "short", "command": ["sh", "-c", "echo once; exit 3"]}, Path(sys.argv[1]))
pauses = []
for _ in range(3):
    program.start()
    while program.process is not None:
        reap([program])
        time.sleep(0.01)
    pauses.append(program.pause)
print(json.dumps(pauses))
"""


def test_a_program_that_ends_again_and_again_waits_longer_each_time(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ATTENDED, str(tmp_path)]
    repository = Path(__file__).parents[3]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=repository)
    pauses = json.loads(done.stdout)
    assert pauses == sorted(set(pauses))
    assert (tmp_path / "short.log").read_text(encoding="utf-8") == "once\n" * 3


def test_no_program_waits_longer_than_the_limit(tmp_path: Path) -> None:
    program = Program({"name": "short", "command": ["true"]}, tmp_path)
    for _ in range(20):
        program.ended(program.started)
    assert program.pause == SLOWEST_RESTART


def test_a_program_that_ran_for_long_is_started_again_at_once(tmp_path: Path) -> None:
    program = Program({"name": "steady", "command": ["true"]}, tmp_path)
    for _ in range(5):
        program.ended(program.started)
    program.ended(program.started + 3600)
    assert program.pause < 1


def test_nobody_answers_on_a_socket_that_is_not_there(tmp_path: Path) -> None:
    assert not socket_answers(str(tmp_path / "none.sock"))
