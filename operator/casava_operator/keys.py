"""What names an object in the queue and the store, and the type of an object as the API server speaks it."""

from typing import Any, NamedTuple, TypeAlias

Manifest: TypeAlias = dict[str, Any]


class Key(NamedTuple):
    """One namespaced object of a kind known from the context."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
