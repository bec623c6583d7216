"""What the engine does for its descendants, as PID 1 does. Each case is a process of its own: it changes signals."""

import subprocess
import sys
import textwrap

BEGIN = """
    import os, signal, sys, time
    from contextlib import suppress
    from casava_engine.child import Child, Signals, adopt_orphans
    from casava_engine.problems import Stopped

    def children():
        # Every process that this one is the parent of, and its state.
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
                if int(fields[1]) == os.getpid():
                    found[int(pid)] = fields[0]
        return found

    def run(code):
        return Child([sys.executable, "-c", code], os.environ, lambda line: None)

    def wait(done):
        until = time.monotonic() + 20
        while not done():
            assert time.monotonic() < until, children()
            signals.wait(0.05)

    adopt_orphans()
    signals = Signals()
"""


def passes(code: str) -> None:
    script = textwrap.dedent(BEGIN) + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_an_orphan_is_adopted_and_leaves_no_zombie() -> None:
    passes("""
        child = run("import os, signal; os.fork() or signal.pause()")
        wait(child.reap)
        assert child.returncode == 0
        (orphan,) = children()
        assert orphan != child.pid
        os.kill(orphan, signal.SIGKILL)
        wait(lambda: child.reap() and not children())
        assert child.returncode == 0
    """)


def test_a_zombie_is_collected_while_the_child_runs_on() -> None:
    passes("""
        child = run("import signal; signal.pause()")
        gone = run("")
        wait(lambda: child.reap() or list(children()) == [child.pid])
        assert child.returncode is None
        child.kill()
        wait(child.reap)
        assert child.returncode == -signal.SIGKILL
    """)


def test_the_end_of_a_child_ends_the_wait() -> None:
    passes("""
        child = run("")
        signals.wait(600)
        wait(child.reap)
    """)


def test_a_kill_ends_a_stopped_child_and_its_own_children() -> None:
    passes("""
        child = run("import os, signal; os.fork() and os.kill(os.getpid(), signal.SIGSTOP); signal.pause()")
        wait(lambda: "T" in children().values())
        child.kill()
        wait(lambda: child.reap() and not children())
    """)


def test_a_signal_to_stop_interrupts_long_work_and_one_that_came_before_does_not_let_it_begin() -> None:
    passes("""
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        try:
            with signals.interrupting():
                time.sleep(600)
        except Stopped:
            pass
        else:
            sys.exit("not interrupted")
        assert signals.stop == signal.SIGTERM
        try:
            with signals.interrupting():
                sys.exit("begun")
        except Stopped:
            pass
        os.kill(os.getpid(), signal.SIGINT)  # outside of it a signal is only noted
        assert signals.stop == signal.SIGINT
    """)


def test_what_may_not_be_shown_is_neither_kept_nor_printed() -> None:
    passes("""
        child = Child([sys.executable, "-c", "print('secret'); print('fine')"], os.environ,
                      lambda line: line if line == "fine" else None)
        wait(child.reap)
        child.drain_output()
        assert list(child.tail) == ["fine"]
    """)
