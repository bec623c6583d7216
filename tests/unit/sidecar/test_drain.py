import asyncio
from pathlib import Path

from casava_sidecar.drain import Drain, Phase
from casava_sidecar.drain_socket import ask, listen


class Work:
    """Stands for the requests that run: idle when ``done`` is set."""

    def __init__(self, *, propagation: float = 0, drain: float = 60) -> None:
        self.done = asyncio.Event()
        self.ended = False
        self.finishing = 0
        self.drain = Drain(
            propagation_seconds=propagation,
            drain_seconds=drain,
            idle=self.idle,
            on_finishing=self.on_finishing,
            on_timeout=self.on_timeout,
        )

    async def idle(self) -> None:
        await self.done.wait()

    def on_finishing(self) -> None:
        self.finishing += 1

    async def on_timeout(self) -> None:
        self.ended = True


async def test_phases_come_in_order_and_only_the_second_refuses() -> None:
    work = Work(propagation=0.05)
    assert (work.drain.draining, work.drain.refusing) == (False, False)
    work.drain.begin()
    assert (work.drain.draining, work.drain.refusing) == (True, False)
    await work.drain.reached(Phase.FINISHING)
    assert work.drain.refusing
    assert work.drain.phase is Phase.FINISHING
    work.done.set()
    await work.drain.reached(Phase.DONE)
    assert not work.ended


async def test_a_second_beginning_changes_nothing() -> None:
    work = Work()
    work.done.set()
    work.drain.begin()
    work.drain.begin()
    await work.drain.reached(Phase.DONE)
    work.drain.begin()
    assert work.drain.phase is Phase.DONE
    assert work.finishing == 1


async def test_what_outlasts_the_timeout_is_ended() -> None:
    work = Work(drain=0.05)
    work.drain.begin()
    await work.drain.reached(Phase.DONE)
    assert work.ended


async def test_the_hook_returns_when_propagation_is_over(tmp_path: Path) -> None:
    work = Work(propagation=0.2)
    path = tmp_path / "drain.sock"
    server = await listen(path, work.drain)
    assert path.stat().st_mode & 0o777 == 0o600
    asked = asyncio.create_task(asyncio.to_thread(ask, path, 10))
    await work.drain.reached(Phase.PROPAGATING)
    assert not asked.done()
    assert await asked
    assert work.drain.phase is Phase.FINISHING
    work.done.set()
    await work.drain.reached(Phase.DONE)
    server.close()
    await server.wait_closed()


async def test_anything_but_the_agreed_line_does_not_begin_a_drain(tmp_path: Path) -> None:
    work = Work()
    path = tmp_path / "drain.sock"
    server = await listen(path, work.drain)
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"x" * 5000 + b"\n")
    assert await reader.read() == b""
    writer.close()
    assert not work.drain.draining
    server.close()
    await server.wait_closed()


def test_nobody_answers_where_nobody_listens(tmp_path: Path) -> None:
    assert not ask(tmp_path / "none.sock", 1)
