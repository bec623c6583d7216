"""The store: the newest word about an object wins, whatever side it comes from."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from casava_operator.keys import Key
from casava_operator.kube.resources import CASAVA_MODEL, CONFIG_MAP, DEPLOYMENT, NODE, POD, Resource
from casava_operator.upgrade import TURN
from casava_operator.watch.store import TOMBSTONES, Store, owned_by
from casava_wire import labels

KEY = Key("ns", "chat")


def body(resource: Resource, name: str, version: int, *, uid: str = "", owner: str = "m1", **more: Any) -> Any:
    metadata: dict[str, Any] = {
        "name": name,
        "uid": uid or f"{resource.plural}-{name}",
        "resourceVersion": str(version),
        "generation": 1,
    }
    if resource.namespaced:
        metadata["namespace"] = "ns"
    if resource is POD:
        metadata["labels"] = {labels.MODEL: "chat"}
    elif resource not in {CASAVA_MODEL, NODE}:
        controller = {"apiVersion": labels.API_VERSION, "kind": labels.KIND, "name": "chat", "uid": owner}
        metadata["ownerReferences"] = [{**controller, "controller": True}]
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **more}


MODEL = body(CASAVA_MODEL, "chat", 1, uid="m1")


@given(st.permutations([1, 2, 3, 4]))
def test_words_about_an_object_may_come_in_any_order(versions: list[int]) -> None:
    store = Store()
    for version in versions:
        store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", version, data={"v": str(version)}))
    (found,) = store.snapshot(KEY).of(CONFIG_MAP)
    assert found["data"] == {"v": "4"}


def test_what_is_known_already_calls_for_nothing() -> None:
    store = Store()
    assert store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 5)) == {KEY}
    assert store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 5)) == set()
    assert store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 4)) == set()


def test_a_late_answer_does_not_revive_what_is_deleted() -> None:
    store = Store()
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 5))
    assert store.forget("configmaps-c", 7) == {KEY}
    assert store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 6)) == set()
    assert store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 7)) == set()
    assert store.snapshot(KEY).of(CONFIG_MAP) == ()
    for number in range(TOMBSTONES + 10):
        store.forget(f"other-{number}", 8)
    assert len(store._gone) == TOMBSTONES


def test_what_comes_back_into_sight_is_known_again() -> None:
    store = Store()
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 5))
    store.forget("configmaps-c", 6)  # its label was taken away
    assert store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 7)) == {KEY}
    assert store.forget("configmaps-c", 8) == {KEY}
    assert store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 7)) == set()


def test_a_snapshot_holds_the_model_and_what_belongs_to_it() -> None:
    store = Store()
    store.remember(CASAVA_MODEL, MODEL)
    store.remember(POD, body(POD, "b", 2))
    store.remember(POD, body(POD, "a", 3))
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "own", 4))
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "former", 5, owner="m0"))
    seen = store.snapshot(KEY)
    assert seen.model == MODEL
    assert [each["metadata"]["name"] for each in seen.of(POD)] == ["a", "b"]
    assert [each["metadata"]["name"] for each in owned_by(seen, CONFIG_MAP, "m1")] == ["own"]
    assert seen.find(CONFIG_MAP, "former") is not None
    assert seen.find(CONFIG_MAP, "none") is None
    assert store.snapshot(Key("ns", "other")).model is None


def test_an_object_that_changes_its_owner_concerns_both() -> None:
    store = Store()
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "c", 1))
    moved = body(CONFIG_MAP, "c", 2)
    moved["metadata"]["ownerReferences"][0]["name"] = "other"
    assert store.remember(CONFIG_MAP, moved) == {KEY, Key("ns", "other")}
    assert store.snapshot(KEY).of(CONFIG_MAP) == ()


def test_an_object_without_a_controller_of_ours_belongs_to_nobody() -> None:
    store = Store()
    foreign = body(CONFIG_MAP, "c", 1)
    foreign["metadata"]["ownerReferences"][0]["apiVersion"] = "apps/v1"
    foreign["metadata"]["labels"] = {labels.MODEL: "chat"}
    assert store.remember(CONFIG_MAP, foreign) == set()
    assert store.forget("configmaps-c", 9) == set()


def test_a_node_that_only_reports_itself_is_no_news() -> None:
    store = Store()
    store.remember(CASAVA_MODEL, MODEL)
    ready = {"type": "Ready", "status": "True"}
    status: dict[str, Any] = {"allocatable": {"cpu": "2"}, "conditions": [{**ready, "lastHeartbeatTime": "1"}]}
    assert store.remember(NODE, body(NODE, "n", 1, status=status)) == {KEY}
    status["conditions"] = [{**ready, "lastHeartbeatTime": "2"}]
    assert store.remember(NODE, body(NODE, "n", 2, status=status)) == set()
    status["conditions"] = [{"type": "Ready", "status": "False"}]
    assert store.remember(NODE, body(NODE, "n", 3, status=status)) == {KEY}
    assert len(store.nodes()) == 1
    assert store.forget("nodes-n", 99) == {KEY}
    assert store.nodes() == []


def test_ghosts_are_those_that_do_not_live_and_were_not_heard_of_since() -> None:
    store = Store()
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "ghost", 1))
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "alive", 2))
    began = store.time()
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "fresh", 3))
    assert store.unheard_since(CONFIG_MAP, began, {"configmaps-alive"}, None) == ["configmaps-ghost"]
    assert store.unheard_since(CONFIG_MAP, began, {"configmaps-alive"}, "other") == []
    assert store.unheard_since(DEPLOYMENT, began, set(), None) == []
    store.remember(CONFIG_MAP, body(CONFIG_MAP, "ghost", 1))  # it is heard of again, unchanged
    assert store.unheard_since(CONFIG_MAP, began, {"configmaps-alive"}, None) == []


def test_a_deployment_on_turn_is_known_until_its_rollout_is_complete() -> None:
    store = Store()
    rolling = body(DEPLOYMENT, "chat", 1)
    rolling["metadata"]["annotations"] = {labels.TEMPLATE_HASH: "t", TURN: "t"}
    store.remember(DEPLOYMENT, rolling)
    assert store.on_turn() == {KEY}
    conditions = [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]
    done = {**rolling, "status": {"observedGeneration": 1, "conditions": conditions}}
    done["metadata"] = {**rolling["metadata"], "resourceVersion": "2"}
    store.remember(DEPLOYMENT, done)
    assert store.on_turn() == set()
