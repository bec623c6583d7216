"""How an answer is asked for again: repeatable for whoever repeats the request under the same id."""

import hashlib
from dataclasses import replace
from typing import Final

from casava_sidecar.api.requests import Sampling
from casava_sidecar.enforce.policy import Enforcement

_WARMER: Final = 0.2  # per retry: at temperature 0 another seed alone would change nothing
_SEED_BITS: Final = 31  # every engine and every JSON reader holds such a seed exactly


def derived_seed(base: str, attempt: int) -> int:
    digest = hashlib.sha256(f"{base}\n{attempt}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - _SEED_BITS)


def sampling_of(asked: Sampling, plan: Enforcement, request_id: str, attempt: int, tokens: int) -> Sampling:
    """How attempt ``attempt``, from 1, is sampled when ``tokens`` were generated before it.

    The client's seed, or else the id of its request, is what all seeds derive from. A policy without retries leaves
    everything as it was asked for.
    """
    if not plan.retries:
        return asked
    first = attempt == 1
    seed = asked.seed
    if seed is None or not first:
        seed = derived_seed(request_id if asked.seed is None else str(asked.seed), attempt)
    temperature = asked.temperature
    if temperature is not None:
        temperature = max(temperature, round(_WARMER * (attempt - 1), 2))
    most = asked.max_tokens
    if plan.token_budget is not None and not first:
        left = plan.token_budget - tokens
        most = left if most is None else min(most, left)
    return replace(asked, seed=seed, temperature=temperature, max_tokens=most)
