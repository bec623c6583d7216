"""What differs between installations: the chart writes it once as a file, the operator reads it at start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from casava_operator.errors import InvalidSpec
from casava_operator.spec.peers import NetworkPeer

SITE_FILE = Path("/etc/casava/operator/site.yaml")


class _SiteModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Images(_SiteModel):
    """Images of the pods, with registry and tag."""

    sidecar: str = "casava/sidecar:0.1.0"
    runtime_cpu: str = "casava/runtime-cpu:0.1.0"


class Upgrade(_SiteModel):
    """How an operator upgrade rolls."""

    max_concurrent: Annotated[int, Field(ge=1)] = 1


class Autoscaling(_SiteModel):
    """How the built-in autoscaler behaves."""

    stabilization_seconds: Annotated[float, Field(ge=0)] = 300  # a lower count must have been enough for this long


class Site(_SiteModel):
    """One installation. A file may leave out whatever is as usual; unknown members are refused."""

    images: Images = Images()
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()  # names; they must exist in the namespace of each model
    operator_namespace: str = "casava-system"
    operator_labels: Mapping[str, str] = Field(
        default_factory=lambda: {"app.kubernetes.io/name": "casava-operator"}
    )  # of its pods: the NetworkPolicy lets them reach the admin port
    prometheus: tuple[NetworkPeer, ...] = ()  # who else may reach the admin port
    network_policies: bool = True
    upgrade: Upgrade = Upgrade()
    autoscaling: Autoscaling = Autoscaling()


def parse_site(text: str) -> Site:
    """A Site from YAML or JSON. InvalidSpec names the member that is wrong."""
    try:
        value: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidSpec("site", f"is no YAML: {error}") from None
    try:
        return Site.model_validate({} if value is None else value, extra="forbid")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidSpec(".".join(str(part) for part in ("site", *first["loc"])), first["msg"]) from None
