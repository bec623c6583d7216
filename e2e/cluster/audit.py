"""The API server's audit log: who did what to which object, and how it was answered."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True)
class AuditEvent:
    """One answered request, or the beginning of a watch (`stage` ResponseStarted). Bodies are never logged."""

    at: datetime
    stage: str
    user: str
    agent: str  # the client's user agent
    verb: str  # Kubernetes' own: get, list, watch, create, update, patch, delete, deletecollection
    group: str  # the API group; empty for core, and for requests that name no resource
    resource: str  # plural, with the subresource: `deployments/status`; empty for paths such as /readyz
    namespace: str
    name: str
    code: int  # HTTP status; 0 when the request had no answer
    allowed: bool  # what RBAC said
    path: str

    @property
    def write(self) -> bool:
        """Whether the request was meant to change something."""
        return self.verb in WRITES


def parse(line: str) -> AuditEvent:
    """One line of the log. Raises ValueError when it is not an audit event."""
    event: Mapping[str, Any] = json.loads(line)
    if event.get("kind") != "Event" or not str(event.get("apiVersion", "")).startswith("audit.k8s.io/"):
        raise ValueError("the line is no audit event")
    target: Mapping[str, str] = event.get("objectRef") or {}
    resource, sub = target.get("resource", ""), target.get("subresource", "")
    return AuditEvent(
        at=datetime.fromisoformat(event["requestReceivedTimestamp"]),
        stage=event["stage"],
        user=(event.get("user") or {}).get("username", ""),
        agent=event.get("userAgent", ""),
        verb=event["verb"],
        group=target.get("apiGroup", ""),
        resource=f"{resource}/{sub}" if sub else resource,
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=int((event.get("responseStatus") or {}).get("code", 0)),
        allowed=(event.get("annotations") or {}).get("authorization.k8s.io/decision") != "forbid",
        path=event["requestURI"],
    )


def read(log: Path, offset: int = 0) -> Iterator[AuditEvent]:
    """The events from a byte offset on, in the order of their answers; a line that is not complete yet is left out."""
    with log.open("rb") as file:
        file.seek(offset)
        for line in file:
            if line.endswith(b"\n"):
                yield parse(line.decode())


def end(log: Path) -> int:
    """The offset behind the last event so far: what is read from here on happened later."""
    return log.stat().st_size
