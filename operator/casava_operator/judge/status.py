"""The rest of a CasavaModel's status: what the children are, without anything that flickers."""

from collections.abc import Mapping
from typing import Any

from casava_operator.judge.conditions import newest
from casava_operator.judge.types import Case
from casava_operator.keys import Manifest
from casava_operator.observe.facts import Scaling, ScalingMode
from casava_operator.observe.pods import tenths
from casava_operator.spec import CasavaModel
from casava_wire.state import ModelInfo, Stage


def fields(case: Case, previous: Mapping[str, Any]) -> Manifest:
    """Everything but conditions, diagnosis and observedGeneration. Empty members are left out."""
    seen = case.seen
    found = seen.deployment
    members: Manifest = {
        **remembered(case),
        "engine": _engine(case, previous),
        "replicas": found.total if found else 0,
        "readyReplicas": found.ready if found else 0,
        "updatedReplicas": found.updated if found else 0,
        "selector": seen.expected.selector,
        "url": seen.expected.url,
        "contracts": _contracts(case, previous),
        "progress": _progress(case),
    }
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def remembered(case: Case) -> Manifest:
    """What a restarted operator goes by: the chosen placement and the number of replicas."""
    found = case.seen.scaling
    return {"placement": case.placement.to_status()} | ({"scaling": scaling(case.model, found)} if found else {})


def scaling(model: CasavaModel, found: Scaling) -> Manifest:
    """``status.scaling``: the number that is wanted, who wants it, and how to change that."""
    return {"desired": found.desired, "mode": str(found.mode), "message": _explain(model, found.mode)}


def _explain(model: CasavaModel, mode: ScalingMode) -> str:
    spec = model.spec.scaling
    if mode is ScalingMode.AUTO:
        return (
            f"Between {spec.min_replicas} and {spec.highest} replicas, "
            f"{model.spec.in_flight_target} requests in flight for each."
        )
    if mode is ScalingMode.FIXED:
        return "minReplicas equals maxReplicas: raise spec.scaling.maxReplicas to let the number follow the load."
    patch = '{"spec":{"replicas":null}}'
    return (
        "spec.replicas is set, so the built-in autoscaler is off. To turn it on: "
        f"kubectl patch casava {model.name} --type=merge -p '{patch}'"
    )


def _engine(case: Case, previous: Mapping[str, Any]) -> Manifest:
    """What is configured, and what a replica of it says of itself; kept while no replica can be asked."""
    chosen = dict(case.seen.expected.engine)
    infos = (pod.status.model_info for pod in case.seen.ready if pod.status is not None)
    info = next((each for each in infos if each is not None), None)
    if info is not None:
        return {**chosen, **_of_model(info)}
    before = previous.get("engine") or {}
    return {**before, **chosen} if before.get("backend") == chosen.get("backend") else chosen


def _of_model(info: ModelInfo) -> Manifest:
    return {
        "version": info.engine_version,
        "modelDigest": info.digest,
        "architecture": info.architecture,
        "contextLength": info.context_length,
        "usesGpu": info.uses_gpu,
    }


def _progress(case: Case) -> Manifest:
    """How far the newest replica is that does not serve yet. Bytes move in tenths of the whole."""
    states = (pod.engine_state for pod in newest(case.seen.live) if not pod.ready)
    state = next((each for each in states if each is not None and each.stage is not Stage.FAILED), None)
    if state is None:
        return {}
    done = tenths(state)
    if done is None or state.bytes_total is None:
        return {"stage": str(state.stage)}
    return {"stage": str(state.stage), "bytesDone": state.bytes_total * done // 10, "bytesTotal": state.bytes_total}


def _contracts(case: Case, previous: Mapping[str, Any]) -> list[Manifest]:
    """As served by a ready replica, the newest set where they differ; kept while no replica can be asked."""
    wanted = case.seen.expected.contracts_digest
    asked = [pod.status for pod in case.seen.ready if pod.status is not None]
    chosen = next((status for status in asked if status.contracts_digest == wanted), asked[0] if asked else None)
    if chosen is None:
        names = {contract.name for contract in case.model.spec.contracts}
        return [each for each in previous.get("contracts") or () if each.get("name") in names]
    referred = {each.name: each.contract_ref for each in case.model.spec.contracts if each.contract_ref}
    if chosen.contracts_digest != wanted:
        referred = {}  # an older set: its names may have meant something else
    return [
        {"name": each.name, "digest": each.digest, "engine": each.engine}
        | ({"contractRef": referred[each.name]} if each.name in referred else {})
        for each in chosen.contracts
    ]
