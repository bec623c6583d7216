"""Is Triton alive? A pure judgement over what was observed; the probes themselves are in casava_engine.health.

Triton listens on loopback, which the kubelet's probes cannot reach, so casava-engine watches it. Three signs:
the health endpoints answer; the model's dispatcher thread beats; and while requests run, tokens or pieces of prompt
come, or else a generation of one token succeeds. A big prompt on a slow CPU looks like a hang in all but one way: the
process computes. So a failed canary ends Triton at once only if it is idle too.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from casava_engine.vitals import Vitals

BUSY_FACTOR: Final = 20  # a model that computes is given so many times ``hang`` before it is held for stuck
BUSY_CPU: Final = 0.2  # CPU seconds per second from which on a process computes
QUIET_SHARE: Final = 0.5  # of ``hang``: so long without a token before the canary is sent


class Verdict(StrEnum):
    """What to do now."""

    ALIVE = "alive"
    SEND_CANARY = "send a canary"
    HUNG = "hung"


@dataclass(frozen=True)
class Observation:
    """``began`` and ``now``: seconds on the monotonic clock, before and after the probes.

    ``cpu``: seconds that the model's process has computed so far. ``canary``: its outcome; None when none was sent.
    """

    began: float
    now: float
    healthy: bool
    vitals: Vitals
    cpu: float
    canary: bool | None = None


@dataclass(frozen=True)
class Memory:
    """What is kept between two judgements."""

    last_look: float
    last_healthy: float
    proven: float  # when a canary last succeeded
    quiet_since: float | None = None  # start of the present silence
    cpu_then: float = 0.0  # of the model's process at that time


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    memory: Memory
    why: str = ""


def begin(now: float) -> Memory:
    """Memory at the moment at which Triton became ready."""
    return Memory(last_look=now, last_healthy=now, proven=now)


def judge(seen: Observation, memory: Memory, *, hang: float) -> Judgement:
    """``hang``: seconds without a sign of life that are too many."""
    if seen.began - memory.last_look > hang / 2 or seen.now - seen.began > hang:
        # This process was not running either (a frozen container, a starved node): nothing can be said of Triton.
        return Judgement(Verdict.ALIVE, begin(seen.now))
    memory = replace(memory, last_look=seen.now, last_healthy=seen.now if seen.healthy else memory.last_healthy)
    if seen.canary:
        memory = replace(memory, proven=seen.now)
    if seen.now - memory.last_healthy >= hang:
        return Judgement(Verdict.HUNG, memory, f"its health endpoints have not answered for {hang:g} s")
    if seen.now - max(seen.vitals.heartbeat, memory.proven) >= hang:
        return Judgement(Verdict.HUNG, memory, f"its model process has shown no sign of life for {hang:g} s")
    return _judge_tokens(seen, memory, hang=hang)


def _judge_tokens(seen: Observation, memory: Memory, *, hang: float) -> Judgement:
    quiet = seen.now - max(seen.vitals.activity, memory.proven)
    if not seen.vitals.running or quiet < hang * QUIET_SHARE:
        return Judgement(Verdict.ALIVE, replace(memory, quiet_since=None))
    since = memory.quiet_since
    if since is None:
        since = seen.now
        memory = replace(memory, quiet_since=since, cpu_then=seen.cpu)
    if seen.canary is None:
        return Judgement(Verdict.SEND_CANARY, memory)
    waited = seen.now - since
    computing = waited > 0 and (seen.cpu - memory.cpu_then) / waited >= BUSY_CPU
    if quiet >= hang * (BUSY_FACTOR if computing else 1):
        return Judgement(
            Verdict.HUNG,
            memory,
            f"no token came for {quiet:.0f} s while requests ran, and a generation of one token failed",
        )
    return Judgement(Verdict.ALIVE, memory)
