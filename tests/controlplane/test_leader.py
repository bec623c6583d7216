"""One operator acts at a time, another takes over in time, and one that lost its lease does nothing more."""

import asyncio
import time
from pathlib import Path

from casava_operator.kube import Kube
from casava_operator.kube.access import find_access
from casava_operator.kube.session import ApiSession
from casava_operator.leader import Elector
from tests.controlplane.support.client import Client, until
from tests.controlplane.support.operator import Operator, OperatorFactory
from tests.controlplane.support.play import applied, model
from tests.controlplane.support.proxy import Answer, Delay, FaultProxy
from tests.controlplane.support.server import ApiServer


async def holder(client: Client) -> str:
    lease = await client.find("Lease", "casava-operator")
    return str(lease["spec"]["holderIdentity"]) if lease else ""


async def two(operators: OperatorFactory) -> tuple[Operator, Operator]:
    """A leader and a standby that has seen it."""
    leader = await operators.leading()
    standby = await operators.start()

    async def ready() -> bool:
        return (await standby.get("/readyz"))[0] == 200 and "standing by" in standby.log

    await until("the standby is ready", ready)
    return leader, standby


async def test_another_takes_over_within_3_seconds_of_sigterm(client: Client, operators: OperatorFactory) -> None:
    leader, standby = await two(operators)
    assert await standby.metric("casava_operator_leader") == 0
    started = time.monotonic()
    assert await leader.stop() == 0

    async def taken() -> bool:
        return await holder(client) == standby.identity

    await until("the standby leads", taken, timeout=3 - (time.monotonic() - started))
    await client.create(model())
    await applied(client)


async def test_another_takes_over_within_25_seconds_of_sigkill(client: Client, operators: OperatorFactory) -> None:
    leader, standby = await two(operators)
    started = time.monotonic()
    await leader.kill()

    async def taken() -> bool:
        return await holder(client) == standby.identity

    await until("the standby leads", taken, timeout=25)
    assert time.monotonic() - started > 10, "it was taken before it could have expired"
    await client.create(model())
    await applied(client)


async def test_a_standby_writes_nothing_and_is_ready(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading(direct=True)
    standby = await operators.start()
    await client.create(model())
    await applied(client)
    await asyncio.sleep(2.5)
    assert [each for each in proxy.log if each.write] == []
    assert (await standby.get("/readyz"))[0] == 200
    assert (await standby.get("/livez"))[0] == 200


async def test_losing_the_lease_ends_the_process_at_once_and_non_zero(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading("--lease-duration=3")
    await client.create(model())
    await applied(client)
    await client.merge("Lease", "casava-operator", {"spec": {"holderIdentity": "somebody-else"}})
    assert await operator.ended(timeout=5) == 3
    after = len(proxy.log)
    assert "leadership is lost" in operator.log
    await client.merge("CasavaModel", "chat", {"spec": {"serving": {"maxConcurrent": 3}}})
    await asyncio.sleep(0.5)
    assert proxy.log[after:] == []
    assert await holder(client) == "somebody-else"


async def test_a_lease_that_cannot_be_renewed_in_time_ends_the_process(
    operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading("--lease-duration=3")
    proxy.break_next(Answer(500), times=1000, method="PUT", path="/leases/")
    assert await operator.ended(timeout=8) == 3


async def test_a_lease_that_fails_to_renew_for_a_moment_is_kept(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading("--lease-duration=3")
    rule = proxy.break_next(Answer(500), times=2, method="PUT", path="/leases/")

    async def renewed() -> bool:
        return rule.hits == 2

    await until("two renewals have failed", renewed)
    await asyncio.sleep(3)
    assert operator.process.returncode is None, operator.log
    assert await holder(client) == operator.identity


async def test_a_stale_write_to_the_lease_is_a_conflict_and_is_looked_into(
    client: Client, operators: OperatorFactory
) -> None:
    operator = await operators.leading("--lease-duration=3")
    # Somebody touches the lease without taking it: the next renewal carries an old resourceVersion.
    await client.merge("Lease", "casava-operator", {"metadata": {"labels": {"touched": "yes"}}})
    await asyncio.sleep(3)
    assert operator.process.returncode is None, operator.log
    assert await holder(client) == operator.identity


async def test_a_lease_is_released_although_the_last_renewal_was_cut_off(
    client: Client, api_server: ApiServer, tmp_path: Path
) -> None:
    api = ApiSession(find_access(str(api_server.kubeconfig(tmp_path / "kubeconfig"))), "casava-tests")
    elector = Elector(Kube(api), namespace=client.namespace, name="casava-operator", identity="leaving")
    await elector.acquire()
    # As a renewal leaves it whose answer never came: newer than what its holder knows.
    await client.merge("Lease", "casava-operator", {"spec": {"renewTime": "2026-01-01T00:00:00.000000Z"}})
    await elector.release()
    assert await holder(client) == ""
    await client.merge("Lease", "casava-operator", {"spec": {"holderIdentity": "other"}})
    await elector.release()
    assert await holder(client) == "other"
    await api.close()


async def test_an_idle_operator_writes_its_lease_and_nothing_else(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    await operators.leading()
    await client.create(model())
    await applied(client)
    await proxy.quiet(1.0)
    before = len(proxy.log)
    await asyncio.sleep(4.5)
    written = {each.resource for each in proxy.log[before:] if each.write}
    assert written == {"leases"}


async def test_a_restarted_operator_writes_nothing_but_its_lease(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    first = await operators.leading()
    await client.create(model("one", replicas=2))
    await client.create(model("two", contracts=[{"name": "any", "schema": "type: object"}]))
    await applied(client, "one")
    await applied(client, "two")
    await proxy.quiet()
    await first.kill()
    await client.delete("Lease", "casava-operator")
    before = len(proxy.log)
    await operators.leading()
    await asyncio.sleep(2)
    written = [str(each) for each in proxy.log[before:] if each.write and each.resource != "leases"]
    assert written == []


async def test_a_stop_lets_the_reconcile_in_flight_finish(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading()
    rule = proxy.break_next(Delay(1.5), method="PATCH", path="/deployments/")
    await client.create(model())

    async def in_flight() -> bool:
        return rule.hits == 1

    await until("the Deployment is being written", in_flight)
    assert await operator.stop() == 0
    assert await client.find("Deployment", "chat") is not None
    found = await client.get("CasavaModel", "chat")
    assert found["status"]["observedGeneration"] == 1
    assert await holder(client) == ""
