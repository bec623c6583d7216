"""Which kind of cluster: what CASAVA_E2E_CLUSTER says, else what this machine can run."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from e2e.cluster import kind, local
from e2e.cluster.existing import Existing
from e2e.cluster.proc import ClusterError

CHOICE: Final = "CASAVA_E2E_CLUSTER"
DEFAULT_NAME: Final = "casava-e2e"


class Provider(Protocol):
    """What every kind of cluster can do. Errors are ClusterErrors that say what to do."""

    name: str

    @property
    def kind(self) -> str: ...
    @property
    def kubeconfig(self) -> Path: ...
    @property
    def audit_log(self) -> Path | None: ...
    @property
    def host_address(self) -> str | None: ...
    def up(self, nodes: int) -> None: ...
    def down(self) -> None: ...
    def nodes(self) -> list[str]: ...
    def running(self) -> bool: ...
    def load(self, names: Sequence[str]) -> None: ...
    def image(self, name: str) -> str: ...


def choose(*, wanted: str, docker: bool, local_refusal: str | None) -> str:
    """`kind`, `local` or `existing`. Raises ClusterError when the wish is unknown or nothing can run here. Pure."""
    if wanted:
        if wanted not in ("kind", "local", "existing"):
            raise ClusterError(f"{CHOICE}={wanted} is unknown: use kind, local or existing, or leave it unset")
        return wanted
    if docker:
        return "kind"
    if local_refusal is None:
        return "local"
    raise ClusterError(
        f"no cluster can run here: no Docker engine answers (for kind), and {local_refusal}. Start Docker, or be root "
        f"on Linux, or set {CHOICE}=existing and KUBECONFIG"
    )


def provider(name: str = DEFAULT_NAME) -> Provider:
    """The provider for a cluster of that name, by CASAVA_E2E_CLUSTER and by what this machine offers."""
    wanted = os.environ.get(CHOICE, "")
    docker = not wanted and kind.docker_answers()
    chosen = choose(wanted=wanted, docker=docker, local_refusal=local.why_not())
    if chosen == "kind":
        return kind.Kind(name)
    return local.Local(name) if chosen == "local" else Existing(name)
