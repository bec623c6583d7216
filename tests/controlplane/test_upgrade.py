"""A new operator brings new pod templates, one model at a time; a user's edit never waits."""

import asyncio
from pathlib import Path

from tests.controlplane.support.client import Client, until
from tests.controlplane.support.operator import OperatorFactory
from tests.controlplane.support.play import applied, model, roll_out, run_pod

NAMES = ("a", "b", "c")


async def images(client: Client) -> dict[str, str]:
    """The sidecar's image by model."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2]
        for each in await client.list("Deployment")
    }


def site(folder: Path, tag: str) -> str:
    """Arguments for an operator whose sidecar image has that tag."""
    path = folder / f"site-{tag}.yaml"
    path.write_text(f"images: {{sidecar: 'casava/sidecar:{tag}'}}\n", encoding="utf-8")
    return f"--site={path}"


async def ready(client: Client, name: str, *, value: str = "True") -> None:
    """Write the model's condition Ready as an operator would have that saw its pods."""
    found = await client.get("CasavaModel", name)
    conditions = found["status"]["conditions"]
    for each in conditions:
        if each["type"] == "Ready":
            each["status"] = value
    await client.merge("CasavaModel", name, {"status": {"conditions": conditions}}, "status")


async def fleet(client: Client, operators: OperatorFactory, tmp_path: Path, *, unready: str = "") -> None:
    """Three models made by an operator of tag 1, which has ended; all Ready but one."""
    operator = await operators.leading(site(tmp_path, "1"))
    for name in NAMES:
        await client.create(model(name))
    for name in NAMES:
        await applied(client, name)
        await roll_out(client, name, ready=name != unready)
        if name != unready:
            await run_pod(client, name)
    await asyncio.sleep(0.5)
    assert await operator.stop() == 0
    for name in NAMES:
        if name != unready:
            await ready(client, name)


async def test_an_upgrade_rolls_one_model_at_a_time_each_ready_before_the_next(
    client: Client, operators: OperatorFactory, tmp_path: Path
) -> None:
    await fleet(client, operators, tmp_path)
    await operators.leading(site(tmp_path, "2"))
    for turn in range(1, len(NAMES) + 1):

        async def rolled(turn: int = turn) -> list[str]:
            new = sorted(name for name, tag in (await images(client)).items() if tag == "2")
            return new if len(new) == turn else []

        new = await until(f"{turn} models have the new template", rolled)
        await asyncio.sleep(0.4)
        assert sorted(name for name, tag in (await images(client)).items() if tag == "2") == new
        for name in new:
            await roll_out(client, name)


async def test_a_model_that_was_not_ready_is_rolled_too_and_holds_no_other_back(
    client: Client, operators: OperatorFactory, tmp_path: Path
) -> None:
    await fleet(client, operators, tmp_path, unready="a")
    await operators.leading(site(tmp_path, "2"))

    async def all_new() -> bool:
        tags = await images(client)
        for name in ("b", "c"):
            if tags[name] == "2":
                await roll_out(client, name)
        return set(tags.values()) == {"2"}

    # Of "a" nothing is ever reported: whenever its turn comes, the others still get theirs.
    await until("all are rolled", all_new)


async def test_an_edit_rolls_at_once_during_an_upgrade(
    client: Client, operators: OperatorFactory, tmp_path: Path
) -> None:
    await fleet(client, operators, tmp_path)
    await operators.leading(site(tmp_path, "2"))

    async def one() -> list[str]:
        tags = await images(client)
        return [name for name in NAMES if tags[name] == "1"] if sorted(tags.values()) == ["1", "1", "2"] else []

    waiting = await until("one model is on turn", one)
    await client.merge("CasavaModel", waiting[0], {"spec": {"serving": {"maxConcurrent": 3}}})

    async def edited() -> bool:
        tags = await images(client)
        return tags[waiting[0]] == "2" and tags[waiting[1]] == "1"

    await until("the edited one rolls, the other waits", edited)


async def test_a_waiting_model_is_still_scaled_and_repaired(
    client: Client, operators: OperatorFactory, tmp_path: Path
) -> None:
    await fleet(client, operators, tmp_path)
    await operators.leading(site(tmp_path, "2"))

    async def one() -> list[str]:
        tags = await images(client)
        return [name for name in NAMES if tags[name] == "1"] if sorted(tags.values()) == ["1", "1", "2"] else []

    waiting = (await until("one model is on turn", one))[0]
    before = (await client.get("Deployment", waiting))["spec"]["template"]
    await client.merge("CasavaModel", waiting, {"spec": {"replicas": 4}})
    await client.delete("Service", waiting)

    async def done() -> bool:
        live = await client.get("Deployment", waiting)
        return live["spec"]["replicas"] == 4 and await client.find("Service", waiting) is not None

    await until("it has four replicas and its Service", done)
    assert (await client.get("Deployment", waiting))["spec"]["template"] == before


async def test_a_restart_in_the_middle_of_an_upgrade_does_not_roll_a_second_model(
    client: Client, operators: OperatorFactory, tmp_path: Path
) -> None:
    await fleet(client, operators, tmp_path)
    operator = await operators.leading(site(tmp_path, "2"))

    async def one() -> bool:
        return sorted((await images(client)).values()) == ["1", "1", "2"]

    await until("one model is on turn", one)
    await operator.kill()
    await client.delete("Lease", "casava-operator")
    await operators.leading(site(tmp_path, "2"))
    await asyncio.sleep(1.5)
    assert await one()


async def test_a_waiting_model_that_has_lost_every_accepted_spec_is_not_called_up_for_ever(
    client: Client, operators: OperatorFactory, tmp_path: Path
) -> None:
    await fleet(client, operators, tmp_path)
    operator = await operators.leading(site(tmp_path, "2"))

    async def rolled(name: str) -> bool:
        return (await images(client))[name] == "2"

    await until("the first has the new template", lambda: rolled("a"))
    await client.merge("CasavaModel", "c", {"spec": {"contracts": [{"name": "broken", "schema": "{"}]}})

    async def refused() -> bool:
        return bool((await client.condition("c", "Accepted"))["status"] == "False")

    await until("the edit is refused", refused)
    for each in await client.list("ControllerRevision", "casava.dev/model=c"):
        await client.delete("ControllerRevision", each["metadata"]["name"])

    async def lost() -> bool:
        return bool((await client.condition("c", "Serving"))["reason"] == "NotAccepted")

    await until("nothing that was accepted is left", lost)
    await roll_out(client, "a")
    await until("the second has the new template", lambda: rolled("b"))
    await roll_out(client, "b")
    await asyncio.sleep(0.5)
    before = await operator.metric("casava_operator_queue_adds_total")
    await asyncio.sleep(1)
    assert await operator.metric("casava_operator_queue_adds_total") - before < 20
