"""Constant load on one model with the unmodified OpenAI client, and an honest account of what came back."""

import asyncio
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import openai


@dataclass(frozen=True)
class Outcome:
    """What one request came to. ``error`` is empty when the whole answer arrived."""

    began: datetime
    seconds: float
    error: str = ""

    def __str__(self) -> str:
        return f"{self.began:%H:%M:%S.%f} after {self.seconds:.3f} s: {self.error}"


@dataclass
class Load:
    """``workers`` clients, each asking again as soon as it has its answer, until the block ends.

    Retries are off: a request that the client would have repeated counts as failed. Every second request streams, and
    a stream counts as cut unless its last chunk carried a ``finish_reason``.
    """

    base_url: str
    model: str
    workers: int
    max_tokens: int = 12
    timeout: float = 60.0
    outcomes: list[Outcome] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self.timeout + 10)

    def failures(self) -> list[str]:
        """Requests that did not get a whole answer, in words."""
        return [str(outcome) for outcome in self.outcomes if outcome.error]

    def wait_for_answers(self, count: int, timeout: float = 60.0) -> None:
        """Block until ``count`` more answers came; raises TimeoutError."""
        goal = len(self.outcomes) + count
        deadline = time.monotonic() + timeout
        while len(self.outcomes) < goal:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"only {len(self.outcomes)} of {goal} answers after {timeout} s: {self.outcomes[-3:]}"
                )
            time.sleep(0.05)

    async def _run(self) -> None:
        async with openai.AsyncOpenAI(
            base_url=f"{self.base_url}/v1", api_key="unused", max_retries=0, timeout=self.timeout
        ) as client:
            await asyncio.gather(*(self._worker(client, number) for number in range(self.workers)))

    async def _worker(self, client: openai.AsyncOpenAI, number: int) -> None:
        turn = number
        while not self._stop.is_set():
            began, started = datetime.now(UTC), time.monotonic()
            try:
                error = await (self._streamed(client) if turn % 2 else self._whole(client))
            except openai.APIStatusError as failure:
                error = f"{failure.status_code} {failure.message}"
            except openai.APIError as failure:
                error = f"{type(failure).__name__}: {failure} ({failure.__cause__!r})"
            self.outcomes.append(Outcome(began, time.monotonic() - started, error))
            turn += 1

    async def _whole(self, client: openai.AsyncOpenAI) -> str:
        answer = await client.chat.completions.create(
            model=self.model, max_tokens=self.max_tokens, messages=[{"role": "user", "content": "Count to twenty."}]
        )
        return "" if answer.choices else "an answer without choices"

    async def _streamed(self, client: openai.AsyncOpenAI) -> str:
        finish = None
        stream = await client.chat.completions.create(
            model=self.model,
            max_tokens=self.max_tokens,
            messages=[{"role": "user", "content": "Count to twenty."}],
            stream=True,
        )
        async for chunk in stream:
            finish = chunk.choices[0].finish_reason or finish
        return "" if finish else "cut stream"
