"""The conditions of a CasavaModel: one function each, in the order in which they are shown."""

from casava_operator.judge.pods import MODEL_REASONS
from casava_operator.judge.reasons import Reason
from casava_operator.judge.types import Case, Verdict
from casava_operator.observe.facts import PodFacts, PodPhase
from casava_operator.observe.pods import tenths
from casava_wire.reasons import Condition
from casava_wire.state import EngineState, Stage

_GIGA = 1e9
_NAMED = 3  # contracts in a message
_STAGES = {
    Stage.FETCHING: (Reason.FETCHING, "The model's file is being fetched"),
    Stage.VERIFYING: (Reason.VERIFYING, "The model's file is being verified"),
    Stage.STARTING: (Reason.STARTING, "The engine is loading the model"),
    Stage.SERVING: (Reason.STARTING, "The engine serves; the replica is about to take requests"),
}


def verdicts(case: Case) -> dict[Condition, Verdict]:
    """Every condition, in order."""
    return {
        Condition.ACCEPTED: accepted(case),
        Condition.PLACED: placed(case),
        Condition.MODEL_CACHED: model_cached(case),
        Condition.CONTRACTS_READY: contracts_ready(case),
        Condition.SERVING: serving(case),
        Condition.READY: ready(case),
        Condition.PROGRESSING: progressing(case),
        Condition.STALLED: stalled(case),
        Condition.DEGRADED: degraded(case),
    }


def accepted(case: Case) -> Verdict:
    """The spec is in force; with what has become of the OutputContracts that it carries."""
    referred = case.seen.referred
    if referred.deleted:
        gone = f"OutputContracts that it refers to were deleted: {_names(referred.deleted)}."
        return Verdict(
            "True", Reason.CONTRACT_DELETED, f"The spec is valid. {gone} The text that was accepted serves on."
        )
    if referred.replaced:
        other = f"Other objects have the names of {_names(referred.replaced)} and say something else."
        fix = "The text that was accepted serves on: make the next version, and refer to that."
        return Verdict("True", Reason.CONTRACT_REPLACED, f"The spec is valid. {other} {fix}")
    return Verdict("True", Reason.ACCEPTED, "The spec is valid.")


def _names(references: tuple[str, ...]) -> str:
    more = len(references) - _NAMED
    return ", ".join(references[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def placed(case: Case) -> Verdict:
    """Nodes that fit exist, or pods are on nodes. False is said by a refusal alone."""
    placement = case.placement
    if any(pod.phase is not PodPhase.UNSCHEDULED for pod in case.seen.live):
        if placement.status == "True":
            return Verdict("True", placement.reason, placement.message)
        return Verdict("True", Reason.SCHEDULED, "Pods of the model are on nodes.")
    waiting = next((each for each in case.findings if not each.failing), None)
    if waiting is not None:
        return Verdict("Unknown", waiting.cause, waiting.sentence)
    return Verdict(placement.status, placement.reason, placement.message)


def model_cached(case: Case) -> Verdict:
    """The model's file is whole where the engine reads it, in the newest pods."""
    front = newest(case.seen.live)
    states = [pod.engine_state for pod in front if pod.engine_state is not None]
    broken = MODEL_REASONS & {state.reason for state in states if state.stage is Stage.FAILED}
    failed = next((found for found in case.findings if found.cause in broken), None)
    if failed is not None:
        return Verdict("False", failed.cause, failed.sentence)
    if any(pod.ready for pod in front) or any(state.model_cached for state in states):
        return Verdict("True", Reason.CACHED, "The model's file is there, whole and verified.")
    moving = next((state for state in states if state.stage in {Stage.FETCHING, Stage.VERIFYING}), None)
    if moving is not None:
        reason, message = _STAGES[moving.stage]
        return Verdict("False", reason, f"{message}{_progress(moving)}.")
    return Verdict("Unknown", Reason.WAITING_FOR_POD, "No pod has looked for the model's file yet.")


def contracts_ready(case: Case) -> Verdict:
    """Every replica that takes requests reports the digests of the contracts of the spec."""
    seen, contracts = case.seen, case.model.spec.contracts
    if not contracts and all(_serves_contracts(case, pod) for pod in seen.ready):
        return Verdict("True", Reason.NO_CONTRACTS, "The spec has no contracts.")
    if not seen.ready:
        return Verdict("False", Reason.WAITING_FOR_POD, "No replica serves the contracts yet.")
    behind = sum(not _serves_contracts(case, pod) for pod in seen.ready)
    if behind:
        return _contracts_behind(
            case, f"{behind} of {len(seen.ready)} replicas have not loaded the newest contracts yet."
        )
    served = f"Every replica serves the {len(contracts)} contract{'s' if len(contracts) > 1 else ''} of the spec."
    return Verdict("True", Reason.CONTRACTS_SERVED, served)


def _contracts_behind(case: Case, waiting: str) -> Verdict:
    refused = next((each for each in case.findings if each.cause == Reason.CONTRACTS_REFUSED), None)
    if refused is not None:
        return Verdict("False", refused.cause, refused.sentence)
    return Verdict("False", Reason.CONTRACTS_RELOADING, waiting)


def serving(case: Case) -> Verdict:
    """Requests are answered, by whatever revision."""
    if case.serves:
        return Verdict("True", Reason.SERVING, f"Requests are answered at {case.seen.expected.url}.")
    return _why_not(case)


def ready(case: Case) -> Verdict:
    """The present spec answers requests, and no older one does any more."""
    seen = case.seen
    if not case.serves or seen.deployment is None:
        return _why_not(case)
    if case.kept_ready and seen.current_spec:
        return Verdict("True", Reason.READY, "The model serves as specified.")
    if not (seen.current_spec and seen.replaced and seen.deployment.ready):
        broken = next((each for each in case.findings if each.failing and each.blocks), None)
        if broken is not None:
            return Verdict("False", broken.cause, f"{broken.sentence} The former revision serves on.")
        return Verdict("False", Reason.ROLLING_OUT, "The newest revision is rolling out; the former one serves on.")
    if any(not _serves_contracts(case, pod) for pod in seen.ready):
        return _contracts_behind(case, "Replicas have not yet loaded the newest contracts.")
    return Verdict("True", Reason.READY, "The model serves as specified.")


def progressing(case: Case) -> Verdict:
    """Something is on its way that needs nobody."""
    seen = case.seen
    found = seen.deployment
    if found is None:
        return Verdict("True", Reason.RECONCILING, "The children are being made.")
    stopped = next((each for each in case.findings if each.cause == Reason.PROGRESS_DEADLINE_EXCEEDED), None)
    if stopped is not None:
        return Verdict("False", stopped.cause, stopped.sentence)
    if not (seen.current_spec and (seen.replaced or not found.desired)):
        return Verdict("True", Reason.ROLLING_OUT, "The newest revision is rolling out.")
    if found.total != found.desired:
        return Verdict("True", Reason.SCALING, f"{found.total} of {found.desired} replicas exist.")
    if found.available < found.desired:
        return Verdict("True", Reason.STARTING, f"{found.available} of {found.desired} replicas are available.")
    if seen.upgrade_due:
        return Verdict("True", Reason.UPGRADE_QUEUED, "The pods are renewed for this release when their turn comes.")
    return Verdict("False", Reason.COMPLETE, "The newest revision runs at the wanted number of replicas.")


def stalled(case: Case) -> Verdict:
    """Nothing moves on before a person acts. Abnormal when True."""
    final = next((each for each in case.findings if each.final), None)
    if final is not None and not case.seen.rolled_out:
        cause = next(each for each in case.findings if each.blocks)
        why = "" if cause is final else f" {cause.sentence}"
        return Verdict("True", final.cause, f"{final.evidence if why else final.sentence}{why}")
    return Verdict("False", Reason.AS_EXPECTED, "Nothing waits for a person.")


def degraded(case: Case) -> Verdict:
    """Something is broken or not as asked, whether requests are answered or not. Abnormal when True."""
    broken = next((each for each in case.findings if each.failing), None)
    if broken is not None:
        return Verdict("True", broken.cause, broken.sentence)
    return Verdict("False", Reason.AS_EXPECTED, "Nothing is known to be wrong.")


def newest(pods: tuple[PodFacts, ...]) -> tuple[PodFacts, ...]:
    """Those of the pod template that was used last."""
    if not pods:
        return ()
    template = max(pods, key=lambda pod: (pod.created, pod.template)).template
    return tuple(pod for pod in pods if pod.template == template)


def _serves_contracts(case: Case, pod: PodFacts) -> bool:
    """A replica that cannot be asked is believed only where there are no contracts to speak of."""
    if pod.status is not None and pod.status.contracts_digest == case.seen.expected.contracts_digest:
        return True
    return not case.model.spec.contracts and (pod.status is None or not pod.status.contracts)


def _why_not(case: Case) -> Verdict:
    """The root cause of a model that answers nothing."""
    found = case.seen.deployment
    if found is not None and not found.desired:
        return Verdict("False", Reason.NO_REPLICAS, "spec.replicas is 0: set it to 1 or more, or remove it.")
    gravest = next((each for each in case.findings if each.blocks), None)
    if gravest is not None:
        return Verdict("False", gravest.cause, gravest.sentence)
    if found is None:
        return Verdict("False", Reason.RECONCILING, "The children are being made.")
    states = [pod.engine_state for pod in newest(case.seen.live) if pod.engine_state is not None]
    moving = next((state for state in states if state.stage in _STAGES), None)
    if moving is not None:
        reason, message = _STAGES[moving.stage]
        return Verdict("False", reason, f"{message}{_progress(moving)}.")
    return Verdict("False", Reason.STARTING, "The first replica is starting.")


def _progress(state: EngineState) -> str:
    """In tenths, so that a download of hours writes the status ten times."""
    done = tenths(state)
    return "" if done is None else f": {done}0 % of {(state.bytes_total or 0) / _GIGA:.1f} GB"
