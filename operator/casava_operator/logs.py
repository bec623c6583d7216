"""JSON lines on standard error: one object per line, with the keys of the object that a line is about."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter

from casava_operator.keys import ContractKey, Work
from casava_wire import labels

_about: ContextVar[Work | None] = ContextVar("about", default=None)

# kopf describes every event of every object at INFO and below; what it does matters only when it fails.
_LEVELS: Final = {"kopf": logging.WARNING, "aiohttp": logging.WARNING, "asyncio": logging.WARNING}


class _Formatter(JsonFormatter):
    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: MutableMapping[str, Any]
    ) -> None:
        super().add_fields(log_data, record, dict(message_dict))
        key = _about.get()
        if key is not None:
            log_data.setdefault("kind", labels.CONTRACT_KIND if isinstance(key, ContractKey) else labels.KIND)
            log_data.setdefault("namespace", key.namespace)
            log_data.setdefault("name", key.name)
        for name in ("k8s_ref", "k8s_skip", "settings"):  # kopf's own extras
            log_data.pop(name, None)


def set_up(level: str) -> None:
    """Log to standard error from ``level`` on (``debug``, ``info``, ``warning``, ``error``)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _LEVELS.items():
        logging.getLogger(name).setLevel(max(least, root.level))


@contextmanager
def about(key: Work) -> Iterator[None]:
    """Every line logged inside names this model or contract."""
    token = _about.set(key)
    try:
        yield
    finally:
        _about.reset(token)
