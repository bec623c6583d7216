import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casava_sidecar.contracts.inline import InlineContracts, Wanted
from casava_sidecar.contracts.store import ContractStore
from casava_sidecar.errors import ApiError
from casava_trial import TrialError, Trials


@pytest.fixture
def trials() -> Iterator[Trials]:
    made = Trials()
    yield made
    made.close()


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


async def test_an_absent_file_is_an_empty_set(tmp_path: Path, trials: Trials) -> None:
    store = ContractStore(tmp_path / "contracts.json", trials)
    await store.refresh()
    assert store.loaded
    assert store.served.contracts == {}
    assert store.served.digest == ""


async def test_the_kubelets_swap_is_seen_and_the_old_objects_live_on(tmp_path: Path, trials: Trials) -> None:
    store = ContractStore(tmp_path / "contracts.json", trials)
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


async def test_a_broken_set_is_reported_once_and_the_old_one_is_kept(tmp_path: Path, trials: Trials) -> None:
    store = ContractStore(tmp_path / "contracts.json", trials)
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


async def test_a_first_set_that_is_broken_is_not_loaded(tmp_path: Path, trials: Trials) -> None:
    store = ContractStore(tmp_path / "contracts.json", trials)
    mount(tmp_path, "1", "no json")
    await store.refresh()
    assert not store.loaded
    assert store.error


async def test_equal_schemas_compile_once(trials: Trials) -> None:
    cache = InlineContracts(trials)
    try:
        assert await cache.get(schema('{"const": 1}')) is await cache.get(schema('{"const": 1}'))
        assert len(cache) == 1
    finally:
        cache.close()


async def test_the_cache_forgets_the_longest_unused(trials: Trials) -> None:
    cache = InlineContracts(trials, capacity=2)
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


async def test_the_cache_is_bounded_by_the_size_of_its_schemas_too(trials: Trials) -> None:
    cache = InlineContracts(trials, cached_bytes=100)
    try:
        for number in range(20):
            await cache.get(schema(json.dumps({"const": number, "description": "x" * 30})))
        assert len(cache) <= 2
    finally:
        cache.close()


async def test_a_refused_schema_says_where_and_is_refused_again(trials: Trials) -> None:
    cache = InlineContracts(trials)
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


async def test_what_was_refused_keeps_nothing_of_the_compiler(trials: Trials) -> None:
    cache = InlineContracts(trials)
    lengths = set()
    try:
        for _ in range(3):
            with pytest.raises(ApiError) as caught:
                await cache.get(schema('{"type": "nothing"}'))
            assert caught.value.__cause__ is None
            assert caught.value.__context__ is None
            lengths.add(len(caught.traceback))
        assert len(lengths) == 1, "each request raises an error of its own"
    finally:
        cache.close()


async def test_contracts_in_use_are_bounded_beside_the_cache(trials: Trials) -> None:
    cache = InlineContracts(trials, all_bytes=60)
    try:
        used = [await cache.get(schema(f'{{"const": {number}}}')) for number in (1000, 1001, 1002, 1003)]
        assert len(cache) == 4
        with pytest.raises(ApiError) as caught:
            await cache.get(schema('{"const": 1004}'))
        assert (caught.value.status, caught.value.code) == (429, "contracts_full")
        assert len(cache) == 0, "to forget them has not helped, for requests hold them"
        used.pop(0)  # the thread may still hold the last one for a moment
        assert (await cache.get(schema('{"const": 1004}'))).validate("1004") == ()
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


async def test_schemas_of_clients_that_left_do_not_pile_up(trials: Trials) -> None:
    cache = InlineContracts(trials, capacity=2)
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


async def test_a_grammar_that_takes_too_long_is_refused_and_others_are_not_held_up(trials: Trials) -> None:
    cache = InlineContracts(trials)
    hostile = Wanted("lark", 'start: e\ne: e e | "a"\n', "response_format.grammar.definition")
    try:
        refused = asyncio.create_task(cache.get(hostile))
        await asyncio.sleep(0)
        assert (await cache.get(schema('{"const": 1}'))).validate("1") == ()
        with pytest.raises(ApiError) as caught:
            await refused
        assert caught.value.status == 422
        assert caught.value.param == "response_format.grammar.definition"
        good = Wanted("regex", "[a-z]{3}", "response_format.regex")
        assert (await cache.get(good)).validate("abc") == ()
    finally:
        cache.close()


async def test_what_could_not_be_tried_is_not_held_against_the_contract(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = InlineContracts(trials)
    wanted = Wanted("regex", "[a-z]{3}", "response_format.regex")

    async def fails(*_: object, **__: object) -> None:
        raise TrialError("no process")

    try:
        with monkeypatch.context() as patch:
            patch.setattr(trials, "try_contract", fails)
            with pytest.raises(ApiError) as caught:
                await cache.get(wanted)
            assert caught.value.status == 503
            assert len(cache) == 0
        assert (await cache.get(wanted)).validate("abc") == ()
    finally:
        cache.close()


async def test_contracts_of_the_model_are_found_by_name_and_by_reference(tmp_path: Path, trials: Trials) -> None:
    entries = [
        {"name": "a", "contract": "long", "version": 3, "schemaText": "type: string"},
        {"name": "b", "version": 1, "kind": "regex", "schemaText": "[a-z]+", "policy": {"mode": "observe"}},
        {"name": "c", "kind": "choice", "schemaText": "- x", "rules": [{"rule": "self == 'x'"}]},
    ]
    mount(tmp_path, "1", json.dumps({"contracts": entries}))
    store = ContractStore(tmp_path / "contracts.json", trials)
    await store.refresh()
    assert store.error == ""
    served = store.served
    assert served.known == ("a", "b", "c", "long@3", "b@1")
    assert served.find("a") is served.find("long@3")
    assert [served.contracts[name].label for name in "abc"] == ["long@3", "b@1", "c"]
    assert served.contracts["b"].policy.mode == "observe"
    assert served.contracts["c"].contract.rules
    assert served.find("long") is None
    assert served.find("long@4") is None


async def test_two_contracts_of_one_name_or_reference_are_refused(tmp_path: Path, trials: Trials) -> None:
    store = ContractStore(tmp_path / "contracts.json", trials)
    one: dict[str, Any] = {"name": "a", "version": 1, "schemaText": "{}"}
    others: list[dict[str, Any]] = [{"name": "a"}, {"name": "b", "contract": "a", "version": 1}]
    for revision, other in enumerate(others):
        mount(tmp_path, str(revision), json.dumps({"contracts": [one, {"schemaText": "{}", **other}]}))
        await store.refresh()
        assert "is there twice" in store.error


async def test_a_hostile_grammar_of_the_model_is_refused_with_its_name(tmp_path: Path, trials: Trials) -> None:
    hostile = {"name": "bomb", "kind": "lark", "schemaText": 'start: e\ne: e e | "a"\n'}
    mount(tmp_path, "1", json.dumps({"contracts": [hostile]}))
    store = ContractStore(tmp_path / "contracts.json", trials)
    await store.refresh()
    assert "'bomb'" in store.error
    assert not store.loaded
