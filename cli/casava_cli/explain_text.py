"""The text of ``casava explain``, from the object alone."""

from collections.abc import Mapping
from typing import Any

from casava_cli.text import clean, columns, wrapped
from casava_wire.reasons import Condition

_BAD_WHEN_TRUE = {Condition.STALLED, Condition.DEGRADED}
_NEW = "No operator has looked at it yet. Is it running? kubectl get pods -A -l app.kubernetes.io/name=casava-operator"


def explanation(body: Mapping[str, Any]) -> str:
    """What a person wants to know of a CasavaModel, as the API server gives it."""
    status = body.get("status") or {}
    sections = [_head(body, status), conditions(status), _diagnosis(status), _contracts(status)]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _head(body: Mapping[str, Any], status: Mapping[str, Any]) -> list[str]:
    metadata, spec = body.get("metadata") or {}, body.get("spec") or {}
    lines = [f"CasavaModel {clean(metadata.get('namespace'))}/{clean(metadata.get('name'))}: {_verdict(status)}"]
    behind = int(metadata.get("generation") or 0) - int(status.get("observedGeneration") or 0)
    if status and behind > 0:
        lines.append("The newest edit has not been looked at yet; what follows is about the one before.")
    rows = [
        ("model", (spec.get("model") or {}).get("source")),
        ("engine", _engine(status.get("engine") or {})),
        ("GPU", (status.get("placement") or {}).get("summary")),
        ("replicas", _replicas(status)),
        ("progress", _progress(status.get("progress") or {})),
        ("URL", status.get("url")),
    ]
    return [*lines, *columns([(name, clean(value)) for name, value in rows if value])]


def _verdict(status: Mapping[str, Any]) -> str:
    ready = next((each for each in status.get("conditions", ()) if each.get("type") == Condition.READY), None)
    if ready is None:
        return "not looked at yet"
    if ready.get("status") == "True":
        return "ready"
    return f"not ready ({clean(ready.get('reason'))})"


def _engine(engine: Mapping[str, Any]) -> str:
    return " ".join(str(part) for part in (engine.get("backend"), engine.get("version")) if part)


def _replicas(status: Mapping[str, Any]) -> str:
    if "replicas" not in status:
        return ""
    scaling = status.get("scaling") or {}
    said = f"; {scaling['message']}" if scaling.get("message") else ""
    return f"{status.get('readyReplicas', 0)} of {status['replicas']} serve{said}"


def _progress(progress: Mapping[str, Any]) -> str:
    stage = progress.get("stage")
    done, total = progress.get("bytesDone"), progress.get("bytesTotal")
    return f"{stage}, {100 * done // total} % of {total / 2**30:.1f} GiB" if stage and done and total else stage or ""


def conditions(status: Mapping[str, Any]) -> list[str]:
    """The conditions of an object, marked as good, bad or not known."""
    conditions = status.get("conditions") or ()
    if not conditions:
        return [_NEW]
    rows = [
        (_mark(each), clean(each.get("type")), clean(each.get("reason")), clean(each.get("message")))
        for each in conditions
    ]
    return ["Conditions", *columns(rows)]


def _mark(condition: Mapping[str, Any]) -> str:
    """ok, no, or ? for what is not known or still going on."""
    status, kind = condition.get("status"), condition.get("type")
    if status == "Unknown" or (kind == Condition.PROGRESSING and status == "True"):
        return "?"
    if kind in (*_BAD_WHEN_TRUE, Condition.PROGRESSING):
        return "no" if status == "True" else "ok"
    return "ok" if status == "True" else "no"


def _diagnosis(status: Mapping[str, Any]) -> list[str]:
    lines = []
    for number, found in enumerate(status.get("diagnosis") or (), start=1):
        pods = int(found.get("pods") or 0)
        where = f" (pod {clean(found['pod'])}{f' and {pods - 1} more' if pods > 1 else ''})" if found.get("pod") else ""
        lines.append(f"  {number}. {clean(found.get('cause'))}{where}")
        for label, member in (("seen", "evidence"), ("do", "nextAction")):
            if found.get(member):
                head = f"     {label + ':':<6}"
                lines.append(head + wrapped(found[member], " " * len(head)))
    return ["What is wrong", *lines] if lines else []


def _contracts(status: Mapping[str, Any]) -> list[str]:
    rows = [
        (_served(each), f"engine={clean(each.get('engine') or 'unknown')}", clean(each.get("digest")))
        for each in status.get("contracts") or ()
    ]
    return ["Contracts that are served", *columns(rows)] if rows else []


def _served(contract: Mapping[str, Any]) -> str:
    name, reference = clean(contract.get("name")), contract.get("contractRef")
    return f"{name} ({clean(reference)})" if reference else name
