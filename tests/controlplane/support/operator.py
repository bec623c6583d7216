"""The operator as a process, as it runs in its pod."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.controlplane.support.client import until
from tests.controlplane.support.proxy import FaultProxy
from tests.controlplane.support.server import ApiServer, free_port

LEASE = "casava-operator"


@dataclass
class Operator:
    """One running ``casava-operator run``."""

    process: asyncio.subprocess.Process
    port: int
    identity: str
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    async def get(self, path: str) -> tuple[int, str]:
        """(status, text) of one of its own HTTP paths; status 0 while nothing listens."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(f"http://127.0.0.1:{self.port}{path}") as answer,
            ):
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    async def metric(self, line: str) -> float:
        """The value of a metric's line, given up to its value."""
        _, text = await self.get("/metrics")
        return next((float(each.split()[-1]) for each in text.splitlines() if each.startswith(f"{line} ")), 0.0)

    async def leads(self) -> bool:
        assert self.process.returncode is None, self.log
        return await self.metric("casava_operator_leader") == 1

    async def works(self) -> bool:
        assert self.process.returncode is None, self.log
        return "reconciling begins" in self.log

    async def ended(self, timeout: float = 20.0) -> int:  # noqa: ASYNC109
        """Wait for the end; the exit status."""
        return await asyncio.wait_for(self.process.wait(), timeout)

    async def stop(self) -> int:
        """SIGTERM, and the exit status."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        await self.ended()


@dataclass
class OperatorFactory:
    """Starts operators and remembers them."""

    server: ApiServer
    namespace: str
    proxy: FaultProxy
    folder: Path
    started: list[Operator] = field(default_factory=list)

    async def start(
        self, *arguments: str, direct: bool = False, environment: dict[str, str] | None = None, token: str | None = None
    ) -> Operator:
        """Start one; ``direct``: past the proxy."""
        number = len(self.started)
        config = self.server.kubeconfig(
            self.folder / f"kubeconfig-{number}", server=None if direct else self.proxy.url, token=token
        )
        port = free_port()
        log_file = self.folder / f"operator-{number}.log"
        with log_file.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "casava_operator",
                "run",
                f"--kubeconfig={config}",
                f"--namespace={self.namespace}",
                f"--lease-namespace={self.namespace}",
                f"--listen=127.0.0.1:{port}",
                f"--identity=operator-{number}",
                *arguments,
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONWARNINGS": "error", "PYTHONASYNCIODEBUG": "0", **(environment or {})},
            )
        made = Operator(process, port, f"operator-{number}", log_file)
        self.started.append(made)
        return made

    async def leading(
        self, *arguments: str, direct: bool = False, environment: dict[str, str] | None = None, token: str | None = None
    ) -> Operator:
        """Start one and wait until it leads and has listed everything."""
        made = await self.start(*arguments, direct=direct, environment=environment, token=token)
        await until("the operator works", made.works, timeout=30)
        return made

    async def stop_all(self) -> None:
        """End whatever still runs. One that ended by itself unexpectedly is for its test to notice."""
        for each in self.started:
            if each.process.returncode is None:
                each.process.kill()
                await each.process.wait()
