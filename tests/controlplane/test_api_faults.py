"""What each fault of the API server does to a running operator. kopf rides some out and dies of others; either way
every model is made true: by this process, or by the next one after it has ended non-zero."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.controlplane.support.client import Client, until
from tests.controlplane.support.operator import Operator, OperatorFactory
from tests.controlplane.support.play import applied, model
from tests.controlplane.support.proxy import Answer, FaultProxy, Stream

MODELS = r"/casavamodels$"


async def end(stream: Stream) -> None:
    stream.end()


async def abort(stream: Stream) -> None:
    stream.abort()


async def abort_in_mid_frame(stream: Stream) -> None:
    await stream.half_frame()
    stream.abort()


async def end_in_mid_frame(stream: Stream) -> None:
    await stream.half_frame()
    stream.end()


async def say_410(stream: Stream) -> None:
    await stream.error(410)


async def say_500(stream: Stream) -> None:
    await stream.error(500, "InternalError")


async def say_429(stream: Stream) -> None:
    await stream.error(429, "TooManyRequests")


Break = Callable[[Stream], Awaitable[None]]


async def the_watch(proxy: FaultProxy, resource: str = "casavamodels") -> Stream:
    """The open watch of a resource."""

    async def one() -> list[Stream]:
        return proxy.watches(resource)

    return (await until(f"{resource} are watched", one))[0]


async def survives(client: Client, operator: Operator) -> None:
    """A model that is made now is applied, by the very same process."""
    await client.create(model("after"))
    await applied(client, "after")
    assert operator.process.returncode is None, operator.log


async def dies_and_the_next_one_converges(client: Client, operators: OperatorFactory, operator: Operator) -> None:
    """The process ends non-zero; a model made meanwhile is applied by the next one."""
    assert await operator.ended() not in {0, None}
    await client.create(model("after"))
    await operators.leading()  # at once: also one that dies of a watch gives its lease back
    await applied(client, "after")


@pytest.mark.parametrize("fault", [end, abort, abort_in_mid_frame, say_410])
async def test_a_broken_watch_is_taken_up_again_with_nothing_lost(
    client: Client, operators: OperatorFactory, proxy: FaultProxy, fault: Break
) -> None:
    operator = await operators.leading()
    await client.create(model("before"))
    await applied(client, "before")
    await proxy.quiet(0.3)
    before = len(proxy.log)
    await fault(await the_watch(proxy))
    await survives(client, operator)
    # Nothing was done twice: the model that was there already is not written again.
    assert [str(each) for each in proxy.writes(before) if "/before" in each.path] == []


@pytest.mark.parametrize("fault", [end_in_mid_frame, say_500, say_429])
async def test_a_watch_that_kopf_cannot_take_up_again_ends_the_process(
    client: Client, operators: OperatorFactory, proxy: FaultProxy, fault: Break
) -> None:
    operator = await operators.leading()
    await fault(await the_watch(proxy))
    await dies_and_the_next_one_converges(client, operators, operator)


@pytest.mark.parametrize("status", [410, 404])
async def test_a_refused_watch_request_ends_the_process(
    client: Client, operators: OperatorFactory, proxy: FaultProxy, status: int
) -> None:
    operator = await operators.leading()
    stream = await the_watch(proxy)
    proxy.break_next(Answer(status), path=MODELS, watch=True)
    stream.end()
    await dies_and_the_next_one_converges(client, operators, operator)


async def test_a_listing_that_says_410_ends_the_process(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading()
    stream = await the_watch(proxy)
    proxy.break_next(Answer(410), path=MODELS, watch=False)
    await stream.error(410)
    await dies_and_the_next_one_converges(client, operators, operator)


@pytest.mark.parametrize("status", [500, 503, 403])
async def test_a_watch_request_refused_for_a_moment_is_repeated(
    client: Client, operators: OperatorFactory, proxy: FaultProxy, status: int
) -> None:
    operator = await operators.leading()
    stream = await the_watch(proxy)
    rule = proxy.break_next(Answer(status), path=MODELS, watch=True)
    stream.end()
    await survives(client, operator)
    assert rule.hits == 1


async def test_a_watch_request_refused_for_long_ends_the_process(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading("--watch-retries=3")
    stream = await the_watch(proxy)
    rule = proxy.break_next(Answer(500), times=100, path=MODELS, watch=True)
    stream.end()
    assert await operator.ended() not in {0, None}
    rule.times = 0
    await client.create(model("after"))
    await operators.leading()
    await applied(client, "after")


async def test_a_watch_request_that_says_429_is_repeated_for_ever(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading("--watch-retries=1")
    stream = await the_watch(proxy)
    rule = proxy.break_next(Answer(429, headers={"Retry-After": "0"}), times=4, path=MODELS, watch=True)
    stream.end()

    async def often() -> bool:
        return rule.hits == 4

    await until("the watch is asked for more often than it has retries", often)
    await survives(client, operator)


async def test_a_401_leads_to_a_new_login(client: Client, operators: OperatorFactory, proxy: FaultProxy) -> None:
    operator = await operators.leading()
    stream = await the_watch(proxy)
    rule = proxy.break_next(Answer(401), path=MODELS, watch=True)
    stream.end()
    await survives(client, operator)
    assert rule.hits == 1
    # Casava's own requests went on over the session that kopf has closed and got anew.
    await client.merge("CasavaModel", "after", {"spec": {"serving": {"maxConcurrent": 3}}})
    await applied(client, "after")


async def test_refused_connections_are_ridden_out(
    client: Client, operators: OperatorFactory, proxy: FaultProxy
) -> None:
    operator = await operators.leading()
    await the_watch(proxy)
    await proxy.refuse()
    await client.create(model("after"))
    await asyncio.sleep(3)
    await proxy.accept()
    await applied(client, "after")
    assert operator.process.returncode is None, operator.log
