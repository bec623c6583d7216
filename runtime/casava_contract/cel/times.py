"""Timestamps (RFC 3339) and durations, to the nanosecond."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from casava_contract.cel.values import Failure, Instant, Span

_TIMESTAMP: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))", re.ASCII
)
_DURATION: Final = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{1,9})?(?:h|ms|us|µs|ns|m|s))+", re.ASCII)
_PART: Final = re.compile(r"(\d+)(?:\.(\d+))?(h|ms|us|µs|ns|m|s)", re.ASCII)
_UNITS: Final = {
    "h": 3_600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "µs": 10**3,
    "ns": 1,
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST: Final = 64  # characters


def timestamp(text: str) -> Instant:
    """Raises Failure."""
    found = _TIMESTAMP.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise Failure("timestamp() asks for a date and time with a zone, like 2026-01-31T12:00:00Z")
    date, clock, fraction, sign, hours, minutes = found.groups()
    try:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
        moment = datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=zone)
        since = moment - _EPOCH
    except (ValueError, OverflowError):
        raise Failure("timestamp() asks for a date and time that exist") from None
    seconds = since.days * 86_400 + since.seconds
    return Instant(seconds * 10**9 + int((fraction or "0").ljust(9, "0")))


def duration(text: str) -> Span:
    """Raises Failure."""
    if len(text) > _LONGEST or _DURATION.fullmatch(text) is None:
        raise Failure("duration() asks for a number and a unit of h, m, s, ms, us, ns, like 1h30m")
    total = 0
    for whole, fraction, unit in _PART.findall(text):
        total += int(whole) * _UNITS[unit]
        if fraction:
            total += int(fraction) * _UNITS[unit] // 10 ** len(fraction)
    return Span(-total if text.startswith("-") else total)
