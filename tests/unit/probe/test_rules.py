"""Which pods are asked, how often, and what an answer is worth."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_operator.keys import Manifest
from casava_operator.observe.pods import pod_facts
from casava_operator.probe.rules import BadAnswer, Subject, facts, interval, parse_status, subject_of
from casava_wire.state import Stage
from tests.unit.judge import gen

PLAN = gen.planned(gen.model())


def subject(pod: Manifest | None = None, *, scaled: bool = False) -> Subject | None:
    manifest = pod or gen.pod()
    return subject_of(
        pod_facts(manifest, None),
        model="chat",
        port=9090,
        scaled=scaled,
        contracts_digest=PLAN.contracts_digest,
    )


def asked(pod: Manifest | None = None, *, scaled: bool = False) -> Subject:
    found = subject(pod, scaled=scaled)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("address", "url"),
    [("10.0.0.5", "http://10.0.0.5:9090/status"), ("fd00::5", "http://[fd00::5]:9090/status")],
)
def test_an_address_of_either_family_becomes_a_url(address: str, url: str) -> None:
    assert asked(gen.pod(podIP=address)).url == url


@pytest.mark.parametrize("address", ["", "evil.example", "10.0.0.5/@evil", "10.0.0.5:1#", "fe80::1%eth0:80/x?"])
def test_what_is_no_address_is_not_asked(address: str) -> None:
    assert subject(gen.pod(podIP=address)) is None


@pytest.mark.parametrize(
    "pod",
    [
        gen.unscheduled("0/0 nodes are available"),
        gen.unready(sidecar=gen.container("sidecar", waiting={"reason": "PodInitializing"})),
        gen.pod(phase="Failed"),
        {**gen.pod(), "metadata": {"name": "x", "deletionTimestamp": "2026-03-01T12:00:00Z"}},
    ],
)
def test_a_pod_without_a_running_sidecar_or_on_its_way_out_is_not_asked(pod: Manifest) -> None:
    assert subject(pod) is None


def test_a_pod_that_has_said_everything_is_left_alone_and_one_that_scales_is_asked_each_second_under_load() -> None:
    assert interval(asked(), gen.answer(PLAN), unchanged=0) is None
    assert interval(asked(scaled=True), gen.answer(PLAN, waiting=1), unchanged=9999) == 1.0
    assert interval(asked(scaled=True), gen.answer(PLAN), unchanged=9999) == 2.5
    assert interval(asked(scaled=True), gen.answer(PLAN), unchanged=9999, missed=True) == 1.0
    assert interval(asked(scaled=True), None, unchanged=9999) == 5.0
    assert interval(asked(), gen.answer(PLAN), unchanged=0, missed=True) == 1.0


MORE_TO_SAY: dict[str, dict[str, Any]] = {
    "older contracts": {"contracts_digest": "sha256:older"},
    "contracts that it refused": {"contracts_error": "invoice: bad"},
    "no model": {"model_info": None},
    "not ready": {"ready": False},
}


@pytest.mark.parametrize("fields", MORE_TO_SAY.values(), ids=MORE_TO_SAY)
def test_a_pod_with_more_to_say_is_asked_again(fields: dict[str, Any]) -> None:
    status = gen.answer(PLAN).model_copy(update=fields)
    assert interval(asked(), status, unchanged=0) == 1.0
    assert interval(asked(), status, unchanged=9999) == 5.0


def test_a_pod_that_stays_broken_is_asked_ever_more_rarely() -> None:
    broken = asked(gen.pod(ready=False))
    waits = [interval(broken, None, unchanged=seconds) for seconds in (0, 10, 100, 1000, 100_000)]
    assert waits == [1.0, 1.0, 10.0, 30.0, 30.0]


def test_a_change_that_the_kubelet_sees_makes_another_incarnation() -> None:
    restarted = gen.pod(initContainerStatuses=[gen.container("engine", restarts=1, ready=True, running={})])
    assert asked(restarted).incarnation != asked().incarnation
    assert asked(gen.pod(ready=False)).incarnation != asked().incarnation
    assert asked() == asked()


def test_loads_and_single_bytes_change_no_facts_but_stages_and_tenths_do() -> None:
    def of(done: int, running: int = 0) -> object:
        state = gen.engine(Stage.FETCHING, bytes_done=done, bytes_total=1000)
        return facts(gen.answer(PLAN, engine=state, running=running), "")

    assert of(410) == of(490, running=5)
    assert of(510) != of(490)
    assert facts(gen.answer(PLAN, engine=gen.engine(Stage.STARTING)), "") != of(490)
    assert facts(None, "it refused the connection") != facts(None, "it did not answer within 1 s")


def test_an_answer_is_read() -> None:
    status = gen.answer(PLAN, running=2, waiting=1)
    assert parse_status(status.to_json().encode(), "chat") == status


def test_an_answer_for_another_model_is_none() -> None:
    with pytest.raises(BadAnswer, match="another model"):
        parse_status(gen.answer(PLAN).to_json().encode(), "other")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_status_or_a_bad_answer_that_repeats_none_of_them(body: bytes) -> None:
    with pytest.raises(BadAnswer) as caught:
        parse_status(body, "chat")
    assert str(caught.value) == "its answer is not a status"


@pytest.mark.parametrize(
    "body", [b'{"model": "chat"}', b"[" * 60_000, b'{"model": "chat", "ready": true, "running": "x"}']
)
def test_an_incomplete_or_hostile_status_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse_status(body, "chat")
