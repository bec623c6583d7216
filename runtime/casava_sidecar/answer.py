"""One generation, from the engine's first piece of text to the verdict on all of it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from casava_sidecar.api.responses import Usage
from casava_sidecar.contracts.bound import Bound, Judged, Verdict, judge
from casava_sidecar.desk import Ticket
from casava_sidecar.engine.client import Triton
from casava_sidecar.engine.tensors import generation, piece
from casava_sidecar.errors import SERVER_ERROR, ApiError
from casava_sidecar.metrics import Metrics
from casava_sidecar.prepare import Prepared

_LONG: Final = 64 * 1024  # characters: from here on validation would be felt by the other streams


class Answer:
    """The answer to one prepared request. Iterate ``texts`` to its end, then read the rest."""

    def __init__(self, prepared: Prepared, request_id: str, triton: Triton, ticket: Ticket, metrics: Metrics) -> None:
        self._prepared = prepared
        self._request = generation(triton.model, request_id, prepared.prompt, prepared.ask.sampling, prepared.guide)
        self._triton = triton
        self._ticket = ticket
        self._metrics = metrics
        self._kept: list[str] = []
        self.finish_reason = ""
        self.usage = Usage()
        self.pieces = 0

    @property
    def text(self) -> str:
        return "".join(self._kept)

    async def texts(self) -> AsyncGenerator[str, None]:
        """Each new piece of text, never an empty one. Raises ApiError."""
        clock = asyncio.get_running_loop().time
        keep = self._prepared.bound is not None or not self._prepared.ask.stream
        observe = self._metrics.inter_token.observe
        last = 0.0
        async with aclosing(self._triton.stream(self._request)) as responses:
            async for response in responses:
                new = piece(response)
                if new.finish_reason:
                    self.finish_reason = new.finish_reason
                    self.usage = Usage(new.prompt_tokens, new.completion_tokens)
                if not new.text:
                    continue
                now = clock()
                if last:
                    observe(now - last)
                else:
                    self._metrics.ttft.observe(now - self._ticket.arrival)
                last = now
                self.pieces += 1
                if keep:
                    self._kept.append(new.text)
                yield new.text
        if not self.finish_reason:
            raise ApiError(502, "The engine ended without saying why.", kind=SERVER_ERROR, code="engine_error")
        self._metrics.prompt_tokens.inc(self.usage.prompt)
        self._metrics.completion_tokens.inc(self.usage.completion)

    async def judged(self) -> Judged | None:
        """The verdict on the whole answer, None where no contract was asked for."""
        bound = self._prepared.bound
        if bound is None:
            return None
        text = self.text
        if len(text) > _LONG:
            judged = await asyncio.to_thread(judge, bound, text, self.finish_reason)
        else:
            judged = judge(bound, text, self.finish_reason)
        self._count(bound, judged.verdict)
        return judged

    def _count(self, bound: Bound, verdict: Verdict) -> None:
        self._metrics.verdicts.labels(bound.label, str(verdict), bound.engine).inc()
        if verdict is Verdict.INVALID and bound.engine == "full":
            self._metrics.disagreements.inc()
