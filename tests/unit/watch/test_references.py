"""Who must look again when an OutputContract or a reference to one comes or goes."""

from typing import Any

from casava_operator.keys import ContractKey, Key
from casava_operator.kube.resources import CASAVA_MODEL, CONTROLLER_REVISION, OUTPUT_CONTRACT, POD
from casava_operator.watch.store import Store

CHAT = Key("ns", "chat")
ONE, TWO, THREE = (ContractKey("ns", f"invoice-v{number}") for number in (1, 2, 3))


def model(version: int, *references: str, uid: str = "m1") -> dict[str, Any]:
    metadata = {"name": "chat", "namespace": "ns", "uid": uid, "resourceVersion": str(version), "generation": version}
    contracts = [{"name": f"n{index}", "contractRef": each} for index, each in enumerate(references)]
    return {"metadata": metadata, "spec": {"contracts": [*contracts, {"name": "inline", "schema": "{}"}]}}


def revision(number: int, *references: str) -> dict[str, Any]:
    controller = {"apiVersion": "casava.dev/v1alpha1", "kind": "CasavaModel", "name": "chat", "uid": "m1"}
    metadata = {"name": f"chat-{number}", "namespace": "ns", "uid": f"r{number}", "resourceVersion": str(10 + number)}
    owned = {**metadata, "ownerReferences": [{**controller, "controller": True}]}
    return {"metadata": owned, "revision": number, "data": {"spec": {}, "contracts": {key: {} for key in references}}}


def contract(number: int, version: int = 20, uid: str = "") -> dict[str, Any]:
    name = f"invoice-v{number}"
    metadata = {"name": name, "namespace": "ns", "uid": uid or name, "resourceVersion": str(version)}
    return {"metadata": metadata, "spec": {"contract": "invoice", "version": number}}


def test_a_contract_that_appears_calls_up_the_models_that_wait_for_it() -> None:
    store = Store()
    assert store.remember(CASAVA_MODEL, model(1, "invoice@3")) == {CHAT, THREE}
    assert store.references.users(THREE) == [CHAT]
    assert store.remember(OUTPUT_CONTRACT, contract(3)) == {THREE, CHAT}
    body = store.contract(THREE)
    assert body is not None
    assert body["spec"]["version"] == 3
    assert store.contract(TWO) is None


def test_its_own_status_calls_up_nobody_else() -> None:
    store = Store()
    store.remember(CASAVA_MODEL, model(1, "invoice@3"))
    store.remember(OUTPUT_CONTRACT, contract(3))
    assert store.remember(OUTPUT_CONTRACT, contract(3, 21)) == {THREE}


def test_a_contract_that_goes_calls_up_its_models_and_the_versions_after_it() -> None:
    store = Store()
    store.remember(CASAVA_MODEL, model(1, "invoice@2"))
    for number in (1, 2, 3):
        store.remember(OUTPUT_CONTRACT, contract(number))
    assert store.references.former(THREE) == TWO
    assert store.forget("invoice-v2", 30) == {TWO, THREE, CHAT}
    assert store.references.former(THREE) == ONE
    assert store.contract(TWO) is None


def test_a_contract_made_again_under_its_name_outlives_the_late_end_of_the_former_one() -> None:
    store = Store()
    store.remember(OUTPUT_CONTRACT, contract(3, 20, "first"))
    store.remember(OUTPUT_CONTRACT, contract(3, 25, "second"))
    assert store.forget("first", 24) == set()
    assert store.contract(THREE) is not None


def test_models_use_what_their_spec_and_their_last_accepted_spec_refer_to() -> None:
    store = Store()
    store.remember(CONTROLLER_REVISION, revision(1, "invoice@1"))
    store.remember(CASAVA_MODEL, model(1, "invoice@2"))
    assert [store.references.users(key) for key in (ONE, TWO)] == [[CHAT], [CHAT]]
    assert store.remember(CONTROLLER_REVISION, revision(2, "invoice@2")) >= {ONE, TWO}
    assert [store.references.users(key) for key in (ONE, TWO)] == [[], [CHAT]]


def test_a_model_that_goes_uses_nothing() -> None:
    store = Store()
    store.remember(CASAVA_MODEL, model(1, "invoice@3"))
    assert store.remember(CASAVA_MODEL, model(2)) == {CHAT, THREE}
    store.remember(CASAVA_MODEL, model(3, "invoice@3"))
    assert store.forget("m1", 4) == {CHAT, THREE}
    assert store.references.users(THREE) == []
    assert store.references._of_contract == {}
    assert store.references._said == {}


def test_other_objects_say_nothing() -> None:
    pod = {"metadata": {"name": "p", "namespace": "ns", "uid": "p", "resourceVersion": "1"}}
    assert Store().references.remember(POD, pod, CHAT) == set()
