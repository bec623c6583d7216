"""Real contracts under any policy, and answers fed to them in pieces."""

from collections.abc import Iterable
from typing import Any

import casava_contract
from casava_sidecar.api.requests import Sampling
from casava_sidecar.contracts.bound import Bound, bind
from casava_sidecar.enforce.mending import mend
from casava_sidecar.enforce.outcome import Outcome
from casava_sidecar.enforce.pipeline import Pipeline
from casava_wire.config import ContractPolicy

PERSON = """{
  "type": "object",
  "properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "minimum": 0, "maximum": 120}},
  "required": ["name", "age"], "additionalProperties": false
}"""
GUIDES = ("json", "json_schema")
SAMPLING = Sampling()


def bound(schema: str = PERSON, *, events: bool = False, refusable: bool = False, **policy: Any) -> Bound:
    contract = casava_contract.compile(schema)
    asked = ContractPolicy.model_validate(policy)
    return bind("person", "person", contract, GUIDES, policy=asked, events=events, refusable=refusable)


def pipeline(one: Bound, *, stream: bool = True, sampling: Sampling = SAMPLING, request_id: str = "r1") -> Pipeline:
    return Pipeline(one, sampling, request_id, mend, stream=stream)


def pieces(text: str, size: int = 4) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def generated(line: Pipeline, texts: Iterable[str], finish_reason: str = "stop") -> tuple[list[str], Outcome | None]:
    """One attempt, a token for each piece: what was released while it came, and how it was settled."""
    attempt = line.begin()
    released = []
    for count, text in enumerate(texts, 1):
        released.append(attempt.feed(text, count))
        if attempt.cancel:
            finish_reason = ""
            break
    return released, line.settle(finish_reason)
