import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from casava_sidecar.contracts.inline import InlineContracts, Wanted
from casava_sidecar.contracts.store import ContractStore
from casava_sidecar.errors import ApiError


def schema(text: str) -> Wanted:
    return Wanted("json_schema", text, "response_format.json_schema.schema")


def contracts(**schemas: str) -> str:
    return json.dumps({"contracts": [{"name": name, "schemaText": text} for name, text in schemas.items()]})


def mount(root: Path, revision: str, text: str) -> None:
    """As the kubelet mounts a ConfigMap: files under a dated folder, reached by a link that is replaced at once."""
    folder = root / f"..{revision}"
    folder.mkdir()
    (folder / "contracts.json").write_text(text)
    link = root / "..data_tmp"
    link.symlink_to(folder.name)
    link.rename(root / "..data")
    if not (root / "contracts.json").is_symlink():
        (root / "contracts.json").symlink_to("..data/contracts.json")


async def test_an_absent_file_is_an_empty_set(tmp_path: Path) -> None:
    store = ContractStore(tmp_path / "contracts.json")
    await store.refresh()
    assert store.loaded
    assert store.served.contracts == {}
    assert store.served.digest == ""


async def test_the_kubelets_swap_is_seen_and_the_old_objects_live_on(tmp_path: Path) -> None:
    store = ContractStore(tmp_path / "contracts.json")
    mount(tmp_path, "1", contracts(a='{"const": 1}'))
    await store.refresh()
    before = store.served
    text = contracts(a='{"const": 2}', b="type: string")
    mount(tmp_path, "2", text)
    await store.refresh()
    assert store.served.digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert sorted(store.served.contracts) == ["a", "b"]
    assert before.contracts["a"].contract.validate("1") == ()
    assert store.served.contracts["a"].contract.validate("1")


async def test_a_broken_set_is_reported_once_and_the_old_one_is_kept(tmp_path: Path) -> None:
    store = ContractStore(tmp_path / "contracts.json")
    mount(tmp_path, "1", contracts(a='{"const": 1}'))
    await store.refresh()
    mount(tmp_path, "2", contracts(a='{"const": 2}', b='{"type": "nothing"}'))
    await store.refresh()
    await store.refresh()
    assert "'b'" in store.error
    assert store.served.contracts["a"].contract.validate("1") == ()
    mount(tmp_path, "3", contracts(a='{"const": 3}'))
    await store.refresh()
    assert store.error == ""


async def test_a_first_set_that_is_broken_is_not_loaded(tmp_path: Path) -> None:
    store = ContractStore(tmp_path / "contracts.json")
    mount(tmp_path, "1", "no json")
    await store.refresh()
    assert not store.loaded
    assert store.error


async def test_equal_schemas_compile_once() -> None:
    cache = InlineContracts()
    try:
        assert await cache.get(schema('{"const": 1}')) is await cache.get(schema('{"const": 1}'))
        assert len(cache) == 1
    finally:
        cache.close()


async def test_the_cache_forgets_the_longest_unused() -> None:
    cache = InlineContracts(capacity=2)
    try:
        first = await cache.get(schema('{"const": 1}'))
        second = await cache.get(schema('{"const": 2}'))
        assert await cache.get(schema('{"const": 1}')) is first
        await cache.get(schema('{"const": 3}'))
        assert len(cache) == 2
        assert await cache.get(schema('{"const": 1}')) is first
        assert await cache.get(schema('{"const": 2}')) is not second
    finally:
        cache.close()


async def test_the_cache_is_bounded_by_the_size_of_its_schemas_too() -> None:
    cache = InlineContracts(cached_bytes=100)
    try:
        for number in range(20):
            await cache.get(schema(json.dumps({"const": number, "description": "x" * 30})))
        assert len(cache) <= 2
    finally:
        cache.close()


async def test_a_refused_schema_says_where_and_is_refused_again() -> None:
    cache = InlineContracts()
    try:
        for _ in range(2):
            with pytest.raises(ApiError) as caught:
                await cache.get(schema('{"properties": {"a": {"type": "nothing"}}}'))
            assert caught.value.status == 400
            assert caught.value.param == "response_format.json_schema.schema"
            assert caught.value.details is not None
            assert "/properties/a" in str(caught.value.details["pointer"])
    finally:
        cache.close()


async def has_room(cache: InlineContracts) -> None:
    while True:
        try:
            await cache.get(schema('{"const": 500}'))
        except ApiError:
            await asyncio.sleep(0.01)
        else:
            return


async def test_schemas_of_clients_that_left_do_not_pile_up() -> None:
    cache = InlineContracts(capacity=2)
    try:
        asked = [asyncio.create_task(cache.get(schema(f'{{"const": {number}}}'))) for number in range(200)]
        await asyncio.sleep(0)
        for task in asked[:100]:
            task.cancel()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        refused = [one for one in outcomes if isinstance(one, ApiError)]
        assert {one.status for one in refused} == {429}
        assert len(refused) > 100
        async with asyncio.timeout(30):
            await has_room(cache)
    finally:
        cache.close()
