"""One OutputContract at a time: examined, compared with the version before, and its status written when it differs."""

import logging
from collections.abc import Callable
from datetime import datetime

from casava_operator.contracts.describe import Former, describe, unreadable
from casava_operator.contracts.entries import entry_of
from casava_operator.contracts.examiner import Examiner
from casava_operator.errors import Conflict, InvalidSpec
from casava_operator.events import EventRecorder
from casava_operator.judge import Judgement
from casava_operator.keys import ContractKey, Manifest
from casava_operator.kube import Kube, NotFound
from casava_operator.kube.resources import OUTPUT_CONTRACT
from casava_operator.metrics import Metrics
from casava_operator.spec import OutputContract, parse_contract
from casava_operator.turn import turn
from casava_operator.watch.store import Store
from casava_operator.workqueue import Outcome

log = logging.getLogger(__name__)


class ContractReconciler:
    """Called by the queue, never twice at once for one key."""

    def __init__(
        self,
        *,
        kube: Kube,
        store: Store,
        examiner: Examiner,
        events: EventRecorder,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._kube = kube
        self._store = store
        self._examiner = examiner
        self._events = events
        self._metrics = metrics
        self._now = now

    async def __call__(self, key: ContractKey) -> Outcome:
        """Make the status of that OutputContract true."""
        return await turn(key, self._settled(key), self._metrics.contract_reconciled)

    async def _settled(self, key: ContractKey) -> tuple[str, Outcome]:
        try:
            return await self._reconcile(key), Outcome()
        except NotFound as error:
            log.info("left alone: %s", error)
            return "ok", Outcome()
        except InvalidSpec as error:
            raise Conflict(f"its status is not taken: {error}") from error

    async def _reconcile(self, key: ContractKey) -> str:
        body = self._store.contract(key)
        if body is None or "deletionTimestamp" in body["metadata"]:
            return "ok"
        try:
            contract = parse_contract(body)
        except InvalidSpec as error:
            generation = int(body["metadata"]["generation"])
            previous = body.get("status") or {}
            await self._write(key, body, unreadable(generation, error.path, error.message, previous, self._now()))
            return "refused"
        found = await self._examiner.examine(entry_of(contract.spec))
        former = None if found.problem else await self._compared(key, contract)
        newest = self._store.contract(key)
        if newest is None:
            return "ok"
        judged = describe(
            contract,
            found,
            former=former,
            users=self._store.references.users(key),
            previous=newest.get("status") or {},
            now=self._now(),
        )
        await self._write(key, newest, judged)
        return "refused" if found.problem else "ok"

    async def _compared(self, key: ContractKey, contract: OutputContract) -> Former | None:
        former = self._store.references.former(key)
        body = self._store.contract(former) if former else None
        if body is None:
            return None
        try:
            before = parse_contract(body)
        except InvalidSpec as error:
            log.info("the version before cannot be read: %s", error)
            return None
        compared = await self._examiner.compare(entry_of(before.spec), entry_of(contract.spec))
        return Former(before.spec.reference, compared)

    async def _write(self, key: ContractKey, newest: Manifest, judged: Judgement) -> None:
        if judged.status == newest.get("status"):
            return
        manifest: Manifest = {
            "apiVersion": OUTPUT_CONTRACT.api_version,
            "kind": OUTPUT_CONTRACT.kind,
            "metadata": {"name": key.name, "namespace": key.namespace, "uid": newest["metadata"]["uid"]},
            "status": judged.status,
        }
        answer = await self._kube.apply_status(OUTPUT_CONTRACT, manifest)
        self._store.remember(OUTPUT_CONTRACT, answer)
        for event in judged.events:
            self._events.record(answer, event)
