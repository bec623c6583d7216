"""Conditions over the life of a model, and the rules that no status may break."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_operator.crd.status import Status
from casava_operator.judge import Former, Refusal, judge, refuse
from casava_operator.judge.reasons import Reason
from casava_operator.keys import Manifest
from casava_operator.observe.facts import Probe, ReferredContracts, Scaling, ScalingMode
from casava_operator.place import Placement
from casava_wire.reasons import Condition, EngineReason
from casava_wire.state import Stage
from tests.unit.judge import gen

MODEL = gen.model()
PLAN = gen.planned(MODEL)
WELL = {
    "Accepted": ("True", "Accepted"),
    "Placed": ("True", "NoGPU"),
    "ModelCached": ("True", "Cached"),
    "ContractsReady": ("True", "NoContracts"),
    "Serving": ("True", "Serving"),
    "Ready": ("True", "Ready"),
    "Progressing": ("False", "Complete"),
    "Stalled": ("False", "AsExpected"),
    "Degraded": ("False", "AsExpected"),
}
INVALID = Refusal(2, Condition.ACCEPTED, Reason.INVALID_SPEC, "spec.contracts[0].schema", "line 2: no colon")
UNKNOWN_GPU = Refusal(2, Condition.PLACED, Reason.UNKNOWN_GPU, "spec.placement[0].gpu[0]", "did you mean L4?")


def well() -> Manifest:
    return gen.judged(MODEL, gen.seen(PLAN, [gen.pod()])).status


def starting(stage: Stage, **more: Any) -> dict[str, Any]:
    return gen.probes(gen.answer(PLAN, ready=False, model_info=None, engine=gen.engine(stage, **more)))


def test_a_model_that_serves_as_asked_says_so_in_every_condition() -> None:
    judgement = gen.judged(MODEL, gen.seen(PLAN, [gen.pod()]))
    assert gen.told(judgement) == WELL
    assert list(gen.told(judgement)) == [str(each) for each in Condition]
    assert "diagnosis" not in judgement.status
    assert judgement.requeue_after is None
    assert judgement.status["url"] == "http://chat.team.svc/v1"
    assert judgement.status["engine"]["backend"] == "llama-cpp"
    assert judgement.status["engine"]["modelDigest"] == "sha256:00"


def test_judging_again_what_has_not_changed_changes_nothing_not_even_after_the_first_time() -> None:
    first = gen.judged(MODEL, gen.seen(PLAN, [], made=gen.deployment(PLAN, ready=0)))
    assert gen.told(first)["Ready"] == ("False", "Starting")
    second = gen.judged(MODEL, gen.seen(PLAN, [], made=gen.deployment(PLAN, ready=0)), first.status)
    assert second.status == first.status


def test_starting_up_is_told_stage_by_stage() -> None:
    def told(pods: list[Manifest], answers: dict[str, Any], kind: str) -> tuple[str, str]:
        return gen.told(gen.judged(MODEL, gen.seen(PLAN, pods, answers), well() | {"observedGeneration": 0}))[kind]

    assert told([], {}, "ModelCached") == ("Unknown", "WaitingForPod")
    pods = [gen.pod(ready=False)]
    assert told(pods, starting(Stage.FETCHING), "ModelCached") == ("False", "Fetching")
    assert told(pods, starting(Stage.FETCHING), "Ready") == ("False", "Fetching")
    assert told(pods, starting(Stage.VERIFYING), "ModelCached") == ("False", "Verifying")
    assert told(pods, starting(Stage.STARTING), "ModelCached") == ("True", "Cached")
    assert told(pods, starting(Stage.STARTING), "Serving") == ("False", "Starting")
    assert told([gen.pod()], gen.probes(gen.answer(PLAN)), "Ready") == ("True", "Ready")


def test_progress_moves_in_tenths() -> None:
    def status(done: int) -> Manifest:
        answers = starting(Stage.FETCHING, bytes_done=done, bytes_total=2_000_000_000)
        return gen.judged(MODEL, gen.seen(PLAN, [gen.pod(ready=False)], answers)).status

    assert status(410_000_000) == status(590_000_000)
    assert status(610_000_000) != status(590_000_000)
    assert gen.condition(status(410_000_000), "ModelCached")["message"].endswith("20 % of 2.0 GB.")
    assert status(410_000_000)["progress"] == {
        "stage": "Fetching",
        "bytesDone": 400_000_000,
        "bytesTotal": 2_000_000_000,
    }


@pytest.mark.parametrize("reason", [EngineReason.MODEL_NOT_FOUND, EngineReason.CHECKSUM_MISMATCH])
def test_a_broken_model_file_is_told_by_every_condition_that_it_stops(reason: EngineReason) -> None:
    answers = starting(Stage.FAILED, reason=reason, message="/models/m.gguf is not there", model_cached=False)
    observation = gen.seen(PLAN, [gen.pod(ready=False)], answers)
    told = gen.told(gen.judged(MODEL, observation, well() | {"observedGeneration": 0}))
    assert told["ModelCached"] == told["Serving"] == told["Ready"] == ("False", reason)
    assert told["Stalled"] == told["Degraded"] == ("True", reason)


@pytest.mark.parametrize("ready", [0, 1])
def test_an_edit_is_not_ready_before_the_former_revision_is_gone(ready: int) -> None:
    edited = gen.model(generation=2, engine={"maxSequenceLength": 2048})
    plan = gen.planned(edited)
    rolling = gen.deployment(plan, ready=1 + ready, replicas=2, updatedReplicas=1)
    pods = [gen.pod("old", template="t1"), gen.pod("new", ready=bool(ready), template="t2")]
    told = gen.told(gen.judged(edited, gen.seen(plan, pods, made=rolling), well()))
    assert told["Serving"] == ("True", "Serving")
    assert told["Ready"] == ("False", "RollingOut")
    assert told["Progressing"] == ("True", "RollingOut")
    assert gen.told(gen.judged(edited, gen.seen(plan, pods[1:]), well()))["Ready"][0] == ("False", "True")[ready]


def test_a_new_revision_that_breaks_is_told_while_the_former_one_serves() -> None:
    edited = gen.model(generation=2, engine={"maxSequenceLength": 2048})
    plan = gen.planned(edited)
    crash = gen.container("engine", restarts=5, running={}, last={"exitCode": 1})
    new = gen.unready("new", engine=crash)
    new["metadata"]["labels"]["pod-template-hash"] = "t2"
    rolling = gen.deployment(plan, replicas=2, updatedReplicas=1)
    judgement = gen.judged(edited, gen.seen(plan, [gen.pod("old"), new], made=rolling), well())
    told = gen.told(judgement)
    assert told["Serving"] == ("True", "Serving")
    assert told["Ready"] == ("False", "CrashLoop")
    assert told["Degraded"] == ("True", "CrashLoop")
    assert gen.condition(judgement, "Ready")["message"].endswith("The former revision serves on.")


def test_a_deployment_that_still_holds_the_former_spec_is_never_ready() -> None:
    edited = gen.model(generation=2, engine={"maxSequenceLength": 2048})
    stale = gen.seen(gen.planned(edited), [gen.pod()], made=gen.deployment(PLAN))
    assert gen.told(gen.judged(edited, stale, well()))["Ready"] == ("False", "RollingOut")


def test_new_contracts_are_ready_only_when_every_ready_replica_serves_them() -> None:
    edited = gen.model(generation=2, contracts=[{"name": "invoice", "schema": gen.SCHEMA}])
    plan = gen.planned(edited)
    pods = [gen.pod("a"), gen.pod("b")]
    made = gen.deployment(gen.planned(edited, replicas=2), ready=2)
    old, new = gen.answer(PLAN), gen.answer(plan)

    def told(**answers: Any) -> dict[str, tuple[str, str]]:
        probes = {f"uid-{name}": gen.probe(status) for name, status in answers.items()}
        return gen.told(gen.judged(edited, gen.seen(plan, pods, probes, made=made), well()))

    for b, reason in ((old, "ContractsReloading"), (gen.answer(PLAN, contracts_error="bad"), "ContractsRefused")):
        assert [told(a=new, b=b)[kind] for kind in ("ContractsReady", "Ready")] == [("False", reason)] * 2
    both = told(a=new, b=new)
    assert (both["ContractsReady"], both["Ready"]) == (("True", "ContractsServed"), ("True", "Ready"))


def test_contracts_are_not_ready_while_no_replica_takes_requests() -> None:
    edited = gen.model(contracts=[{"name": "invoice", "schema": gen.SCHEMA}])
    told = gen.told(gen.judged(edited, gen.seen(gen.planned(edited), [gen.pod(ready=False)]), {}))
    assert told["ContractsReady"] == ("False", "WaitingForPod")


@pytest.mark.parametrize(
    ("referred", "reason"),
    [
        (ReferredContracts(deleted=("a@1", "b@1", "c@1", "d@1")), "ContractDeleted"),
        (ReferredContracts(replaced=("a@1",)), "ContractReplaced"),
    ],
)
def test_a_contract_that_is_gone_is_said_once_and_turns_nothing(referred: ReferredContracts, reason: str) -> None:
    seen = replace(gen.seen(PLAN, [gen.pod()]), referred=referred)
    judged = gen.judged(MODEL, seen, well())
    assert gen.told(judged) == {**WELL, "Accepted": ("True", reason)}
    message = judged.status["conditions"][0]["message"]
    assert "a@1" in message
    assert ("and 1 more" in message) == (len(referred.deleted) > 3)
    assert [(event.type, event.reason) for event in judged.events] == [("Warning", reason)]
    assert gen.judged(MODEL, seen, judged.status).events == ()


def test_scaling_up_and_an_operator_upgrade_leave_a_ready_model_ready() -> None:
    made = gen.deployment(gen.planned(MODEL, replicas=3), ready=1)
    told = gen.told(gen.judged(MODEL, gen.seen(PLAN, [gen.pod()], made=made), well()))
    assert (told["Ready"], told["Progressing"]) == (("True", "Ready"), ("True", "Starting"))
    rolling = gen.deployment(PLAN, replicas=2, updatedReplicas=1)
    told = gen.told(gen.judged(MODEL, gen.seen(PLAN, [gen.pod()], made=rolling), well()))
    assert (told["Ready"], told["Progressing"]) == (("True", "Ready"), ("True", "RollingOut"))
    due = gen.deployment(PLAN)
    due["metadata"]["annotations"]["casava.dev/template-hash"] = "older"
    told = gen.told(gen.judged(MODEL, gen.seen(PLAN, [gen.pod()], made=due), well()))
    assert (told["Ready"], told["Progressing"]) == (("True", "Ready"), ("True", "UpgradeQueued"))


def test_an_edit_that_the_deployments_controller_has_not_seen_leaves_the_status_of_the_generation_before() -> None:
    edited = gen.model(generation=2, replicas=2)
    made = gen.deployment(gen.planned(edited, replicas=2), replicas=1, updatedReplicas=1, ready=1)
    made["metadata"]["generation"] = 2
    before = well()
    unseen = gen.judged(edited, gen.seen(PLAN, [gen.pod()], made=made, scaling=Scaling(2, ScalingMode.OFF)), before)
    assert unseen.status["conditions"] == before["conditions"]
    assert unseen.status["observedGeneration"] == 1
    assert unseen.status["scaling"]["desired"] == 2
    assert unseen.requeue_after is None
    made["status"]["observedGeneration"] = 2
    taken_up = gen.judged(edited, gen.seen(PLAN, [gen.pod()], made=made), unseen.status, after=1)
    assert gen.told(taken_up)["Ready"] == ("True", "Ready")
    assert gen.told(taken_up)["Progressing"] == ("True", "Scaling")
    assert gen.condition(taken_up, "Ready")["lastTransitionTime"] == "2026-03-01T12:00:00Z"


def test_a_model_whose_only_replica_breaks_is_not_ready_any_more() -> None:
    hung = starting(Stage.FAILED, reason=EngineReason.TRITON_HUNG, message="no token for 30 s; it was ended")
    judgement = gen.judged(MODEL, gen.seen(PLAN, [gen.pod(ready=False)], hung), well(), after=60)
    told = gen.told(judgement)
    assert told["Serving"] == told["Ready"] == ("False", "TritonHung")
    assert told["Degraded"] == ("True", "TritonHung")
    assert told["Stalled"] == ("False", "AsExpected")
    assert "no token for 30 s" in gen.condition(judgement, "Ready")["message"]
    back = gen.judged(MODEL, gen.seen(PLAN, [gen.pod()]), judgement.status, after=90)
    assert gen.told(back) == WELL


def test_no_replicas_were_asked_for() -> None:
    none = gen.model(replicas=0)
    plan = gen.planned(none, replicas=0)
    told = gen.told(gen.judged(none, gen.seen(plan, []), well()))
    assert told["Ready"] == told["Serving"] == ("False", "NoReplicas")
    assert told["Progressing"] == ("False", "Complete")


def test_a_gpu_that_no_node_has_is_waited_for() -> None:
    pods = [gen.unscheduled("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")]
    waiting = gen.waiting_placement()
    judgement = gen.judged(MODEL, gen.seen(PLAN, pods), well(), placement=waiting)
    assert gen.told(judgement)["Placed"] == ("Unknown", "WaitingForNode")
    assert "1 x L4" in gen.condition(judgement, "Placed")["message"]
    assert "2 x T4" in gen.condition(judgement, "Placed")["message"]
    assert gen.told(judgement)["Degraded"] == ("False", "AsExpected")
    assert gen.causes(judgement) == ["WaitingForNode", "NoMatchingNode"]
    assert gen.told(gen.judged(MODEL, gen.seen(PLAN, [gen.pod()]), placement=waiting))["Placed"] == (
        "True",
        "Scheduled",
    )


def test_a_full_cluster_is_waited_for() -> None:
    pods = [gen.unscheduled("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.")]
    judgement = gen.judged(MODEL, gen.seen(PLAN, pods), well(), placement=gen.gpu_placement())
    assert gen.told(judgement)["Placed"] == gen.told(judgement)["Placed"] == ("Unknown", "InsufficientResources")


def test_a_gpu_that_is_not_used_degrades_a_model_that_is_ready() -> None:
    judgement = gen.judged(MODEL, gen.seen(PLAN, [gen.pod()]), placement=gen.gpu_placement())
    assert gen.told(judgement)["Ready"] == ("True", "Ready")
    assert gen.told(judgement)["Degraded"] == ("True", "GPUNotUsed")
    assert gen.causes(judgement) == ["GPUNotUsed"]
    assert judgement.status["placement"] == {"entry": 0, "gpu": ["L4"], "count": 1, "summary": "1 x L4"}


def test_what_does_not_block_is_not_the_reason_of_a_model_that_is_not_ready() -> None:
    edited = gen.model(generation=2, engine={"maxSequenceLength": 2048})
    rolling = gen.deployment(gen.planned(edited), replicas=2, updatedReplicas=1)
    pods = [gen.pod("old"), gen.pod("new", ready=False, template="t2")]
    observation = gen.seen(gen.planned(edited), pods, made=rolling)
    told = gen.told(gen.judged(edited, observation, well(), placement=gen.gpu_placement()))
    assert told["Ready"] == ("False", "RollingOut")
    assert told["Degraded"] == ("True", "GPUNotUsed")


def test_a_stopped_rollout_is_stalled_and_names_the_cause() -> None:
    late = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    pods = [gen.unscheduled("0/1 nodes are available: 1 Insufficient cpu.")]
    made = gen.deployment(PLAN, ready=0, conditions=late)
    judgement = gen.judged(MODEL, gen.seen(PLAN, pods, made=made), well())
    assert gen.told(judgement)["Stalled"] == ("True", "ProgressDeadlineExceeded")
    assert "Insufficient cpu" in gen.condition(judgement, "Stalled")["message"]
    assert gen.told(judgement)["Progressing"] == ("False", "ProgressDeadlineExceeded")
    assert gen.told(judgement)["Ready"] == ("False", "InsufficientResources")


def test_the_deadline_of_a_rollout_is_the_only_requeue() -> None:
    began = [{"type": "Progressing", "status": "True", "lastUpdateTime": "2026-03-01T11:50:00Z"}]
    made = gen.deployment(PLAN, ready=0, conditions=began)
    observation = gen.seen(PLAN, [], made=made)
    assert gen.judged(MODEL, observation).requeue_after == 1800 - 600 + 1
    assert gen.judged(MODEL, observation, after=1300).requeue_after is None


@pytest.mark.parametrize("refusal", [INVALID, UNKNOWN_GPU])
def test_a_refused_spec_is_told_while_the_former_one_serves(refusal: Refusal) -> None:
    former = Former(MODEL, Placement(), gen.seen(PLAN, [gen.pod()]))
    judgement = refuse(refusal, former, well(), gen.NOW)
    told = gen.told(judgement)
    assert told["Accepted"] == told["Ready"] == ("False", refusal.reason)
    assert told[refusal.condition] == ("False", refusal.reason)
    assert told["Serving"] == ("True", "Serving")
    assert told["Stalled"] == ("True", refusal.reason)
    message = gen.condition(judgement, "Accepted")["message"]
    assert refusal.path in message
    assert refusal.message in message
    assert "serves on" in message
    assert judgement.status["observedGeneration"] == 2
    assert gen.causes(judgement) == [refusal.reason]
    assert judgement.status["url"]
    assert [event.reason for event in judgement.events] == [refusal.reason]


@pytest.mark.parametrize("reason", [Reason.FORBIDDEN, Reason.CONFLICT])
def test_what_no_edit_mends_asks_for_none(reason: Reason) -> None:
    refusal = Refusal(2, Condition.ACCEPTED, reason, "", "exceeded quota: pods")
    judgement = refuse(refusal, Former(MODEL, Placement(), gen.seen(PLAN, [gen.pod()])), well(), gen.NOW)
    (told,) = judgement.status["diagnosis"]
    assert told["evidence"] == "exceeded quota: pods."
    assert "Edit" not in told["nextAction"]
    assert "tried again by itself" in told["nextAction"]


def test_a_spec_that_was_refused_from_the_start_runs_nothing() -> None:
    judgement = refuse(INVALID, None, None, gen.NOW)
    told = gen.told(judgement)
    assert told["Accepted"] == ("False", "InvalidSpec")
    assert told["Serving"] == ("False", "NotAccepted")
    assert told["ModelCached"] == ("Unknown", "NotAccepted")
    assert told["Stalled"] == ("True", "InvalidSpec")
    assert "replicas" not in judgement.status


def test_a_spec_that_is_mended_becomes_ready_under_its_own_generation() -> None:
    refused = refuse(INVALID, Former(MODEL, Placement(), gen.seen(PLAN, [gen.pod()])), well(), gen.NOW).status
    mended = gen.judged(gen.model(generation=3), gen.seen(PLAN, [gen.pod()]), refused)
    assert gen.told(mended) == WELL
    assert {each["observedGeneration"] for each in mended.status["conditions"]} == {3}
    assert [(event.type, event.reason) for event in mended.events] == [("Normal", "Accepted"), ("Normal", "Ready")]


def test_an_operator_that_has_just_started_writes_nothing_before_pods_have_answered() -> None:
    broken = starting(Stage.FAILED, reason=EngineReason.MODEL_CORRUPT, message="no GGUF", model_cached=False)
    observation = gen.seen(PLAN, [gen.pod(ready=False)], broken)
    before = gen.judged(MODEL, observation, well(), placement=gen.gpu_placement()).status
    restarted = gen.judged(
        MODEL, gen.seen(PLAN, [gen.pod(ready=False)], {}), before, placement=gen.gpu_placement(), after=500
    )
    assert restarted.status == before | {"scaling": restarted.status["scaling"]}
    assert restarted.events == ()
    assert restarted.requeue_after is not None
    asked = gen.judged(
        MODEL, gen.seen(PLAN, [gen.pod(ready=False)], broken), before, placement=gen.gpu_placement(), after=501
    )
    assert asked.status == before


def test_a_new_generation_does_not_wait_for_answers() -> None:
    edited = gen.model(generation=2)
    assert gen.judged(edited, gen.seen(PLAN, [gen.pod()], {}), well()).status["observedGeneration"] == 2


def test_a_changed_number_of_replicas_is_written_even_while_pods_are_unasked() -> None:
    observation = gen.seen(PLAN, [gen.pod()], {}, scaling=Scaling(3, ScalingMode.AUTO, "9 requests in flight"))
    judgement = gen.judged(MODEL, observation, well())
    assert judgement.status["scaling"]["desired"] == 3
    assert [(event.reason, event.message) for event in judgement.events] == [
        ("ScaledUp", "1 -> 3 replicas: 9 requests in flight.")
    ]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (ScalingMode.OFF, ("spec.replicas is set", "kubectl patch casava chat")),
        (ScalingMode.FIXED, ("spec.scaling.maxReplicas",)),
        (ScalingMode.AUTO, ("Between 1 and 3 replicas", "6 requests in flight")),
    ],
)
def test_who_scales_is_told(mode: ScalingMode, words: tuple[str, ...]) -> None:
    scaled = gen.model(scaling={"maxReplicas": 3})
    status = gen.judged(scaled, gen.seen(PLAN, [gen.pod()], scaling=Scaling(2, mode))).status["scaling"]
    assert (status["desired"], status["mode"]) == (2, mode)
    assert all(word in status["message"] for word in words)


def test_events_tell_transitions_alone() -> None:
    first = gen.judged(MODEL, gen.seen(PLAN, [gen.pod()]))
    assert [(event.type, event.reason) for event in first.events] == [("Normal", "Ready")]
    assert gen.judged(MODEL, gen.seen(PLAN, [gen.pod()]), first.status, after=9).events == ()
    hung = starting(Stage.FAILED, reason=EngineReason.TRITON_HUNG, message="no token")
    broken = gen.judged(MODEL, gen.seen(PLAN, [gen.pod(ready=False)], hung), first.status)
    assert [(event.type, event.reason) for event in broken.events] == [("Warning", "TritonHung")]
    mended = gen.judged(MODEL, gen.seen(PLAN, [gen.pod()]), broken.status)
    assert [(event.type, event.reason) for event in mended.events] == [("Normal", "Ready"), ("Normal", "Recovered")]


def test_the_time_of_a_transition_is_kept_while_only_reason_or_message_change() -> None:
    fetching = gen.judged(MODEL, gen.seen(PLAN, [gen.pod(ready=False)], starting(Stage.FETCHING)))
    verifying = gen.judged(
        MODEL, gen.seen(PLAN, [gen.pod(ready=False)], starting(Stage.VERIFYING)), fetching.status, after=60
    )
    cached = gen.judged(
        MODEL, gen.seen(PLAN, [gen.pod(ready=False)], starting(Stage.STARTING)), verifying.status, after=90
    )
    times = [gen.condition(each, "ModelCached")["lastTransitionTime"] for each in (fetching, verifying, cached)]
    assert times == ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:01:30Z"]


PODS = st.sampled_from(
    [
        gen.pod("p"),
        gen.pod("p", ready=False),
        gen.pod("p", ready=False, phase="Failed", reason="Evicted"),
        gen.unscheduled("0/1 nodes are available: 1 Insufficient cpu.", "p"),
        gen.unready("p", engine=gen.container("engine", restarts=3, running={}, last={"exitCode": 139})),
        gen.unready("p", engine=gen.container("engine", waiting={"reason": "ErrImagePull", "message": "not found"})),
    ]
)
ANSWERS = st.one_of(
    st.none(),
    st.builds(
        lambda stage, running, reason: gen.answer(
            PLAN, ready=stage is Stage.SERVING, running=running, engine=gen.engine(stage, reason)
        ),
        st.sampled_from(list(Stage)),
        st.integers(0, 99),
        st.sampled_from(["", *EngineReason]),
    ),
)
COUNTS = st.fixed_dictionaries(
    {name: st.integers(0, 3) for name in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")}
)
WORLDS = st.tuples(st.lists(st.tuples(PODS, ANSWERS), max_size=3), COUNTS, st.integers(1, 2))


def world(found: Any, previous: Manifest | None, after: float = 0.0) -> Any:
    pairs, counts, generation = found
    pods: list[Manifest] = []
    answers: dict[str, Probe] = {}
    for index, (pod, status) in enumerate(pairs):
        name = f"p{index}"
        pods.append({**pod, "metadata": {**pod["metadata"], "name": name, "uid": f"uid-{name}"}})
        answers |= gen.probes(status, name, error="" if status else "it refused the connection")
    edited = gen.model(generation=generation)
    observation = gen.seen(PLAN, pods, answers, made=gen.deployment(PLAN, **counts))
    return gen.judged(edited, observation, previous, after=after)


@given(WORLDS)
def test_a_status_fits_the_schema_and_never_claims_ready_without_a_ready_replica(found: Any) -> None:
    judgement = world(found, None)
    Status.model_validate(judgement.status, extra="forbid")
    told = gen.told(judgement)
    if told["Ready"][0] == "True":
        assert told["Serving"][0] == "True"
    assert all(len(each["message"]) <= 1024 and each["message"] for each in judgement.status["conditions"])
    assert {each["observedGeneration"] for each in judgement.status["conditions"]} == {found[2]}


@given(WORLDS)
def test_judged_again_later_with_the_same_facts_a_status_is_the_same(found: Any) -> None:
    second = world(found, world(found, None).status, after=10)  # the first says Unknown
    third = world(found, second.status, after=500)
    assert third.status == second.status
    assert third.events == ()


@given(WORLDS, WORLDS)
def test_times_of_transition_move_exactly_with_the_status_of_a_condition(first: Any, second: Any) -> None:
    before, after = world(first, None).status, world(second, world(first, None).status, after=60).status
    for old in before["conditions"]:
        new = gen.condition(after, old["type"])
        assert (old["status"] == new["status"]) == (old["lastTransitionTime"] == new["lastTransitionTime"])


def test_judge_does_not_change_what_it_is_given() -> None:
    before = well()
    kept = gen.judged(MODEL, gen.seen(PLAN, [gen.pod()])).status
    judge(MODEL, Placement(), gen.seen(PLAN, []), before, gen.NOW)
    assert before == kept
