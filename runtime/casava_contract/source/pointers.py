"""JSON pointers (RFC 6901)."""

from collections.abc import Iterable


def escape(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")


def join(base: str, *tokens: str | int) -> str:
    """The pointer that leads from ``base`` over the tokens."""
    return base + "".join(f"/{escape(str(token))}" for token in tokens)


def of(path: Iterable[str | int]) -> str:
    return join("", *path)


def is_root(pointer: str) -> bool:
    """Whether it leads to the whole of a schema or of a resource, whose places are ``<uri>#/...``."""
    return not pointer.startswith("/") and not pointer.partition("#")[2]


def split(pointer: str) -> tuple[str, ...]:
    return tuple(unescape(token) for token in pointer.split("/")[1:])
