"""``casava explain`` shows a person the cause, the evidence and the next action."""

from typing import Any

from casava_cli.explain_text import explanation
from casava_cli.text import WIDTH

CONDITION = {"lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 3}


def _condition(kind: str, status: str, reason: str, message: str) -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message, **CONDITION}


def _body(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "invoices", "namespace": "billing", "generation": 3},
        "spec": {"model": {"source": "pvc://models/a.gguf"}},
        "status": {"observedGeneration": 3, **status} if status else {},
    }


SICK = _body(
    conditions=[
        _condition("Accepted", "True", "Accepted", "The spec is accepted."),
        _condition("Placed", "Unknown", "WaitingForNode", "No node can give 1 x L4 now. " + "The cluster has T4. " * 6),
        _condition("Ready", "False", "ImagePullFailed", "The image cannot be pulled."),
        _condition("Progressing", "True", "RollingOut", "One of two pods is new."),
        _condition("Stalled", "False", "Fine", "Nothing stalls."),
        _condition("Degraded", "True", "GPUNotUsed", "The engine does not use its GPU."),
    ],
    diagnosis=[
        {
            "cause": "ImagePullFailed",
            "evidence": "registry.example.com/runtime:2: manifest unknown",
            "nextAction": "Correct spec.engine.image.",
            "pod": "invoices-abc",
            "pods": 3,
        }
    ],
    engine={"backend": "llama-cpp", "version": "b9999"},
    placement={"entry": 0, "gpu": ["L4"], "count": 1, "summary": "1 x L4"},
    replicas=3,
    readyReplicas=1,
    scaling={"desired": 3, "mode": "Auto", "message": "12 requests in flight."},
    progress={"stage": "Fetching", "bytesDone": 3 * 2**30, "bytesTotal": 4 * 2**30},
    contracts=[{"name": "invoice", "digest": "sha256:0123", "engine": "partial"}],
    url="http://invoices.billing.svc/v1",
)


def test_a_sick_model_is_explained() -> None:
    assert (
        explanation(SICK)
        == """\
CasavaModel billing/invoices: not ready (ImagePullFailed)
  model     pvc://models/a.gguf
  engine    llama-cpp b9999
  GPU       1 x L4
  replicas  1 of 3 serve; 12 requests in flight.
  progress  Fetching, 75 % of 4.0 GiB
  URL       http://invoices.billing.svc/v1

Conditions
  ok  Accepted     Accepted         The spec is accepted.
  ?   Placed       WaitingForNode   No node can give 1 x L4 now. The cluster has T4. The cluster has
                                    T4. The cluster has T4. The cluster has T4. The cluster has T4.
                                    The cluster has T4.
  no  Ready        ImagePullFailed  The image cannot be pulled.
  ?   Progressing  RollingOut       One of two pods is new.
  ok  Stalled      Fine             Nothing stalls.
  no  Degraded     GPUNotUsed       The engine does not use its GPU.

What is wrong
  1. ImagePullFailed (pod invoices-abc and 2 more)
     seen: registry.example.com/runtime:2: manifest unknown
     do:   Correct spec.engine.image.

Contracts that are served
  invoice  engine=partial  sha256:0123
"""
    )


def test_a_model_that_no_operator_saw_says_how_to_find_the_operator() -> None:
    text = explanation(_body())
    assert text.startswith("CasavaModel billing/invoices: not looked at yet\n")
    assert "kubectl get pods -A -l app.kubernetes.io/name=casava-operator" in text


def test_an_edit_that_was_not_looked_at_is_said() -> None:
    ready = _body(conditions=[_condition("Ready", "True", "Ready", "It serves.")])
    assert "not been looked at" not in explanation(ready)
    ready["metadata"]["generation"] = 4
    assert "The newest edit has not been looked at yet" in explanation(ready)


def test_what_comes_from_the_cluster_cannot_steer_the_terminal() -> None:
    body = _body(
        conditions=[_condition("Ready", "False", "Bad", "before\x1b[2Jafter\r\nnext")],
        diagnosis=[{"cause": "C\x07", "evidence": "\x1b]0;title\x07"}],
    )
    text = explanation(body)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "before [2Jafter next" in text


def test_no_line_is_wider_than_a_terminal() -> None:
    assert all(len(line) <= WIDTH for line in explanation(SICK).splitlines())
