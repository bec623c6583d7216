"""The text of ``casava explain invoice@3``, from the object alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from casava_cli.explain_text import conditions
from casava_cli.text import clean, columns

_BY = (("byEngine", "the engine"), ("sidecarEarly", "early"), ("sidecarFinal", "at the end"), ("annotations", "nobody"))


def contract_explanation(body: Mapping[str, Any]) -> str:
    """What a person wants to know of an OutputContract, as the API server gives it."""
    status = body.get("status") or {}
    sections = [_head(body, status), conditions(status), _engines(status)]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _head(body: Mapping[str, Any], status: Mapping[str, Any]) -> list[str]:
    metadata, spec = body.get("metadata") or {}, body.get("spec") or {}
    reference = f"{clean(spec.get('contract'))}@{clean(spec.get('version'))}"
    rows = [
        ("type", spec.get("type")),
        ("mode", spec.get("mode") or "validated"),
        ("digest", status.get("digest")),
        ("satisfiable", status.get("satisfiable")),
        ("former", _compatibility(status.get("compatibility") or {})),
        ("refused", _problem(status.get("problem") or {})),
        ("used by", _users(status)),
    ]
    title = f"OutputContract {clean(metadata.get('namespace'))}/{clean(metadata.get('name'))}: {reference}"
    return [title, *columns([(name, clean(value)) for name, value in rows if value])]


def _compatibility(found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    said = (
        f"{found.get('former')}: all that it accepted is accepted: {found.get('accepts')}; its readers can read all "
        f"that is accepted now: {found.get('readable')}"
    )
    return f"{said} ({found['reason']})" if found.get("reason") else said


def _problem(found: Mapping[str, Any]) -> str:
    place = f"#{found['pointer']}: " if found.get("pointer") else ""
    return f"{found.get('code')}: {place}{found.get('message')}" if found else ""


def _users(status: Mapping[str, Any]) -> str:
    names, count = status.get("usedBy") or (), int(status.get("usedByCount") or 0)
    more = count - len(names)
    return ", ".join(str(each) for each in names) + (f" and {more} more" if more > 0 else "")


def _engines(status: Mapping[str, Any]) -> list[str]:
    rows = [row for each in status.get("engines") or () for row in _engine(each)]
    return ["Who enforces what", *columns(rows)] if rows else []


def _engine(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    counts = ", ".join(f"{found[name]} by {who}" for name, who in _BY if found.get(name))
    yield clean(found.get("engine")), f"{clean(found.get('guarantee'))}: keywords {counts or 'none'}"
    for keyword in found.get("keywords") or ():
        reason = f": {keyword['reason']}" if keyword.get("reason") else ""
        yield "", clean(f"#{keyword.get('pointer')} {keyword.get('keyword')}, {keyword.get('enforcedBy')}{reason}")
