"""The arrow from one end to the other: what is stored becomes children and a status. Nothing else calls all of it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from casava_operator import scale, upgrade
from casava_operator.apply import Applier, Owner, drift
from casava_operator.contracts.entries import carried_by, references, resolve
from casava_operator.contracts.examiner import Examiner
from casava_operator.errors import Conflict, InvalidSpec, UnknownGpu
from casava_operator.events import EventRecorder
from casava_operator.judge import Judgement, Refusal, judge, refuse
from casava_operator.judge.reasons import Reason
from casava_operator.judge.types import Former
from casava_operator.keys import ContractKey, Key, Manifest, Work
from casava_operator.kube import Forbidden, Kube, NotFound
from casava_operator.kube.resources import CASAVA_MODEL, CONTROLLER_REVISION, DEPLOYMENT, POD
from casava_operator.metrics import Metrics
from casava_operator.observe import Expected, Observation, ReferredContracts, observe
from casava_operator.place import Fleet, Placement, fleet_of, place, previous_entry
from casava_operator.plan import BACKEND, Plan, accepted_model, next_revision, plan
from casava_operator.probe import Prober
from casava_operator.scale.autoscaler import Autoscaler
from casava_operator.site import Site
from casava_operator.spec import CasavaModel, OutputContractSpec, parse, parse_contract
from casava_operator.spec.contracts import object_name
from casava_operator.turn import turn
from casava_operator.watch.store import Snapshot, Store, owned_by
from casava_operator.workqueue import Outcome
from casava_wire import labels
from casava_wire.reasons import Condition

FORBIDDEN_TIMES: Final = 3  # in a row until status says so: an API server that starts forbids for a moment

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chosen:
    """The spec that is made true: the newest if it is accepted, else the last accepted one, else none."""

    model: CasavaModel | None
    placement: Placement
    revision: int
    refusal: Refusal | None = None


@dataclass
class _Turns:
    """Who of an operator upgrade waits, and who was let go but is not seen in the store yet."""

    waiting: set[Key] = field(default_factory=set)
    going: set[Key] = field(default_factory=set)


class Reconciler:
    """Makes one model true. Called by the queue, never twice at once for one key."""

    def __init__(
        self,
        *,
        kube: Kube,
        store: Store,
        site: Site,
        prober: Prober,
        autoscaler: Autoscaler,
        examiner: Examiner,
        events: EventRecorder,
        metrics: Metrics,
        add: Callable[[Work], None],
        now: Callable[[], datetime],
    ) -> None:
        self._kube = kube
        self._store = store
        self._site = site
        self._prober = prober
        self._autoscaler = autoscaler
        self._examiner = examiner
        self._events = events
        self._metrics = metrics
        self._add = add
        self._now = now
        self._applier = Applier(kube, store, add)
        self._turns = _Turns()
        self._forbidden: dict[Key, int] = {}
        self._fleet: tuple[list[Manifest], Fleet] = ([], fleet_of([]))

    async def __call__(self, key: Key) -> Outcome:
        """Make the model of that name true; what went wrong becomes a status, a retry and a count."""
        outcome = await turn(key, self._reconcile(key), self._metrics.reconciled)
        self._next_turns()
        return outcome

    async def _reconcile(self, key: Key) -> tuple[str, Outcome]:
        snapshot = self._store.snapshot(key)
        body = snapshot.model
        if body is None or "deletionTimestamp" in body["metadata"]:
            self._forget(key)
            return "ok", Outcome()
        chosen = await self._choose(body, snapshot)
        failure: Exception | None = None
        try:
            await self._make(chosen, snapshot)
            self._forbidden.pop(key, None)
        except (InvalidSpec, Conflict, Forbidden) as error:
            failure = error
            chosen = await self._blocked(key, chosen, snapshot, error)
        judgement = self._judge(key, chosen)
        await self._write_status(body, judgement)
        if failure is not None:
            log.warning("cannot be made true: %s", failure)
            return _result_of(failure), Outcome(requeue_after=judgement.requeue_after, failed=True)
        return ("refused" if chosen.refusal else "ok"), Outcome(requeue_after=judgement.requeue_after)

    async def _choose(self, body: Manifest, snapshot: Snapshot) -> Chosen:
        try:
            parsed = parse(body)
            carried = carried_by(_newest(body, snapshot))
            model = resolve(parsed, carried, lambda reference: self._look(parsed.namespace, reference))
            await self._examiner.accept(model, BACKEND)
            placement = self._place(model, body)
        except InvalidSpec as error:
            return await self._former(body, snapshot, _refusal(body, error))
        return Chosen(model, placement, next_revision(model, _revisions(body, snapshot)))

    def _look(self, namespace: str, reference: str) -> OutputContractSpec | None:
        """The OutputContract that a reference names, as it is now."""
        body = self._store.contract(ContractKey(namespace, object_name(reference)))
        if body is None or "deletionTimestamp" in body["metadata"]:
            return None
        try:
            return parse_contract(body).spec
        except InvalidSpec as error:
            log.info("OutputContract %s cannot be read: %s", body["metadata"]["name"], error)
            return None

    async def _former(self, body: Manifest, snapshot: Snapshot, refusal: Refusal) -> Chosen:
        """The last accepted spec, if this version still takes it."""
        newest = _newest(body, snapshot)
        if newest is not None:
            try:
                model = accepted_model(body, newest)
                await self._examiner.accept(model, BACKEND)
                return Chosen(model, self._place(model, body), int(newest["revision"]), refusal)
            except InvalidSpec as error:
                log.warning("the last accepted spec is not accepted by this version: %s", error)
        return Chosen(None, Placement(), 0, refusal)

    def _place(self, model: CasavaModel, body: Manifest) -> Placement:
        return place(model, self._known_fleet(), previous_entry(model, body.get("status")))

    async def _blocked(self, key: Key, chosen: Chosen, snapshot: Snapshot, error: Exception) -> Chosen:
        """The API server, or the owner of a child's name, says no to what the spec asks for."""
        body = snapshot.model
        assert body is not None  # noqa: S101 -- the caller looked
        if isinstance(error, Forbidden):
            self._forbidden[key] = self._forbidden.get(key, 0) + 1
            if self._forbidden[key] < FORBIDDEN_TIMES:
                raise error
        if isinstance(error, InvalidSpec) and chosen.refusal is None:
            former = await self._former(body, snapshot, _refusal(body, error))
            await self._make(former, self._store.snapshot(key))
            return former
        return Chosen(chosen.model, chosen.placement, chosen.revision, chosen.refusal or _refusal(body, error))

    async def _make(self, chosen: Chosen, snapshot: Snapshot) -> None:
        """Make the children what the chosen spec says; without one, leave them alone."""
        model, body = chosen.model, snapshot.model
        if body is None:
            return
        if model is None:
            self._turns.waiting.discard(_key(body))  # nothing to roll: it would be called up again and again
            return
        owner = Owner(model.key, model.uid)
        planned = self._plan(model, chosen, body)
        live = snapshot.find(DEPLOYMENT, model.name)
        step = self._step(model.key, planned, live, body)
        objects = [
            self._deployment(each, live, step) if each["kind"] == DEPLOYMENT.kind else each for each in planned.objects
        ]
        if _must_be_remembered_first(model, planned, chosen.placement, body):
            await self._write_status(body, self._judge(model.key, chosen))
        if step is upgrade.Step.TAKE_TURN:
            self._turns.going.add(model.key)
        try:
            await self._applier.apply(owner, objects, snapshot)
        finally:
            self._turns.going.discard(model.key)
        await self._applier.prune(owner, objects, self._store.snapshot(model.key))

    def _plan(self, model: CasavaModel, chosen: Chosen, body: Manifest) -> Plan:
        return plan(model, chosen.placement, self._site, replicas=self._replicas(model, body), revision=chosen.revision)

    def _replicas(self, model: CasavaModel, body: Manifest) -> int:
        return scale.replicas(
            fixed=model.spec.replicas,
            minimum=model.spec.scaling.min_replicas,
            maximum=model.spec.scaling.highest,
            recommended=self._autoscaler.recommended(model.key),
            remembered=_remembered(body),
        )

    def _step(self, key: Key, planned: Plan, live: Manifest | None, body: Manifest) -> upgrade.Step:
        wanted = upgrade.Wanted(planned.spec_hash, planned.template_hash)
        holders = len((self._store.on_turn() | self._turns.going) - {key})
        limit = self._site.upgrade.max_concurrent
        step = upgrade.decide(wanted, live, ready=_ready(body), holders=holders, limit=limit)
        if step is upgrade.Step.HOLD:
            self._turns.waiting.add(key)
        else:
            self._turns.waiting.discard(key)
        return step

    def _deployment(self, desired: Manifest, live: Manifest | None, step: upgrade.Step) -> Manifest:
        if step is not upgrade.Step.HOLD or live is None:
            return upgrade.marked(desired, live, step)
        # Only the number of replicas may change before its turn; the template stays what was applied last.
        own = drift.applied(live)
        if own is None:
            return upgrade.marked(desired, live, step)
        own.setdefault("spec", {})["replicas"] = desired["spec"]["replicas"]
        return own

    def _next_turns(self) -> None:
        if not self._turns.waiting:
            return
        holders = len(self._store.on_turn() | self._turns.going)
        for key in upgrade.next_turns(self._turns.waiting, holders, self._site.upgrade.max_concurrent):
            self._add(key)

    def _judge(self, key: Key, chosen: Chosen) -> Judgement:
        """The status for what is there now: what was applied a moment ago is in the store."""
        snapshot = self._store.snapshot(key)
        body = snapshot.model or {}
        status, now = body.get("status"), self._now()
        if chosen.model is None:
            assert chosen.refusal is not None  # noqa: S101 -- no model without a reason
            return refuse(chosen.refusal, None, status, now)
        observation = self._observe(chosen.model, chosen, snapshot, body)
        if chosen.refusal is not None:
            return refuse(chosen.refusal, Former(chosen.model, chosen.placement, observation), status, now)
        return judge(chosen.model, chosen.placement, observation, status, now)

    def _observe(self, model: CasavaModel, chosen: Chosen, snapshot: Snapshot, body: Manifest) -> Observation:
        key, pods, remembered = model.key, snapshot.of(POD), _remembered(body)
        planned = self._plan(model, chosen, body)
        replicas = self._replicas(model, body)
        scaled = scale.limits_of(model.spec) is not None
        self._autoscaler.watch(key, model, pods, remembered)
        self._prober.watch(key, pods, scaled=scaled, contracts_digest=planned.contracts_digest)
        return observe(
            deployment=snapshot.find(DEPLOYMENT, model.name),
            pods=pods,
            probes=self._prober.probes,
            expected=Expected(
                spec_hash=planned.spec_hash,
                template_hash=planned.template_hash,
                contracts_digest=planned.contracts_digest,
                url=planned.url,
                selector=planned.selector,
                engine=planned.engine,
            ),
            scaling=self._autoscaler.scaling(model, replicas),
            referred=self._referred(model),
        )

    def _referred(self, model: CasavaModel) -> ReferredContracts:
        """Which of the contracts that are carried are no longer what they were."""
        now = {reference: self._look(model.namespace, reference) for reference in references(model)}
        return ReferredContracts(
            deleted=tuple(each for each, spec in now.items() if spec is None),
            replaced=tuple(each for each, spec in now.items() if spec not in (None, model.referred[each])),
        )

    async def _write_status(self, body: Manifest, judgement: Judgement) -> None:
        """Write the status when it differs from the newest that is known, then tell the Events of what changed."""
        metadata, key = body["metadata"], _key(body)
        self._metrics.model_conditions(key, judgement.status.get("conditions", []))
        newest = self._store.snapshot(key).model
        if newest is None or not _status_differs(judgement.status, newest):
            return
        manifest: Manifest = {
            "apiVersion": labels.API_VERSION,
            "kind": labels.KIND,
            "metadata": {"name": key.name, "namespace": key.namespace, "uid": metadata["uid"]},
            "status": judgement.status,
        }
        try:
            answer = await self._kube.apply_status(CASAVA_MODEL, manifest)
        except NotFound:
            return  # deleted meanwhile
        concerned = self._store.remember(CASAVA_MODEL, answer)
        if answer["metadata"]["generation"] == metadata["generation"]:
            concerned.discard(key)
        # Else the spec was edited meanwhile: the watch will bring nothing that is newer than this answer.
        for each in concerned:
            self._add(each)
        for event in judgement.events:
            self._events.record(answer, event)

    def _known_fleet(self) -> Fleet:
        nodes = self._store.nodes()
        if nodes != self._fleet[0]:
            self._fleet = (nodes, fleet_of(nodes))
        return self._fleet[1]

    def _forget(self, key: Key) -> None:
        self._turns.waiting.discard(key)
        self._forbidden.pop(key, None)
        self._prober.forget(key)
        self._autoscaler.forget(key)
        self._metrics.model_gone(key)


def _key(body: Manifest) -> Key:
    return Key(body["metadata"]["namespace"], body["metadata"]["name"])


def _refusal(body: Manifest, error: Exception) -> Refusal:
    """The table from an error to the condition that says it."""
    generation = int(body["metadata"]["generation"])
    if isinstance(error, UnknownGpu):
        return Refusal(generation, Condition.PLACED, Reason.UNKNOWN_GPU, error.path, error.message)
    if isinstance(error, InvalidSpec):
        return Refusal(generation, Condition.ACCEPTED, Reason.INVALID_SPEC, error.path, error.message)
    if isinstance(error, Conflict):
        return Refusal(generation, Condition.ACCEPTED, Reason.CONFLICT, "", str(error))
    return Refusal(generation, Condition.ACCEPTED, Reason.FORBIDDEN, "", str(error))


def _revisions(body: Manifest, snapshot: Snapshot) -> tuple[Manifest, ...]:
    return owned_by(snapshot, CONTROLLER_REVISION, body["metadata"]["uid"])


def _newest(body: Manifest, snapshot: Snapshot) -> Manifest | None:
    """The last accepted spec of a model."""
    return max(_revisions(body, snapshot), key=lambda each: int(each["revision"]), default=None)


def _result_of(error: Exception) -> str:
    if isinstance(error, InvalidSpec):
        return "refused"
    return "conflict" if isinstance(error, Conflict) else "transient"


def _must_be_remembered_first(model: CasavaModel, planned: Plan, placement: Placement, body: Manifest) -> bool:
    """Must the status be written before the children, so that a restart in between does not decide anew?

    That is so for a number of replicas and for a choice between placements that differ from what status holds.
    """
    status: Mapping[str, Any] = body.get("status") or {}
    desired, chosen = _remembered(body), (status.get("placement") or {}).get("entry")
    scaled = desired is not None and desired != planned.deployment["spec"]["replicas"]
    return scaled or (len(model.spec.placement) > 1 and chosen != placement.entry)


def _status_differs(status: Manifest, newest: Manifest) -> bool:
    return bool(status != newest.get("status"))


def _remembered(body: Manifest) -> int | None:
    found = ((body.get("status") or {}).get("scaling") or {}).get("desired")
    return found if isinstance(found, int) else None


def _ready(body: Manifest) -> bool:
    conditions = (body.get("status") or {}).get("conditions", [])
    return any(each["type"] == Condition.READY and each["status"] == "True" for each in conditions)
