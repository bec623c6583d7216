"""The answer to one request, from the engine's first piece of text to how it ended, over all its attempts."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import perf_counter
from typing import Final

from tritonclient.grpc import service_pb2 as pb

from casava_contract.recogniser import writes
from casava_sidecar import beside
from casava_sidecar.api.requests import Sampling
from casava_sidecar.api.responses import Usage
from casava_sidecar.desk import Ticket
from casava_sidecar.enforce.attempt import Attempt
from casava_sidecar.enforce.mending import mend
from casava_sidecar.enforce.outcome import Outcome
from casava_sidecar.enforce.pipeline import Pipeline
from casava_sidecar.engine.client import Triton
from casava_sidecar.engine.tensors import Guide, Piece, generation, piece
from casava_sidecar.errors import SERVER_ERROR, ApiError
from casava_sidecar.metrics import Metrics
from casava_sidecar.prepare import Prepared

_SAMPLE: Final = 64  # one piece in so many is timed: a clock is not for nothing
_TOO_LONG: Final = "context_length_exceeded"
_RETRIED: Final = -1.0  # in place of a time: what lies before the next text is no pause between two tokens


class Answer:
    """The answer to one prepared request. Iterate ``texts`` to its end, then read the rest.

    ``outcome`` is None where no contract was enforced. ``events``: pointers of the subtrees that end in the text that
    ``texts`` gave last; those of the last text of all are the outcome's. ``usage`` counts the last attempt.
    """

    def __init__(self, prepared: Prepared, request_id: str, triton: Triton, ticket: Ticket, metrics: Metrics) -> None:
        self._prepared = prepared
        self._request_id = request_id
        self._triton = triton
        self._ticket = ticket
        self._metrics = metrics
        self._clock = asyncio.get_running_loop().time
        self._last = 0.0  # when the last text came
        self.finish_reason = ""
        self.usage = Usage()
        self.pieces = 0
        self.outcome: Outcome | None = None
        self.events: tuple[str, ...] = ()

    def texts(self) -> AsyncGenerator[str, None]:
        """Each new piece of text for the client, never an empty one. Raises ApiError."""
        bound, ask = self._prepared.bound, self._prepared.ask
        if bound is None or bound.off:
            return self._unbound()
        return self._enforced(Pipeline(bound, ask.sampling, self._request_id, mend, stream=ask.stream))

    async def _unbound(self) -> AsyncGenerator[str, None]:
        request = self._request(self._prepared.ask.sampling, self._prepared.prompt)
        async with aclosing(self._triton.stream(request)) as responses:
            async for response in responses:
                new = self._read(response)
                if new.text:
                    yield new.text
        self._check_end()

    async def _enforced(self, pipeline: Pipeline) -> AsyncGenerator[str, None]:
        prompt = self._prepared.prompt
        while self.outcome is None:
            attempt = pipeline.begin()
            try:
                async with aclosing(self._triton.stream(self._request(pipeline.sampling, prompt))) as responses:
                    async for response in responses:
                        released = self._feed(pipeline, attempt, self._read(response))
                        if released:
                            yield released
                        if attempt.cancel:  # leaving the block cancels the generation in the engine
                            break
            except ApiError as error:
                if error.code != _TOO_LONG or pipeline.number == 1:
                    raise
                # There is no room for what the model would be told.
                self.outcome = pipeline.without_retry()
                return
            self.outcome = await self._settled(pipeline, attempt)
            if self.outcome is None:
                long = self._prepared.ask.size > beside.LONG
                prompt = await beside.run(long, self._prepared.again, pipeline.feedback)
        self.events = ()
        if self.outcome.error is None and self.outcome.text:
            yield self.outcome.text

    async def _settled(self, pipeline: Pipeline, attempt: Attempt) -> Outcome | None:
        if not attempt.cancel:
            self._check_end()
        outcome = await beside.run(pipeline.takes_long(attempt), pipeline.settle, self.finish_reason)
        self._metrics.contracts.attempted(pipeline, attempt, ended=bool(self.finish_reason))
        if attempt.cancel and not self.finish_reason:
            self._metrics.completion_tokens.inc(attempt.tokens)
            self._metrics.cancellations.labels("violation").inc()
        if outcome is None:
            self.finish_reason, self._last = "", _RETRIED
        elif self._metrics.contracts.tries_guide(pipeline.bound, outcome, attempt.size):
            await self._try_guide(pipeline.bound.withheld, attempt.text)
        return outcome

    async def _try_guide(self, guide: Guide | None, text: bytes) -> None:
        """Would the engine, were it told the contract, have been kept from this answer, which is valid?"""
        if guide is not None and await asyncio.to_thread(writes, guide.kind, guide.text, text) is False:
            self._metrics.contracts.overconstraints.inc()

    def _request(self, sampling: Sampling, prompt: str) -> pb.ModelInferRequest:
        return generation(self._triton.model, self._request_id, prompt, sampling, self._prepared.guide)

    def _read(self, response: pb.ModelInferResponse) -> Piece:
        new = piece(response)
        if new.finish_reason:
            self.finish_reason = new.finish_reason
            self.usage = Usage(new.prompt_tokens, new.completion_tokens)
            self._metrics.prompt_tokens.inc(new.prompt_tokens)
            self._metrics.completion_tokens.inc(new.completion_tokens)
        if new.text:
            now = self._clock()
            if self._last > 0:
                self._metrics.inter_token.observe(now - self._last)
            elif not self.pieces:
                self._metrics.ttft.observe(now - self._ticket.arrival)
            self._last = now
            self.pieces += 1
        return new

    def _feed(self, pipeline: Pipeline, attempt: Attempt, new: Piece) -> str:
        if not new.text:
            return ""
        if self.pieces % _SAMPLE:
            released = attempt.feed(new.text, new.completion_tokens)
        else:
            begin = perf_counter()
            released = attempt.feed(new.text, new.completion_tokens)
            self._metrics.contracts.validate_seconds.observe(perf_counter() - begin)
        if pipeline.plan.events:
            self.events = attempt.pointers()
        return released

    def _check_end(self) -> None:
        if not self.finish_reason:
            raise ApiError(502, "The engine ended without saying why.", kind=SERVER_ERROR, code="engine_error")
