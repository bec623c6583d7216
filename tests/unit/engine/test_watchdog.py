"""When Triton is held for hung: a pure judgement, told as a timeline in seconds."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from casava_engine.vitals import Vitals
from casava_engine.watchdog import Judgement, Memory, Observation, Verdict, begin, judge

HANG = 15.0


class Timeline:
    """Look once a second; the canary is sent when asked for, and gives ``canary``."""

    def __init__(self) -> None:
        self.now = 100.0
        self.memory: Memory = begin(self.now)
        self.canaries = 0
        self.cpu = 0.0

    def pass_seconds(
        self,
        seconds: int,
        *,
        healthy: bool = True,
        beats: bool = True,
        running: int = 0,
        activity: float | None = None,
        canary: bool = False,
        cpu_share: float = 0.0,
    ) -> Judgement:
        verdict = Judgement(Verdict.ALIVE, self.memory)
        beat = self.now
        for _ in range(seconds):
            self.now += 1
            self.cpu += cpu_share
            beat = self.now if beats else beat
            vitals = Vitals(
                1, beat, self.now if activity is None else activity, running, 0, 0, loaded=True, refused=False
            )
            seen = Observation(self.now, self.now, healthy, vitals, self.cpu)
            verdict = judge(seen, self.memory, hang=HANG)
            if verdict.verdict is Verdict.SEND_CANARY:
                self.canaries += 1
                verdict = judge(replace(seen, canary=canary), verdict.memory, hang=HANG)
            self.memory = verdict.memory
            if verdict.verdict is Verdict.HUNG:
                break
        return verdict


def test_an_idle_healthy_server_lives_for_ever_without_a_canary() -> None:
    timeline = Timeline()
    assert timeline.pass_seconds(10_000, activity=0).verdict is Verdict.ALIVE
    assert timeline.canaries == 0


def test_health_endpoints_that_do_not_answer_are_a_hang_after_the_timeout_and_not_before() -> None:
    timeline = Timeline()
    assert timeline.pass_seconds(14, healthy=False).verdict is Verdict.ALIVE
    assert timeline.pass_seconds(2, healthy=False).verdict is Verdict.HUNG


def test_one_answer_in_time_starts_the_count_anew() -> None:
    timeline = Timeline()
    for _ in range(5):
        assert timeline.pass_seconds(13, healthy=False).verdict is Verdict.ALIVE
        timeline.pass_seconds(1)


def test_a_model_process_without_a_heartbeat_is_a_hang_even_when_idle() -> None:
    timeline = Timeline()
    assert timeline.pass_seconds(20, beats=False).why.startswith("its model process")
    assert timeline.now == 115


def test_requests_without_tokens_are_a_hang_when_the_canary_fails_too() -> None:
    timeline = Timeline()
    judgement = timeline.pass_seconds(60, running=1, activity=100)
    assert judgement.verdict is Verdict.HUNG
    assert timeline.now == 115
    assert timeline.canaries > 0


def test_a_canary_that_answers_shows_that_the_engine_lives() -> None:
    timeline = Timeline()
    assert timeline.pass_seconds(600, running=1, activity=100, canary=True).verdict is Verdict.ALIVE
    assert timeline.canaries < 100


def test_a_big_prompt_on_a_slow_cpu_is_no_hang_while_it_computes() -> None:
    timeline = Timeline()
    assert timeline.pass_seconds(200, running=1, activity=100, cpu_share=0.9).verdict is Verdict.ALIVE
    assert timeline.pass_seconds(200, running=1, activity=100, cpu_share=0.9).verdict is Verdict.HUNG


def test_a_frozen_container_is_not_held_against_triton() -> None:
    timeline = Timeline()
    timeline.now += 3600
    assert timeline.pass_seconds(5, healthy=False, beats=False, activity=0, running=1).verdict is Verdict.ALIVE


@given(st.lists(st.booleans(), max_size=200))
def test_a_server_that_answers_at_least_every_other_look_is_never_ended(answers: list[bool]) -> None:
    timeline = Timeline()
    for answer in answers:
        assert timeline.pass_seconds(1, healthy=answer).verdict is Verdict.ALIVE
        assert timeline.pass_seconds(1).verdict is Verdict.ALIVE
