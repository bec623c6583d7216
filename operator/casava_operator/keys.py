"""What names an object in the queue and the store, and the type of an object as the API server speaks it."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

Manifest: TypeAlias = dict[str, Any]


class Key(NamedTuple):
    """One namespaced object of a kind known from the context."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, order=True)
class ContractKey:
    """One OutputContract, in the queue and the store. Never equal to a Key, which names a model."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"outputcontract {self.namespace}/{self.name}"


Work: TypeAlias = Key | ContractKey
